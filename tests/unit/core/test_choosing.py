"""Which of several mailboxes is written to, and when the sender has to say."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.choosing import Preference, of_bearer, of_description
from hub.domain.outcome import Refused
from hub.domain.party import RPPS, Identifier
from hub.domain.target import Description
from hub.ports.directory import Coded, Entry, MailboxKind, Standing
from hub.testing.fakes import entry

ME = Identifier(RPPS, "899900000017")
OTHER = Identifier(RPPS, "899900000025")
SOUGHT = Description(name="Dupont")
ORG = MailboxKind.ORGANISATIONAL


def box(address: str, **fields: Any) -> Entry:
    """Make a mailbox of mine."""
    return entry(address, **({"identifiers": [ME]} | fields))


def chosen(*entries: Entry, **preference: Any) -> str:
    """Return the address that is chosen, or the code of the refusal."""
    answer = of_bearer(entries, Preference(**preference), "899900000017")
    return answer.code if isinstance(answer, Refused) else str(answer.address)


def test_a_personal_mailbox_comes_before_shared_ones() -> None:
    """By default; and the configuration may say otherwise."""
    boxes = (box("cab@a.example", mailbox=MailboxKind.PRACTICE), box("me@a.example"))
    assert chosen(*boxes) == "me@a.example"
    assert chosen(*boxes, kinds=(MailboxKind.PRACTICE,)) == "cab@a.example"


def test_a_preferred_domain_comes_first_then_the_bearers_own_order() -> None:
    """Rank 1 is the bearer's first."""
    boxes = (box("a@a.example", rank=2), box("b@b.example", rank=1), box("c@c.example"))
    assert chosen(*boxes) == "b@b.example"
    assert chosen(*boxes, domains=("c.example",)) == "c@c.example"


def test_a_mailbox_that_is_open_comes_before_one_that_is_not() -> None:
    """Whatever the preference; with none open, the first says why."""
    closed = box("a@a.example", rank=1, standing=Standing.CEASED)
    assert chosen(closed, box("b@b.example", rank=9)) == "b@b.example"
    assert chosen(closed) == "a@a.example"


def test_equal_mailboxes_of_one_person_are_no_question() -> None:
    """Whichever is taken, the same person reads it; and it is always the same one."""
    assert chosen(box("a@a.example"), box("b@b.example")) == "a@a.example"


def test_equal_mailboxes_of_a_structure_are() -> None:
    """Different people read them, so the sender says which; a general one stands for the structure."""
    surgery = box("chir@a.example", mailbox=ORG, service="Chirurgie")
    oncology = box("onco@a.example", mailbox=ORG, service="Oncologie")
    general = box("contact@a.example", mailbox=ORG)
    assert chosen(surgery) == "chir@a.example"
    assert chosen(surgery, oncology) == "recipient.ambiguous"
    assert chosen(surgery, general, oncology) == "contact@a.example"
    assert chosen(general, box("info@a.example", mailbox=ORG)) == "recipient.ambiguous"


def test_a_description_of_several_people_is_refused_with_the_candidates() -> None:
    """Each with what tells them apart; an unlisted one is not shown."""
    cardio = box(
        "dupont@a.example", name="Dr Anne DUPONT", town="Lyon", specialties=(Coded("SM04", "Cardiologie"),)
    )
    other = box(
        "dupont@b.example", name="Dr Luc DUPONT", identifiers=[OTHER], profession=Coded("10", "Médecin")
    )
    hidden = box("dupont@c.example", identifiers=[Identifier(RPPS, "899900000033")], unlisted=True)
    answer = of_description([cardio, other, hidden], Preference(), SOUGHT)
    assert isinstance(answer, Refused)
    assert answer.code == "recipient.ambiguous"
    assert (
        "Dr Anne DUPONT (Cardiologie, Lyon) <dupont@a.example>; Dr Luc DUPONT (Médecin)" in answer.reason.en
    )
    assert "« Dupont »" in answer.reason.fr
    assert "c.example" not in answer.reason.en


def test_a_description_of_one_person_finds_their_preferred_mailbox() -> None:
    """Several mailboxes of one bearer are no ambiguity."""
    answer = of_description([box("b@b.example"), box("a@a.example", rank=1)], Preference(), SOUGHT)
    assert isinstance(answer, Entry)
    assert str(answer.address) == "a@a.example"


def test_a_description_of_nobody_says_what_to_do() -> None:
    """And is no error of the directory's."""
    answer = of_description([], Preference(), SOUGHT)
    assert isinstance(answer, Refused)
    assert answer.code == "recipient.nobody"


@pytest.mark.parametrize("count", [11, 40])
def test_many_candidates_are_not_all_spelt_out(count: int) -> None:
    """The answer stays of a size that a person reads."""
    many = [box(f"d{n}@a.example", identifiers=[Identifier(RPPS, str(n))]) for n in range(count)]
    answer = of_description(many, Preference(), SOUGHT)
    assert isinstance(answer, Refused)
    assert answer.reason.en.count("<d") == 10
    assert answer.reason.en.endswith(" ….")
