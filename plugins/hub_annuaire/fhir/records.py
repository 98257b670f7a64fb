"""What the hub keeps of one resource, and its form in a database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.domain.party import Identifier
from hub.ports.directory import Coded, MailboxKind
from hub_annuaire.fhir.vocabulary import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A mailbox as one resource bears it. `key` is `Address.key`."""

    address: str
    key: str
    mailbox: MailboxKind
    rank: int | None = None
    unlisted: bool = False
    service: str = ""
    description: str = ""
    responsible: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """What a resource says of whether it still holds.

    `ended` is the first day on which it no longer does. `died`: it ended because its bearer died.
    `unregistered`: a practitioner who is not registered with their Order.
    """

    active: bool | None = None
    ended: date | None = None
    died: bool = False
    unregistered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One Practitioner, PractitionerRole or Organization. `practitioner` and `organization` are ids."""

    kind: Kind
    id: str
    tenure: Tenure = Tenure()
    name: str = ""
    identifiers: tuple[Identifier, ...] = ()
    profession: Coded | None = None
    specialties: tuple[Coded, ...] = ()
    practitioner: str = ""
    organization: str = ""
    town: str = ""
    postcode: str = ""
    boxes: tuple[Box, ...] = ()


def to_text(record: Record) -> str:
    """Write a record as a database holds it; equal records give equal texts."""
    tenure = record.tenure
    return to_json(
        [
            record.kind.value,
            record.id,
            tenure_row(tenure),
            record.name,
            [[one.system, one.value] for one in record.identifiers],
            coded_row(record.profession),
            [coded_row(one) for one in record.specialties],
            record.practitioner,
            record.organization,
            record.town,
            record.postcode,
            [
                [
                    one.address, one.key, one.mailbox.value, one.rank, one.unlisted,
                    one.service, one.description, one.responsible,
                ]
                for one in record.boxes
            ],
        ]
    )  # fmt: skip


def of_text(text: str) -> Record:
    """Read it back."""
    kind, id_, tenure, name, identifiers, profession, specialties, practitioner, structure, *rest = (
        json.loads(text)
    )
    town, postcode, boxes = rest
    return Record(
        kind=Kind(kind),
        id=id_,
        tenure=tenure_of(tenure),
        name=name,
        identifiers=tuple(Identifier(*one) for one in identifiers),
        profession=coded_of(profession),
        specialties=tuple(Coded(*one) for one in specialties),
        practitioner=practitioner,
        organization=structure,
        town=town,
        postcode=postcode,
        boxes=tuple(
            Box(
                address=address,
                key=key,
                mailbox=MailboxKind(mailbox),
                rank=rank,
                unlisted=unlisted,
                service=service,
                description=described,
                responsible=responsible,
            )
            for address, key, mailbox, rank, unlisted, service, described, responsible in boxes
        ),
    )


def to_json(value: Any) -> str:
    """Write compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tenure_row(tenure: Tenure) -> list[Any]:
    """Return a tenure as JSON holds it."""
    ended = tenure.ended.isoformat() if tenure.ended else None
    return [tenure.active, ended, tenure.died, tenure.unregistered]


def tenure_of(row: list[Any]) -> Tenure:
    """Read it back."""
    active, ended, died, unregistered = row
    return Tenure(
        active=active,
        ended=date.fromisoformat(ended) if ended else None,
        died=died,
        unregistered=unregistered,
    )


def coded_row(coded: Coded | None) -> list[str] | None:
    """Return a code as JSON holds it."""
    return [coded.code, coded.label] if coded else None


def coded_of(row: list[str] | None) -> Coded | None:
    """Read it back."""
    return Coded(*row) if row else None
