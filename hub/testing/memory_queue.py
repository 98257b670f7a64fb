"""A queue in memory for the core's tests (`Queue`, `Records`): all the promises but durability."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.domain.delivery import State, may_move
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.errors import ConflictError, StoreError, Words
from hub.ports.clock import Chance, Clock
from hub.ports.intake import Accepted, Stage
from hub.ports.queue import (
    Acceptance,
    Claimed,
    ClaimedDelivery,
    Matched,
    NewDelivery,
    NewEnvelope,
    Settlement,
)
from hub.ports.records import DeliveryReport, Report, Step, Waiting
from hub.testing.contents import MemoryStage


@dataclass(slots=True, kw_only=True)
class Kept:
    """One envelope that the queue holds."""

    new: NewEnvelope
    accepted_at: datetime
    steps: list[Step]


@dataclass(slots=True, kw_only=True)
class Held:
    """One delivery that the queue holds."""

    new: NewDelivery
    kept: Kept
    due_at: datetime | None
    state: State = State.PENDING
    attempts: int = 0
    lease: bytes | None = None
    leased_until: datetime | None = None
    code: str | None = None
    reason: Words | None = None

    @property
    def envelope(self) -> EnvelopeId:
        """The id of its envelope."""
        return self.kept.new.sealed.envelope.id

    def rest(self, state: State, due_at: datetime | None) -> None:
        """Come into a state without a lease."""
        self.state, self.due_at = state, None if state.final else due_at
        self.lease = self.leased_until = None


@dataclass(slots=True)
class MemoryQueue:
    """Everything in dictionaries. While `broken` is set every method raises it."""

    clock: Clock
    chance: Chance
    broken: StoreError | None = None
    _answers: dict[tuple[str, str], tuple[bytes, Accepted]] = field(default_factory=dict)
    _envelopes: dict[EnvelopeId, Kept] = field(default_factory=dict)
    _deliveries: dict[DeliveryId, Held] = field(default_factory=dict)
    _notes: set[tuple[EnvelopeId, str]] = field(default_factory=set)

    def stage(self) -> Stage:
        """Open a place for contents."""
        return MemoryStage()

    async def put(self, stage: Stage, acceptance: Acceptance) -> Accepted | None:
        """Store a submission."""
        del stage
        answers = await self.earlier(acceptance.peer, list(acceptance.keys), acceptance.fingerprint)
        if answers:
            return Accepted.before(answers.values()) if len(answers) == len(acceptance.keys) else None
        for one in acceptance.envelopes:
            self._keep(one)
        refused = dict(acceptance.refused)
        for key, envelopes in acceptance.keys.items():
            answer = Accepted(envelopes=tuple(envelopes), refused=refused, again=True)
            self._answers[acceptance.peer, key] = (acceptance.fingerprint, answer)
        return Accepted(
            envelopes=tuple(one.sealed.envelope.id for one in acceptance.envelopes), refused=refused
        )

    async def earlier(self, peer: str, keys: Sequence[str], fingerprint: bytes) -> Mapping[str, Accepted]:
        """Return the answers that were given before."""
        self._work()
        answered = {key: self._answers[peer, key] for key in keys if (peer, key) in self._answers}
        if any(known != fingerprint for known, _ in answered.values()):
            raise ConflictError(
                "submission.conflict",
                Words(
                    en="This key was used before for something else.",
                    fr="Cette clé a déjà servi à autre chose.",
                ),
            )
        return {key: answer for key, (_, answer) in answered.items()}

    async def claim(
        self, wanted: Mapping[OperatorName, int], now: datetime, until: datetime
    ) -> Sequence[Claimed]:
        """Lease what is due."""
        self._work()
        due = sorted(
            (one for one in self._deliveries.values() if one.due_at is not None and one.due_at <= now),
            key=lambda one: (one.due_at, one.new.id),
        )
        parcels = _parcels(due)
        taken: list[Claimed] = []
        for operator, most in wanted.items():
            own = [parcel for parcel in parcels if parcel[0].new.operator == operator]
            taken += [self._lease(parcel, until) for parcel in own[: max(most, 0)]]
        return taken

    async def claim_ended(
        self, ended_by: datetime, now: datetime, until: datetime, limit: int
    ) -> Sequence[Claimed]:
        """Lease what outlived its envelope."""
        self._work()
        ended = [
            one
            for one in self._deliveries.values()
            if one.state in {State.PENDING, State.UNCERTAIN}
            and one.kept.new.sealed.envelope.expires_at <= ended_by
            and (one.due_at is None or one.due_at <= now)
        ]
        return [self._lease(parcel, until) for parcel in _parcels(ended)[:limit]]

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Record how attempts ended."""
        self._work()
        ours = [self._is_ours(one) for one in settlements]
        for one, mine in zip(settlements, ours, strict=True):
            old = self._deliveries[one.delivery].state if mine else one.state
            if mine and not may_move(old, one.state) and not old is one.state is State.UNCERTAIN:
                raise _forbidden()
        return [self._settle(one) for one in settlements]

    async def expire_leases(self, now: datetime, *, everything: bool = False) -> int:
        """End leases."""
        self._work()
        lost = [
            one
            for one in self._deliveries.values()
            if one.leased_until is not None and (everything or one.leased_until <= now)
        ]
        for one in lost:
            one.rest(State.UNCERTAIN, now)
            one.kept.steps.append(Step(at=now, event="delivery.lease_lost", delivery=one.new.id))
        return len(lost)

    async def next_due(self) -> datetime | None:
        """Return when the next delivery comes up."""
        self._work()
        return min((one.due_at for one in self._deliveries.values() if one.due_at is not None), default=None)

    async def find(
        self,
        *,
        delivery: DeliveryId | None = None,
        correlation: str | None = None,
        recipient: str | None = None,
    ) -> Matched | None:
        """Find a delivery."""
        self._work()
        if delivery is not None:
            held = self._deliveries.get(delivery)
            return None if held is None else _matched(held)
        if correlation is None or recipient is None:
            return None
        found = [
            one
            for one in self._deliveries.values()
            if correlation in (one.envelope, one.kept.new.correlation)
            and one.kept.new.sealed.envelope.message.recipients[one.new.position].address.key == recipient
        ]
        return _matched(max(found, key=lambda one: one.new.id)) if found else None

    async def sealed(self, envelope: EnvelopeId) -> SealedEnvelope | None:
        """Return an envelope as it was sealed; None when there is none of that id."""
        self._work()
        kept = self._envelopes.get(envelope)
        return None if kept is None else kept.new.sealed

    async def note(
        self, envelope: EnvelopeId, steps: Sequence[Step], key: str, *, notice: NewEnvelope | None = None
    ) -> bool:
        """Add steps to a timeline, once."""
        self._work()
        if envelope not in self._envelopes or (envelope, key) in self._notes:
            return False
        self._notes.add((envelope, key))
        self._envelopes[envelope].steps.extend(steps)
        self._keep(notice)
        return True

    async def move(
        self,
        delivery: DeliveryId,
        state: State,
        step: Step,
        *,
        due_at: datetime | None,
        notice: NewEnvelope | None,
    ) -> State | None:
        """Move a delivery that is not LEASED."""
        self._work()
        held = self._deliveries.get(delivery)
        if held is None:
            return None
        old = held.state
        if old is not State.LEASED and (may_move(old, state) or (old is state and not old.final)):
            held.rest(state, due_at)
            held.kept.steps.append(step)
            self._keep(notice)
        return old

    async def waiting(
        self, *, operator: OperatorName | None = None, state: State | None = None, limit: int = 100
    ) -> Sequence[Waiting]:
        """Return open deliveries, the oldest first."""
        self._work()
        opened = (
            Waiting(
                id=one.new.id,
                envelope=one.envelope,
                operator=one.new.operator,
                state=one.state,
                attempts=one.attempts,
                accepted_at=one.kept.accepted_at,
                due_at=one.due_at,
                code=one.code,
            )
            for _, one in sorted(self._deliveries.items())
            if not one.state.final and operator in (None, one.new.operator) and state in (None, one.state)
        )
        return list(itertools.islice(opened, limit))

    async def envelope_of(self, delivery: DeliveryId) -> EnvelopeId | None:
        """Return the envelope that a delivery belongs to."""
        self._work()
        held = self._deliveries.get(delivery)
        return None if held is None else held.envelope

    async def report(self, envelope: EnvelopeId) -> Report | None:
        """Return all that is known of a message."""
        self._work()
        kept = self._envelopes.get(envelope)
        if kept is None:
            return None
        recipients = kept.new.sealed.envelope.message.recipients
        return Report(
            sealed=kept.new.sealed,
            peer=kept.new.peer,
            deliveries=[
                DeliveryReport(
                    id=one.new.id,
                    recipient=recipients[one.new.position],
                    operator=one.new.operator,
                    state=one.state,
                    attempts=one.attempts,
                    due_at=one.due_at,
                    code=one.code,
                    reason=one.reason,
                )
                for one in sorted(self._deliveries.values(), key=lambda one: one.new.position)
                if one.kept is kept
            ],
            steps=sorted(kept.steps, key=lambda step: step.at),
        )

    async def ready(self) -> None:
        """Return when the queue is not broken."""
        self._work()

    def _work(self) -> None:
        if self.broken is not None:
            raise self.broken

    def _keep(self, new: NewEnvelope | None) -> None:
        if new is not None:
            now = self.clock.now()
            kept = Kept(new=new, accepted_at=now, steps=list(new.steps))
            self._envelopes[new.sealed.envelope.id] = kept
            for one in new.deliveries:
                self._deliveries[one.id] = Held(new=one, kept=kept, due_at=now)

    def _lease(self, parcel: Sequence[Held], until: datetime) -> Claimed:
        lease = self.chance.bytes(16)
        for one in parcel:
            one.lease, one.leased_until = lease, until
            if one.state is State.PENDING:
                one.state, one.due_at = State.LEASED, None
            else:
                one.due_at = until
        new = parcel[0].kept.new
        documents = new.sealed.envelope.message.documents
        return Claimed(
            sealed=new.sealed,
            peer=new.peer,
            operator=parcel[0].new.operator,
            deliveries=[
                ClaimedDelivery(
                    id=one.new.id,
                    position=one.new.position,
                    attempts=one.attempts + (one.state is State.LEASED),
                    lease=lease,
                    state=one.state,
                )
                for one in parcel
            ],
            contents={document.id: one for document, one in zip(documents, new.contents, strict=True)},
        )

    def _is_ours(self, one: Settlement) -> bool:
        held = self._deliveries.get(one.delivery)
        return held is not None and held.lease is not None and held.lease == one.lease

    def _settle(self, one: Settlement) -> bool:
        if not self._is_ours(one):
            return False
        held = self._deliveries[one.delivery]
        held.rest(one.state, one.due_at)
        held.attempts += one.attempted
        held.code, held.reason = one.code, one.reason
        detail = one.detail if one.detail is not None or one.reason is None else one.reason.en
        held.kept.steps.extend(one.steps)
        held.kept.steps.append(
            Step(at=one.at, event=one.event, delivery=one.delivery, code=one.code, detail=detail)
        )
        self._keep(one.notice)
        return True


def _parcels(deliveries: Sequence[Held]) -> list[list[Held]]:
    found: dict[tuple[EnvelopeId, OperatorName, State], list[Held]] = {}
    for one in deliveries:
        found.setdefault((one.envelope, one.new.operator, one.state), []).append(one)
    return [sorted(parcel, key=lambda one: one.new.position) for parcel in found.values()]


def _matched(held: Held) -> Matched:
    return Matched(
        delivery=held.new.id,
        envelope=held.envelope,
        operator=held.new.operator,
        state=held.state,
        position=held.new.position,
        sealed=held.kept.new.sealed,
        peer=held.kept.new.peer,
    )


def _forbidden() -> StoreError:
    return StoreError(
        "store.move_forbidden",
        Words(en="A delivery can't go that way.", fr="Une remise ne peut prendre ce chemin."),
    )
