"""Looking at what the hub holds: how a message fares, and its sealed envelope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.domain.delivery import State
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.domain.party import Party
from hub.errors import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """How one delivery fares. `code` and `reason` are those of its last outcome."""

    id: DeliveryId
    recipient: Party
    operator: OperatorName
    state: State
    attempts: int
    due_at: datetime | None
    code: str | None = None
    reason: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a message's timeline. `detail` is what the other side said, verbatim."""

    at: datetime
    event: str
    delivery: DeliveryId | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A message, its deliveries and its timeline, the oldest step first."""

    sealed: SealedEnvelope
    peer: str
    deliveries: Sequence[DeliveryReport]
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One open delivery in the queue, by ids and codes only."""

    id: DeliveryId
    envelope: EnvelopeId
    operator: OperatorName
    state: State
    attempts: int
    accepted_at: datetime
    due_at: datetime | None
    code: str | None = None


class Records(Protocol):
    """Read-only look into the store."""

    async def waiting(
        self, *, operator: OperatorName | None = None, state: State | None = None, limit: int = 100
    ) -> Sequence[Waiting]:
        """Return open deliveries, the oldest first. Raises StoreError."""
        ...

    async def envelope_of(self, delivery: DeliveryId) -> EnvelopeId | None:
        """Return the envelope that a delivery belongs to."""
        ...

    async def report(self, envelope: EnvelopeId) -> Report | None:
        """Return all that is known of a message, or None when there is none of that id.

        Raises StoreError.
        """
        ...

    async def ready(self) -> None:
        """Return when the store can be written; raises StoreError with words that say why not."""
        ...
