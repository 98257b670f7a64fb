"""The queue as its port describes it, in a hundred lines: the core's tests stand on this.

It outlives any worker, so that a test can stop one at any point and start another. `history` keeps
every move of every delivery; a move that the table forbids fails the test at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.domain.delivery import State, may_move
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.errors import ConflictError, HubError, Words
from hub.ports.intake import Accepted, Stage
from hub.ports.queue import Acceptance, Claimed, ClaimedDelivery, Matched, NewEnvelope, Settlement
from hub.ports.records import Step
from hub.testing.contents import MemoryStage


@dataclass(slots=True)
class Row:
    """One delivery."""

    id: DeliveryId
    position: int
    operator: OperatorName
    envelope: NewEnvelope
    due_at: datetime | None
    state: State = State.PENDING
    attempts: int = 0
    lease: bytes | None = None
    until: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When its envelope ends."""
        return self.envelope.sealed.envelope.expires_at


@dataclass(slots=True)
class ModelQueue:
    """Rows in a list. `failing` makes every call raise that error."""

    rows: dict[DeliveryId, Row] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[bytes, Accepted]] = field(default_factory=dict)
    steps: list[tuple[EnvelopeId, Step]] = field(default_factory=list)
    notices: list[NewEnvelope] = field(default_factory=list)
    history: list[tuple[DeliveryId, State, str]] = field(default_factory=list)
    failing: HubError | Exception | None = None
    on_settle: Callable[[], None] = lambda: None
    claims: int = 0
    _keys: set[str] = field(default_factory=set)
    _leases: itertools.count[int] = field(default_factory=itertools.count)

    def stage(self) -> Stage:
        """Open a place for contents."""
        self._fail()
        return MemoryStage()

    async def put(self, stage: Stage, acceptance: Acceptance) -> Accepted:
        """Store a submission."""
        del stage
        if (
            earlier := await self.earlier(acceptance.peer, acceptance.key, acceptance.fingerprint)
        ) is not None:
            return earlier
        for one in acceptance.envelopes:
            self._add(one)
        ids = tuple(one.sealed.envelope.id for one in acceptance.envelopes)
        answer = Accepted(envelopes=ids, refused=acceptance.refused)
        self.answers[acceptance.peer, acceptance.key] = (acceptance.fingerprint, answer)
        return answer

    async def earlier(self, peer: str, key: str, fingerprint: bytes) -> Accepted | None:
        """Return the first answer."""
        self._fail()
        if (found := self.answers.get((peer, key))) is None:
            return None
        if found[0] != fingerprint:
            raise ConflictError("submission.conflict", Words(en="another message", fr="un autre message"))
        return replace(found[1], again=True)

    async def claim(
        self, wanted: Mapping[OperatorName, int], now: datetime, until: datetime
    ) -> Sequence[Claimed]:
        """Lease what is due."""
        self._fail()
        self.claims += 1
        left = dict(wanted)
        parcels = self._parcels(
            lambda row: row.due_at is not None and row.due_at <= now and row.operator in left
        )
        claimed = []
        for rows in parcels:
            if left[rows[0].operator] > 0:
                left[rows[0].operator] -= 1
                claimed.append(self._lease(rows, until))
        return claimed

    async def claim_ended(
        self, ended_by: datetime, now: datetime, until: datetime, limit: int
    ) -> Sequence[Claimed]:
        """Lease what is past its end."""
        self._fail()
        parcels = self._parcels(
            lambda row: row.ends_at <= ended_by and (row.due_at is None or row.due_at <= now)
        )
        return [self._lease(rows, until) for rows in parcels[:limit]]

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Record how attempts ended."""
        self._fail()
        self.on_settle()
        ours = []
        for one in settlements:
            row = self.rows[one.delivery]
            ours.append(row.lease is not None and row.lease == one.lease)
            if ours[-1]:
                row.attempts += one.attempted
                self._move(row, one.state, one.event, one.due_at)
                self.steps.append(
                    (one.envelope, Step(at=one.at, event=one.event, delivery=row.id, code=one.code))
                )
                self._notify(one.notice)
        return ours

    async def expire_leases(self, now: datetime, *, everything: bool = False) -> int:
        """Turn lost leases to UNCERTAIN."""
        self._fail()
        lost = [
            row
            for row in self.rows.values()
            if row.state is State.LEASED and (everything or (row.until is not None and row.until <= now))
        ]
        for row in lost:
            self._move(row, State.UNCERTAIN, "delivery.lease_lost", now)
        return len(lost)

    async def next_due(self) -> datetime | None:
        """Return when the next one comes up."""
        self._fail()
        return min((row.due_at for row in self._waiting() if row.due_at is not None), default=None)

    async def find(
        self,
        *,
        delivery: DeliveryId | None = None,
        correlation: str | None = None,
        recipient: str | None = None,
    ) -> Matched | None:
        """Find a delivery."""
        for row in reversed(self.rows.values()):
            one = row.envelope
            party = one.sealed.envelope.message.recipients[row.position]
            if row.id == delivery or (
                correlation in {one.correlation, one.sealed.envelope.id} and party.address.key == recipient
            ):
                return Matched(
                    delivery=row.id,
                    envelope=one.sealed.envelope.id,
                    operator=row.operator,
                    state=row.state,
                    position=row.position,
                    sealed=one.sealed,
                    peer=one.peer,
                )
        return None

    async def note(
        self, envelope: EnvelopeId, steps: Sequence[Step], key: str, *, notice: NewEnvelope | None = None
    ) -> bool:
        """Add steps, once per key."""
        if key in self._keys:
            return False
        self._keys.add(key)
        self.steps.extend((envelope, step) for step in steps)
        self._notify(notice)
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
        """Move on a person's or a receipt's word."""
        if (row := self.rows.get(delivery)) is None:
            return None
        before = row.state
        again = before is state and not before.final
        if before is not State.LEASED and (may_move(before, state) or again):
            self._move(row, state, step.event, due_at)
            self.steps.append((row.envelope.sealed.envelope.id, step))
            self._notify(notice)
        return before

    def events(self) -> list[str]:
        """Return the events of the timeline, in order."""
        return [step.event for _, step in self.steps]

    def states(self, *, notices: bool = False) -> dict[str, State]:
        """Return where everybody's delivery stands, by recipient; of messages, or of notices."""
        return {
            str(row.envelope.sealed.envelope.message.recipients[row.position].address): row.state
            for row in self.rows.values()
            if (row.envelope.peer == "hub") == notices
        }

    def _fail(self) -> None:
        if self.failing is not None:
            raise self.failing

    def _add(self, one: NewEnvelope) -> None:
        envelope = one.sealed.envelope
        self.steps.extend((envelope.id, step) for step in one.steps)
        for new in one.deliveries:
            self.rows[new.id] = Row(new.id, new.position, new.operator, one, envelope.created_at)

    def _notify(self, notice: NewEnvelope | None) -> None:
        if notice is not None:
            self.notices.append(notice)
            self._add(notice)

    def _waiting(self) -> list[Row]:
        return [row for row in self.rows.values() if row.state in {State.PENDING, State.UNCERTAIN}]

    def _parcels(self, fits: Callable[[Row], bool]) -> list[list[Row]]:
        groups: dict[tuple[EnvelopeId, OperatorName, State], list[Row]] = {}
        for row in self._waiting():
            if fits(row):
                key = (row.envelope.sealed.envelope.id, row.operator, row.state)
                groups.setdefault(key, []).append(row)
        return list(groups.values())

    def _lease(self, rows: Sequence[Row], until: datetime) -> Claimed:
        for row in rows:
            row.lease = str(next(self._leases)).encode()
            row.until = row.due_at = until
            if row.state is State.PENDING:
                self._move(row, State.LEASED, "delivery.leased", until, row.lease)
        one = rows[0].envelope
        documents = one.sealed.envelope.message.documents
        return Claimed(
            sealed=one.sealed,
            peer=one.peer,
            operator=rows[0].operator,
            deliveries=[
                ClaimedDelivery(
                    id=row.id,
                    position=row.position,
                    attempts=row.attempts,
                    lease=row.lease or b"",
                    state=row.state,
                )
                for row in rows
            ],
            contents={
                document.id: content for document, content in zip(documents, one.contents, strict=True)
            },
        )

    def _move(
        self, row: Row, state: State, event: str, due_at: datetime | None, lease: bytes | None = None
    ) -> None:
        assert state is row.state or may_move(row.state, state), f"{row.state} to {state}"
        row.state, row.due_at, row.lease = state, due_at, lease
        self.history.append((row.id, state, event))
