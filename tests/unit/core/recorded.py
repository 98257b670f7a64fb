"""Any queue, with a memory of what was stored through it: for tests of whole histories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.domain.delivery import State, may_move
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.ports.intake import Accepted, Stage
from hub.ports.queue import Acceptance, Claimed, Matched, NewDelivery, NewEnvelope, Queue, Settlement
from hub.ports.records import Records, Step


class Both(Queue, Records, Protocol):
    """What a store is."""


@dataclass(frozen=True, slots=True)
class Known:
    """One delivery that was stored."""

    envelope: NewEnvelope
    new: NewDelivery


class Recorded:
    """Passes every call on, and remembers what came of it (`Queue`).

    `events` are the moves in the order in which they became durable; `asked` counts claims, `claimed` the
    parcels that they brought. `before_settle` runs before each
    settlement; what it raises stands for the death of the process.
    """

    def __init__(self, inner: Both) -> None:
        self.inner = inner
        self.deliveries: dict[DeliveryId, Known] = {}
        self.events: list[tuple[DeliveryId, str, State]] = []
        self.notices: list[NewEnvelope] = []
        self.asked = self.claimed = 0
        self.before_settle: Callable[[], None] = lambda: None

    def stage(self) -> Stage:
        """Open a place for contents."""
        return self.inner.stage()

    async def put(self, stage: Stage, acceptance: Acceptance) -> Accepted | None:
        """Store a submission."""
        accepted = await self.inner.put(stage, acceptance)
        if accepted is not None and not accepted.again:
            for one in acceptance.envelopes:
                self._know(one)
        return accepted

    async def earlier(self, peer: str, keys: Sequence[str], fingerprint: bytes) -> Mapping[str, Accepted]:
        """Return the first answers."""
        return await self.inner.earlier(peer, keys, fingerprint)

    async def claim(
        self, wanted: Mapping[OperatorName, int], now: datetime, until: datetime
    ) -> Sequence[Claimed]:
        """Lease what is due."""
        self.asked += 1
        claimed = await self.inner.claim(wanted, now, until)
        self.claimed += len(claimed)
        return claimed

    async def claim_ended(
        self, ended_by: datetime, now: datetime, until: datetime, limit: int
    ) -> Sequence[Claimed]:
        """Lease what is past its end."""
        claimed = await self.inner.claim_ended(ended_by, now, until, limit)
        self.claimed += len(claimed)
        return claimed

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Record how attempts ended."""
        self.before_settle()
        ours = await self.inner.settle(settlements)
        for one, stored in zip(settlements, ours, strict=True):
            if stored:
                self.events.append((one.delivery, one.event, one.state))
                self._tell(one.notice)
        return ours

    async def expire_leases(self, now: datetime, *, everything: bool = False) -> int:
        """End leases."""
        return await self.inner.expire_leases(now, everything=everything)

    async def next_due(self) -> datetime | None:
        """Return when the next one comes up."""
        return await self.inner.next_due()

    async def find(
        self,
        *,
        delivery: DeliveryId | None = None,
        correlation: str | None = None,
        recipient: str | None = None,
    ) -> Matched | None:
        """Find a delivery."""
        return await self.inner.find(delivery=delivery, correlation=correlation, recipient=recipient)

    async def sealed(self, envelope: EnvelopeId) -> SealedEnvelope | None:
        """Return an envelope as it was sealed."""
        return await self.inner.sealed(envelope)

    async def note(
        self, envelope: EnvelopeId, steps: Sequence[Step], key: str, *, notice: NewEnvelope | None = None
    ) -> bool:
        """Add steps, once per key."""
        noted = await self.inner.note(envelope, steps, key, notice=notice)
        if noted:
            self._tell(notice)
        return noted

    async def move(
        self,
        delivery: DeliveryId,
        state: State,
        step: Step,
        *,
        due_at: datetime | None,
        notice: NewEnvelope | None,
    ) -> State | None:
        """Move on a person's or a receipt's word."""
        before = await self.inner.move(delivery, state, step, due_at=due_at, notice=notice)
        if before in {State.PENDING, State.UNCERTAIN} and (before is state or may_move(before, state)):
            self.events.append((delivery, step.event, state))
            self._tell(notice)
        return before

    async def states(self) -> dict[DeliveryId, State]:
        """Return where every delivery stands, by the store's own word."""
        found: dict[DeliveryId, State] = {}
        for envelope in {one.envelope.sealed.envelope.id for one in self.deliveries.values()}:
            report = await self.inner.report(envelope)
            assert report is not None
            found |= {one.id: one.state for one in report.deliveries}
        return found

    def _know(self, one: NewEnvelope) -> None:
        for new in one.deliveries:
            self.deliveries[new.id] = Known(one, new)

    def _tell(self, notice: NewEnvelope | None) -> None:
        if notice is not None:
            self.notices.append(notice)
            self._know(notice)
