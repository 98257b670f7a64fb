"""Each mistake in a list is told with its line, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.errors import MalformedError
from hub_trust import reading
from hub_trust.content import Draft as ReadDraft
from hub_trust.content import DraftDomain, DraftOperator, assemble
from hub_trust.faults import Place
from hub_trust.reading import Files
from tests.plugins.trust.world import NOW, OPERATORS, Cast, Draft, run, verify

XML = Draft().xml().decode()
TOML = Draft().toml().decode()


def line_of(text: str, part: str) -> int:
    """Return the line on which a part stands."""
    return text[: text.index(part)].count("\n") + 1


def refused(cast: Cast, form: str, text: str) -> MalformedError:
    """Sign whatever it is, as an authority with other tools would, and return what the hub says."""
    from hub_trust import certificates, toml_signature, xml_signature  # noqa: PLC0415 - for this alone

    signer = cast.signers["ec"]
    key, chain = certificates.load_key(signer.key), certificates.load([signer.chain])
    place = Place(f"list.{form}")
    if form == "toml":
        data = text.encode()
        files = Files(data=data, jws=toml_signature.sign(data, key, chain), place=place)
    else:
        from lxml import etree  # noqa: PLC0415 - the same

        signed = xml_signature.sign(xml_signature.parse(text.encode(), place), key, chain)
        data = etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
        files = Files(data=data, place=place)
    with pytest.raises(MalformedError) as error:
        verify(files, cast.authority)
    assert error.value.words.en != error.value.words.fr
    return error.value


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("<operator name=", "<operateur/><operator name=", "schema", 3),
        ('name="Hautmont"', 'name="Hautmont" secret="yes"', "schema", 9),
        ('name="Hautmont"', "", "schema", 9),
        ('<domain name="chu.valbrume.example"/>', "<domain>chu.valbrume.example</domain>", "schema", 5),
        ('name="chu.valbrume.example"', 'name="chu valbrume"', "domain", 5),
        ('name="chu.valbrume.example"', 'name="hôpital..example"', "domain", 5),
        ('name="chu.valbrume.example"', 'name="hautmont.mssante.example"', "domain_twice", 10),
        ('name="chu.valbrume.example"', 'name="VALBRUME.mssante.example"', "domain_twice", 5),
        ('name="Hautmont"', 'name="Valbrume  Santé"', "operator_twice", 9),
        ('name="Hautmont"', 'name=" "', "operator_name", 9),
        ("<pin>dns:mx.valbrume.example</pin>", "<pin>mx.valbrume.example</pin>", "schema", 7),
        ("<pin>dns:mx.valbrume.example</pin>", "<pin>dns:-.valbrume.example</pin>", "pin", 7),
        ("<pin>sha256:ab", "<pin>sha256:a:", "pin", 6),
        ('sequence="7"', 'sequence="0"', "schema", 2),
        ('sequence="7"', 'sequence="seven"', "schema", 2),
        ('sequence="7"', f'sequence="{2**53 + 1}"', "schema", 2),
        ('list="mssante.example"', 'list="MSSanté"', "schema", 2),
        (f'issued="{Draft().issued:%Y-%m-%d}', 'issued="2026-02-30', "schema", 2),
        ('Z" nextUpdate', '+01:00" nextUpdate', "schema", 2),
        ("urn:caducee:trust-list:1", "urn:caducee:trust-list:2", "root", 2),
        ("</trustList>", "stray text</trustList>", "schema", 2),
        (
            "<operator name=",
            '<operator xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="false" name=',
            "schema",
            3,
        ),
    ],
)
def test_a_mistake_in_xml_is_told_with_its_line(cast: Cast, old: str, new: str, code: str, line: int) -> None:
    """The line is that of the file as it is, not of some canonical form."""
    assert old in XML
    text = XML.replace(old, new, 1)
    error = refused(cast, "xml", text)
    assert error.code == f"trust.{code}"
    assert error.fields["line"] == line
    assert f"list.xml, line {line}:" in error.words.en
    assert f"list.xml, ligne {line} :" in error.words.fr


ISSUED = f"issued = {Draft().issued:%Y-%m-%dT%H:%M:%SZ}"
"""Of this moment: no name of a test is made of it, as processes must collect the same names."""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("sequence = 7", "sequence = 0", "sequence"),
        ("sequence = 7", "sequence = true", "key"),
        ("sequence = 7", 'sequence = "7"', "key"),
        ("sequence = 7", "sequence = 9007199254740993", "sequence"),
        ("sequence = 7\n", "\n", "key"),
        ("caducee-trust-list-1", "caducee-trust-list-2", "key"),
        ('list = "mssante.example"', 'list = "MSSanté"', "list_name"),
        pytest.param(ISSUED, "issued = 2026-02-01T00:00:00", "key", id="no zone"),
        pytest.param(ISSUED, "issued = 2026-02-30T00:00:00Z", "toml", id="no such day"),
        pytest.param(ISSUED, "issued = 0001-01-01T00:00:00+10:00", "key", id="before all years"),
        ('"chu.valbrume.example"', '"chu valbrume"', "domain"),
        ('"chu.valbrume.example"', "7", "key"),
        ('"chu.valbrume.example"', '{ name = "chu.valbrume.example", since = 1 }', "key"),
        ('"chu.valbrume.example"', '"hautmont.mssante.example"', "domain_twice"),
        ('"chu.valbrume.example"', '{ name = "hautmont.mssante.example" }', "domain_twice"),
        ('name = "Hautmont"', 'name = "Valbrume Santé"', "operator_twice"),
        ('name = "Hautmont"', 'name = "\\u0007"', "operator_name"),
        ('name = "Hautmont"', 'name = "Hautmont"\nnote = "x"', "key"),
        ('"dns:mx.valbrume.example"', '"mx.valbrume.example"', "pin"),
        ('"dns:mx.valbrume.example"', "1", "key"),
        ("[[operators]]", "[[operateurs]]", "key"),
        ("domains = [", "domains = [[", "toml"),
    ],
)
def test_a_mistake_in_toml_is_told_with_its_line(cast: Cast, old: str, new: str, code: str) -> None:
    """Key by key, and for a domain or a pin the line on which that one stands."""
    assert old in TOML
    text = TOML.replace(old, new, 1)
    error = refused(cast, "toml", text)
    assert error.code == f"trust.{code}"
    if code in {"domain", "domain_twice", "pin"}:
        where = "hautmont.mssante.example" if code == "domain_twice" else new.strip('"')
        lines = [number for number, line in enumerate(text.splitlines(), 1) if where in line]
        assert error.fields["line"] in lines


def test_a_domain_that_stands_twice_is_named_with_both_owners(cast: Cast, form: str) -> None:
    """Whoever keeps the list sees at once whose it is."""
    twice = [*OPERATORS, {"name": "Third", "pins": [], "domains": [("chu.valbrume.example", None)]}]
    draft = replace(Draft(), operators=twice)
    error = refused(cast, form, draft.written(form).decode())
    for words in (error.words.en, error.words.fr):
        assert "chu.valbrume.example" in words
        assert "Third" in words
        assert "Valbrume Santé" in words
    first = line_of(draft.written(form).decode(), "chu.valbrume.example")
    assert f"line {first}" in error.words.en


def test_dates_that_contradict_each_other_are_told(cast: Cast, form: str) -> None:
    """A next update before the issue, a withdrawal before the admission."""
    for draft in (
        replace(Draft(), next_update=Draft().issued),
        replace(
            Draft(),
            operators=[{"name": "A", "pins": [], "domains": [("a.example", NOW - timedelta(days=400))]}],
        ),
    ):
        assert refused(cast, form, draft.written(form).decode()).code == "trust.dates"


def test_pins_are_read_as_openssl_prints_them(cast: Cast, form: str) -> None:
    """Capitals, and colons between bytes."""
    printed = run(
        cast.papers.openssl, "x509", "-in", str(cast.tls.certificate), "-noout", "-fingerprint", "-sha256"
    )
    digest = printed.decode().strip().partition("=")[2]
    operator = {"name": "A", "pins": [f"sha256:{digest}"], "domains": [("a.example", None)]}
    opened = verify(replace(Draft(), operators=[operator]).signed(form, cast.signers["ec"]), cast.authority)
    (domain,) = opened.content.domains
    assert domain.pins == {f"sha256:{digest.replace(':', '').lower()}"}


def test_domains_are_read_as_addresses_are(cast: Cast, form: str) -> None:
    """Capitals and accents come to the one form that mailboxes have."""
    operator = {"name": "A", "pins": [], "domains": [("Hôpital.EXAMPLE", None)]}
    opened = verify(replace(Draft(), operators=[operator]).signed(form, cast.signers["ec"]), cast.authority)
    assert [one.name for one in opened.content.domains] == ["xn--hpital-ixa.example"]


def test_both_forms_say_the_same(cast: Cast) -> None:
    """A list may change its form from one day to the next."""
    lists = [
        verify(Draft().signed(form, cast.signers["ec"]), cast.authority).content for form in ("xml", "toml")
    ]
    assert lists[0] == lists[1]


def test_another_schema_can_be_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the real one is known, it is one function from the verified element to a draft."""
    own = b'<liste xmlns="urn:example:liste" num="3"><domaine>a.example</domaine></liste>'

    def read(root: object, line_of: object, place: Place) -> ReadDraft:
        texts = [one.text for one in root]  # type: ignore[attr-defined]
        return ReadDraft(
            name="elsewhere",
            sequence=int(root.attrib["num"]),  # type: ignore[attr-defined]
            issued=NOW,
            next_update=NOW + timedelta(days=1),
            operators=(
                DraftOperator(
                    name="A",
                    line=1,
                    admitted=NOW,
                    withdrawn=None,
                    pins=(),
                    domains=tuple(DraftDomain(text=one, line=1) for one in texts if one.strip()),
                ),
            ),
        )

    monkeypatch.setitem(reading.SCHEMAS, "{urn:example:liste}liste", read)
    from hub_trust import certificates, signing  # noqa: PLC0415 - for this alone

    signer = cast.signers["rsa"]
    made = signing.sign(
        Files(data=own, place=Place("list.xml")),
        signing.Changes(),
        certificates.load_key(signer.key),
        certificates.load([signer.chain]),
    )
    opened = verify(Files(data=made.data, place=Place("list.xml")), cast.authority)
    assert (opened.content.sequence, [one.name for one in opened.content.domains]) == (3, ["a.example"])


def test_a_list_of_nobody_is_none() -> None:
    """An empty list would put everybody out: it is taken for a mistake."""
    empty = ReadDraft(name="a", sequence=1, issued=NOW, next_update=NOW + timedelta(days=1), operators=())
    with pytest.raises(MalformedError) as error:
        assemble(empty, Place("list"))
    assert error.value.code == "trust.empty"
