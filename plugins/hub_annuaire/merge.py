"""Lines of one mailbox → the mailbox, with the standing of its bearers.

Where valid lines contradict each other the stricter reading counts: one line of type `PER` makes a
mailbox personal, and a personal mailbox is open only when each of its bearers may practise. The order
of the lines in the file decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub_annuaire import names, standing
from hub_annuaire.identifiers import PERSON_PREFIX, STRUCTURE_PREFIX, spelt
from hub_annuaire.mailboxes import TYPES
from hub_annuaire.persons import Persons

LINE: Final = (
    "type, paperless, address, person, structure, name, place, service, profession, specialty, town, postcode"
)
"""The columns of `listing` that a mailbox is made of, in the order by which its lines are sorted."""
GONE: Final = 1 << 50
"""Added to the preference of a mailbox that is no longer in the extraction."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of `listing`."""

    type: str
    paperless: int
    address: str
    person: str
    structure: str
    name: str
    place: str
    service: str
    profession: int
    specialty: int
    town: str
    postcode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A row of the table `mailbox`, but for `opened`; the fields are in the order of its columns."""

    key: str
    address: str
    type: str
    name: str
    identifiers: str
    verdicts: str
    listed: int
    preference: int
    profession: int
    specialties: str
    structure: str
    service: str
    town: str
    postcode: str
    answers: str


def merged(key: str, lines: Sequence[Line], persons: Persons) -> Mailbox:
    """Make a mailbox of its lines, one at least. Raises sqlite3.Error."""
    if len(lines) > 1:
        lines = sorted(lines, key=_content)
    first = lines[0]
    type_ = first.type
    bearers = _distinct(one.person for one in lines) if type_ in {"PER", "CAB"} else []
    structures = _distinct(one.structure for one in lines) if type_ != "PER" else []
    service = first.service if all(one.service == first.service for one in lines) else ""
    structure = next((one.place for one in lines if one.place), "")
    name = first.name if type_ == "PER" else names.with_service(first.name, service)
    verdicts = standing.of_mailbox(type_, [persons.verdicts(one) for one in bearers])
    profession, specialties = _trade(lines, bearers if type_ == "PER" else [], persons)
    return Mailbox(
        key=key,
        address=first.address,
        type=type_,
        name=name or first.address,
        identifiers="\n".join(
            [PERSON_PREFIX + one for one in bearers] + [STRUCTURE_PREFIX + one for one in structures]
        ),
        verdicts=standing.written(verdicts),
        listed=1,
        preference=TYPES.index(type_) << 42
        | (type_ != "PER" and bool(service)) << 41
        | min(one.paperless for one in lines) << 40,
        profession=profession,
        specialties=" ".join(map(str, specialties)),
        structure=structure,
        service=service,
        town=next((one.town for one in lines if one.town), ""),
        postcode=next((one.postcode for one in lines if one.postcode), ""),
        answers="" if type_ == "PER" else _answers(structure, structures, bearers, persons),
    )


def _content(line: Line) -> tuple[str | int, ...]:
    return (
        TYPES.index(line.type), line.paperless, line.address, line.person, line.structure, line.name,
        line.place, line.service, line.profession, line.specialty, line.town, line.postcode,
    )  # fmt: skip


def _trade(lines: Sequence[Line], bearers: Iterable[str], persons: Persons) -> tuple[int, list[int]]:
    """Return profession and specialties: the lines' own, then what is known of the bearers."""
    professions = [one.profession for one in lines if one.profession]
    specialties = [one.specialty for one in lines if one.specialty]
    for bearer in bearers:
        works = persons.works(bearer)
        professions += [one.profession for one in works if one.profession]
        specialties += [one.specialty for one in works if one.specialty]
        specialties += persons.specialties(bearer)
    return (professions[0] if professions else 0), list(dict.fromkeys(specialties))


def _answers(structure: str, structures: Sequence[str], bearers: Sequence[str], persons: Persons) -> str:
    """Say who is responsible for a mailbox that is not personal; empty when nobody is known."""
    numbers = ", ".join(spelt(one) for one in structures)
    if structure or numbers:
        return f"{structure} ({numbers})" if structure and numbers else structure or numbers
    found = [names.readable(work.name) for one in bearers for work in persons.works(one)[:1]]
    return ", ".join(found)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one for one in values if one))
