"""A prescription's states and the one table of allowed moves; what asking to cancel it may give.

The same words for every country. What a service calls its own states is its adapter's to translate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from hub.domain.party import Identifier


class PrescriptionState(StrEnum):
    """Where a prescription stands at its service.

    `rejected`: the service refused to issue it. A pharmacy that gives one back makes it `active` again.
    `unknown`: the service says something that the hub can't place, or nothing.
    """

    DRAFT = "draft"
    SIGNED = "signed"
    ACTIVE = "active"
    CLAIMED = "claimed"
    PARTLY_DISPENSED = "partly-dispensed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return not MOVES[self]

    @property
    def issued(self) -> bool:
        """Whether the service has taken it, whatever became of it."""
        return self in _ISSUED


_S = PrescriptionState
_ISSUED: Final = frozenset(
    {_S.ACTIVE, _S.CLAIMED, _S.PARTLY_DISPENSED, _S.COMPLETED, _S.CANCELLED, _S.EXPIRED}
)
_AT_WORK: Final = frozenset(
    {_S.CLAIMED, _S.PARTLY_DISPENSED, _S.COMPLETED, _S.CANCELLED, _S.EXPIRED, _S.UNKNOWN}
)

MOVES: Final[dict[PrescriptionState, frozenset[PrescriptionState]]] = {
    # A draft may get a new number; signed bytes whose day is over are signed anew under one.
    _S.DRAFT: frozenset({_S.DRAFT, _S.SIGNED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED}),
    _S.SIGNED: frozenset({_S.DRAFT, _S.ACTIVE, _S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.UNKNOWN}),
    # Who only looks now and then does not see every step.
    _S.ACTIVE: _AT_WORK,
    _S.CLAIMED: _AT_WORK - {_S.CLAIMED} | {_S.ACTIVE},
    _S.PARTLY_DISPENSED: _AT_WORK | {_S.ACTIVE},
    _S.COMPLETED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.UNKNOWN: frozenset(_S) - {_S.UNKNOWN, _S.DRAFT, _S.SIGNED},
}


def may_move(old: PrescriptionState, new: PrescriptionState) -> bool:
    """Whether the table allows this move."""
    return new in MOVES[old]


class Handing(StrEnum):
    """In what form a prescription is handed over: the token, the signed document, or the printed sheet."""

    TOKEN = "token"  # noqa: S105 -- a word, no secret
    DOCUMENT = "document"
    PRINT = "print"


class CancelResult(StrEnum):
    """What a service says when it is asked to cancel."""

    CANCELLED = "cancelled"
    ALREADY_CANCELLED = "already-cancelled"
    WITH_DISPENSER = "with-dispenser"
    """Not cancelled: a pharmacy holds it. Some services cancel it when the pharmacy gives it back."""
    DISPENSED = "dispensed"
    OTHER_PRESCRIBER = "other-prescriber"
    EXPIRED = "expired"
    NOT_FOUND = "not-found"
    NOT_SUPPORTED = "not-supported"
    INVALID = "invalid"

    @property
    def done(self) -> bool:
        """Whether the prescription is cancelled now."""
        return self in {CancelResult.CANCELLED, CancelResult.ALREADY_CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Medicine:
    """One line of a prescription: a medicine, or a device. Texts as the prescriber wrote them.

    `system` is the URI of the code's system (CIP, PZN, SNOMED …). `substitution` is None when not said.
    """

    name: str
    code: str | None = None
    system: str | None = None
    form: str = ""
    dosage: str = ""
    quantity: str = ""
    substitution: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrescriptionView:
    """What people read of a prescription. A view beside the signed bytes, which alone count.

    `number` is the one that stands in the document; None before the service gave one.
    """

    number: str | None
    authored_on: date | None
    valid_until: date | None
    patient: str
    patient_identifiers: tuple[Identifier, ...]
    born: date | None
    prescriber: str
    prescriber_identifiers: tuple[Identifier, ...]
    organisation: str
    medicines: tuple[Medicine, ...]
