"""The resources around one address → what is known of its mailbox → a directory entry.

One address may hang on several resources: on a practitioner and on activities of theirs, or on every
practitioner of a practice. Where they contradict each other the stricter reading counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.ports.directory import Coded, Entry, MailboxKind, Standing
from hub_annuaire import names
from hub_annuaire.fhir import records, standing
from hub_annuaire.fhir.records import Box, Record, Tenure
from hub_annuaire.fhir.standing import Bearer
from hub_annuaire.fhir.vocabulary import MAILBOX_KINDS, Kind
from hub_annuaire.looking.index import Shown

_ORDER: Final = {one: place for place, one in enumerate(MAILBOX_KINDS.values())}
_LAST: Final = 2**31


@dataclass(slots=True)
class Web:
    """Resources that hang together, each once; to be asked by id."""

    records: dict[tuple[Kind, str], Record] = field(default_factory=dict)

    def add(self, more: Iterable[Record]) -> None:
        """Put resources in; a later one replaces an earlier."""
        for one in more:
            self.records[one.kind, one.id] = one

    def get(self, kind: Kind, id_: str) -> Record | None:
        """Return a resource, or None."""
        return self.records.get((kind, id_))

    def of(self, kind: Kind) -> list[Record]:
        """Return all of one kind, in the order of ids."""
        return sorted((one for one in self.records.values() if one.kind is kind), key=lambda one: one.id)

    def carriers(self, key: str) -> list[Record]:
        """Return the resources on which an address hangs, the most general first."""
        found = [one for one in self.records.values() if any(box.key == key for box in one.boxes)]
        order = (Kind.PRACTITIONER, Kind.ORGANIZATION, Kind.ROLE)
        return sorted(found, key=lambda one: (order.index(one.kind), one.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """A mailbox and its bearers, as a version has them; the standing depends on the day one asks."""

    address: str
    mailbox: MailboxKind
    name: str
    identifiers: tuple[Identifier, ...]
    bearers: tuple[Bearer, ...]
    answers_for: str = ""
    profession: Coded | None = None
    specialties: tuple[Coded, ...] = ()
    structure: str = ""
    service: str = ""
    town: str = ""
    postcode: str = ""
    rank: int | None = None
    unlisted: bool = False

    @property
    def key(self) -> str:
        """`Address.key`."""
        return Address.parse(self.address).key


def bearing(key: str, web: Web) -> Bearing | None:
    """Put together what `web` has of an address; None when nobody bears it."""
    carriers = web.carriers(key)
    boxes = [(one, box) for one in carriers for box in one.boxes if box.key == key]
    if not boxes:
        return None
    mailbox = min((box.mailbox for _, box in boxes), key=_ORDER.__getitem__)
    chosen = [(one, box) for one, box in boxes if box.mailbox is mailbox]
    if mailbox in {MailboxKind.PERSONAL, MailboxKind.PRACTICE}:
        return _of_people(mailbox, chosen, web)
    return _of_structures(mailbox, chosen)


def entry(one: Bearing, source: str, today: date, certificates: tuple[bytes, ...] = ()) -> Entry:
    """Say it as the hub's directory does."""
    verdict = standing.of_mailbox(one.mailbox, one.bearers, today)
    return Entry(
        address=Address.parse(one.address),
        mailbox=one.mailbox,
        name=one.name,
        identifiers=one.identifiers,
        standing=verdict.standing,
        source=source,
        since=verdict.since,
        until=verdict.until,
        certificates=certificates,
        answers_for=one.answers_for,
        profession=one.profession,
        specialties=one.specialties,
        structure=one.structure,
        service=one.service,
        town=one.town,
        rank=one.rank,
        unlisted=one.unlisted,
    )


def preferred(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return a bearer's mailboxes in order: those that are open, by their rank, the personal first."""
    return tuple(
        sorted(
            entries,
            key=lambda one: (
                one.standing is not Standing.ACTIVE,
                one.rank or _LAST,
                _ORDER[one.mailbox],
                one.address.key,
            ),
        )
    )


def shown(one: Bearing, today: date) -> Shown | None:
    """Return what of a mailbox may be searched; None when it is unlisted or not open."""
    if one.unlisted or standing.of_mailbox(one.mailbox, one.bearers, today).standing is not Standing.ACTIVE:
        return None
    return Shown(
        key=one.key,
        address=one.address,
        name=one.name,
        mailbox=one.mailbox,
        profession=one.profession.label if one.profession else "",
        specialties=" ".join(coded.label for coded in one.specialties),
        structure=one.structure,
        service=one.service,
        town=one.town,
        postcode=one.postcode,
    )


def _of_people(mailbox: MailboxKind, chosen: Sequence[tuple[Record, Box]], web: Web) -> Bearing:
    carriers: dict[str, list[Record]] = {}
    for carrier, _ in chosen:
        person = carrier.practitioner if carrier.kind is Kind.ROLE else carrier.id
        carriers.setdefault(person, []).append(carrier)
    people = [web.get(Kind.PRACTITIONER, id_) for id_ in carriers]
    roles = {id_: [one for one in web.of(Kind.ROLE) if one.practitioner == id_] for id_ in carriers}
    bearers = tuple(
        Bearer(
            tenure=_tenure(person, roles[id_]),
            own=any(one.kind is not Kind.ROLE for one in borne),
            posts=tuple(one.tenure for one in borne if one.kind is Kind.ROLE),
        )
        for (id_, borne), person in zip(carriers.items(), people, strict=True)
    )
    known = [one for one in people if one is not None]
    # the activity on which the mailbox hangs says where they work; failing that, one that goes on does
    posts = [one for one, _ in chosen if one.kind is Kind.ROLE] or [
        one for some in roles.values() for one in some if one.tenure.active and one.tenure.ended is None
    ]
    structures = [web.get(Kind.ORGANIZATION, one.organization) for one in posts if one.organization]
    structure = next((one for one in structures if one is not None), None)
    by_role = [one for some in roles.values() for one in some]
    first, box = chosen[0]
    who = [one.name for one in known if one.name] or [one.name for one in by_role if one.name]
    name = who[0] if who else ""
    if mailbox is MailboxKind.PRACTICE:
        name = box.description or (structure.name if structure is not None else "") or name
    specialties = [coded for one in (*known, *by_role) for coded in one.specialties]
    professions = [one.profession for one in (*known, *by_role) if one.profession is not None]
    return Bearing(
        address=box.address,
        mailbox=mailbox,
        name=name or box.address,
        identifiers=tuple(dict.fromkeys(one for person in known for one in person.identifiers)),
        bearers=bearers,
        answers_for=_first(box.responsible for _, box in chosen),
        profession=professions[0] if professions else None,
        specialties=tuple(dict.fromkeys(specialties)),
        structure=structure.name if structure is not None else "",
        service=_first(box.service for _, box in chosen),
        town=structure.town if structure is not None else first.town,
        postcode=structure.postcode if structure is not None else first.postcode,
        rank=min((box.rank for _, box in chosen if box.rank), default=None),
        unlisted=any(box.unlisted for _, box in chosen),
    )


def _of_structures(mailbox: MailboxKind, chosen: Sequence[tuple[Record, Box]]) -> Bearing:
    first, box = chosen[0]
    service = _first(box.service for _, box in chosen)
    name = names.with_service(first.name, service or box.description)
    return Bearing(
        address=box.address,
        mailbox=mailbox,
        name=name or box.address,
        identifiers=tuple(dict.fromkeys(one for carrier, _ in chosen for one in carrier.identifiers)),
        bearers=tuple(Bearer(tenure=carrier.tenure, own=True) for carrier, _ in chosen),
        answers_for=_first(box.responsible for _, box in chosen),
        structure=first.name,
        service=service,
        town=first.town,
        postcode=first.postcode,
        rank=min((box.rank for _, box in chosen if box.rank), default=None),
        unlisted=any(box.unlisted for _, box in chosen),
    )


def _tenure(person: Record | None, roles: Sequence[Record]) -> Tenure:
    """Return a person's own tenure, which a death that only an activity tells of ends too."""
    own = Tenure() if person is None else person.tenure
    deaths = [one.tenure.ended for one in roles if one.tenure.died and one.tenure.ended is not None]
    return replace(own, died=True, ended=min(deaths)) if deaths else own


def _first(texts: Iterable[str]) -> str:
    return next((one for one in texts if one), "")


def to_text(one: Bearing) -> str:
    """Write it as a database holds it; equal ones give equal texts."""
    return records.to_json(
        [
            one.address,
            one.mailbox.value,
            one.name,
            [[identifier.system, identifier.value] for identifier in one.identifiers],
            [
                [records.tenure_row(some.tenure), some.own, [records.tenure_row(post) for post in some.posts]]
                for some in one.bearers
            ],
            one.answers_for,
            records.coded_row(one.profession),
            [records.coded_row(coded) for coded in one.specialties],
            one.structure,
            one.service,
            one.town,
            one.postcode,
            one.rank,
            one.unlisted,
        ]
    )


def of_text(text: str) -> Bearing:
    """Read it back. Raises ValueError and LookupError for what `to_text` did not write."""
    address, mailbox, name, identifiers, bearers, answers_for, profession, specialties, *rest = json.loads(
        text
    )
    structure, service, town, postcode, rank, unlisted = rest
    return Bearing(
        address=address,
        mailbox=MailboxKind(mailbox),
        name=name,
        identifiers=tuple(Identifier(*one) for one in identifiers),
        bearers=tuple(
            Bearer(
                tenure=records.tenure_of(tenure),
                own=own,
                posts=tuple(records.tenure_of(one) for one in posts),
            )
            for tenure, own, posts in bearers
        ),
        answers_for=answers_for,
        profession=records.coded_of(profession),
        specialties=tuple(Coded(*one) for one in specialties),
        structure=structure,
        service=service,
        town=town,
        postcode=postcode,
        rank=rank,
        unlisted=unlisted,
    )
