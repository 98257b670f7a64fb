"""Addresses are parsed strictly, by one function."""

from __future__ import annotations

import pytest

from hub.domain.address import Address
from hub.errors import MalformedError


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("jean.dupont@medecin.mssante.fr", "jean.dupont@medecin.mssante.fr"),
        ("Jean.DUPONT@Medecin.MSSante.FR", "Jean.DUPONT@medecin.mssante.fr"),
        ("andré@hôpital.example", "andré@xn--hpital-ixa.example"),
        ("andre\u0301@a.example", "andr\u00e9@a.example"),
        ("a+b_c@x.example", "a+b_c@x.example"),
    ],
)
def test_an_address_has_one_normal_form(text: str, normal: str) -> None:
    """And parsing it again changes nothing."""
    assert str(Address.parse(text)) == normal
    assert str(Address.parse(normal)) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b.fr",
        "a@",
        "a@b",
        "a@b..fr",
        "a..b@c.fr",
        ".a@c.fr",
        "a@-b.fr",
        "a b@c.fr",
        '"a b"@c.fr',
        "a@[127.0.0.1]",
        "<a@b.fr>",
        "A <a@b.fr>",
        "a@evil.com)bob@good.com",
        "a@b.fr,c@d.fr",
        "a@b.fr\r\nRCPT TO:<x@y.fr>",
        "a\u2028@b.fr",
        "a\u200b@b.fr",
        "a" * 65 + "@b.fr",
        "a@" + "b" * 64 + ".fr",
        "a@straße.example",
        "a@ｃabinet.example",
    ],
)
def test_anything_else_is_refused_with_the_right_form(text: str) -> None:
    """Quoted, commented, injected, over-long: one error that says how to write it."""
    with pytest.raises(MalformedError) as caught:
        Address.parse(text)
    assert caught.value.words.fr.startswith("Une adresse s'écrit nom@domaine")


@pytest.mark.parametrize(("one", "other"), [("groß", "gross"), ("ſam", "sam"), ("ﬁn", "fin"), ("ı", "i")])
def test_letters_that_only_resemble_are_two_mailboxes(one: str, other: str) -> None:
    """Nothing meant for one reaches the other."""
    assert Address.parse(f"{one}@a.example").key != Address.parse(f"{other}@a.example").key


def test_two_spellings_of_a_mailbox_have_one_key() -> None:
    """Directories index by it."""
    assert Address.parse("A.B@c.fr").key == Address.parse("a.b@C.FR").key


def test_a_masked_address_hides_its_bearer() -> None:
    """A patient's mailbox begins with a national number."""
    assert Address.parse("279035121518989@patient.example").masked == "2…@patient.example"
