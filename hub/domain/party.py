"""Who sends and who receives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.domain.address import Address
from hub.domain.ids import OperatorName

RPPS = "urn:oid:1.2.250.1.71.4.2.1"
"""National identifiers of professionals; the value carries its type digit: `8` then the RPPS."""
FINESS = "urn:oid:1.2.250.1.71.4.2.2"
"""National identifiers of structures; the value carries its type digit: `1` then the FINESS number."""
INS_NIR = "urn:oid:1.2.250.1.213.1.4.8"
"""Patients' national health identity (INS), from the NIR; the value is 13 signs and the key."""
INS_NIA = "urn:oid:1.2.250.1.213.1.4.9"
"""The same, from a NIA (who waits for a NIR)."""
INS_TEST = "urn:oid:1.2.250.1.213.1.4.10"
"""The same, for tests."""


class PartyKind(StrEnum):
    """What stands behind a mailbox."""

    PERSON = "person"
    ORGANISATION = "organisation"
    APPLICATION = "application"
    PATIENT = "patient"


class Role(StrEnum):
    """How a recipient is addressed. Blind copies are envelopes of their own."""

    TO = "to"
    CC = "cc"


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A value and the system that issued it, as a URI (`urn:oid:…` for an OID)."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A sender or a recipient as the directory knows them. `role` is a recipient's only."""

    kind: PartyKind
    name: str
    address: Address
    identifiers: tuple[Identifier, ...] = ()
    operator: OperatorName | None = None
    role: Role | None = None
