"""What became of one attempt to deliver to one recipient: a value, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hub.errors import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The operator has taken responsibility; `receipt` is its answer, verbatim."""

    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Nothing was taken; try later, not before `retry_after` when the operator said so.

    `operator_failed` says that the operator itself did not work, whoever the recipient: such
    failures open its circuit breaker.
    """

    code: str
    reason: Words
    retry_after: timedelta | None = None
    operator_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It will never work as it is. `code` is stable, such as `recipient.unknown`.

    `source` names what decided, when it was a version of a directory or of the space of trust.
    """

    code: str
    reason: Words
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """Bytes left and no answer came. Resolved by asking the operator, never by sending again blindly."""

    code: str
    reason: Words


Outcome = Delivered | Deferred | Refused | Uncertain
