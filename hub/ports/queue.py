"""The durable heart: what was accepted, what is still to be delivered, and how each attempt ended.

Every method that writes is durable on disk when it returns. Callers that write at the same moment
share one commit. Nothing personal rests in clear: see `docs/decisions/store.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hub.domain.delivery import State
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, DocumentId, EnvelopeId, OperatorName
from hub.domain.outcome import Refused
from hub.errors import Words
from hub.ports.content import Content
from hub.ports.intake import Accepted, Stage
from hub.ports.records import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """One recipient of a new envelope. `position` is the recipient's place in the envelope."""

    id: DeliveryId
    position: int
    operator: OperatorName


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnvelope:
    """A sealed envelope, its contents in the order of `message.documents`, and its deliveries.

    `peer` is who submitted it (`hub` for a notice). `correlation` is the id under which receipts
    will name it (a Message-ID), if it is not the deliveries' own ids.
    """

    sealed: SealedEnvelope
    peer: str
    contents: Sequence[Content] = field(repr=False)
    deliveries: Sequence[NewDelivery]
    steps: Sequence[Step] = ()
    correlation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One submission to be stored whole or not at all.

    `keys` are the peer's idempotency keys, each with those of the envelopes that answer it;
    `fingerprint` is the digest of what they stand for: the same key with another is a conflict.
    """

    peer: str
    keys: Mapping[str, Sequence[EnvelopeId]]
    fingerprint: bytes
    envelopes: Sequence[NewEnvelope]
    refused: Mapping[str, Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """One delivery under lease. `lease` is the fencing token that settling must show."""

    id: DeliveryId
    position: int
    attempts: int
    lease: bytes
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The deliveries of one envelope that go to one operator in one attempt.

    Their state is LEASED (to be sent) or UNCERTAIN (to be asked about), the same for all.
    """

    sealed: SealedEnvelope
    peer: str
    operator: OperatorName
    deliveries: Sequence[ClaimedDelivery]
    contents: Mapping[DocumentId, Content] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How one attempt at one delivery ended, and what follows from it.

    `state` is the next state by the table of moves; `due_at` when it comes up again (pending,
    uncertain; None: only a person moves it). `notice` tells the sender, in the same transaction.
    `steps` are lines of the timeline that come before that of `event`.
    """

    delivery: DeliveryId
    envelope: EnvelopeId
    lease: bytes
    state: State
    at: datetime
    event: str
    code: str | None = None
    reason: Words | None = None
    detail: str | None = None
    due_at: datetime | None = None
    attempted: bool = True
    notice: NewEnvelope | None = None
    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A delivery found by what a receipt says of it."""

    delivery: DeliveryId
    envelope: EnvelopeId
    operator: OperatorName
    state: State
    position: int
    sealed: SealedEnvelope
    peer: str


class Queue(Protocol):
    """Accepts, leases, settles.

    Every method raises StoreError when the store fails (a full disk, a damaged file): then nothing
    of the call was taken.
    """

    def stage(self) -> Stage:
        """Open a place for the contents of one submission or notice; its contents go to `put`."""
        ...

    async def put(self, stage: Stage, acceptance: Acceptance) -> Accepted | None:
        """Store a submission; the same keys again give the first answer with `again=True`.

        None, and nothing stored, when some of several keys had their answer already: `earlier` says
        which. Raises ConflictError when a key stands for something else.
        """
        ...

    async def earlier(self, peer: str, keys: Sequence[str], fingerprint: bytes) -> Mapping[str, Accepted]:
        """Return the answers that this peer ever got for these keys, with `again=True`.

        Raises ConflictError when a key stands for something else.
        """
        ...

    async def claim(
        self, wanted: Mapping[OperatorName, int], now: datetime, until: datetime
    ) -> Sequence[Claimed]:
        """Lease what is due, at most `wanted[operator]` parcels of each operator, until `until`.

        Fewer come only when no more are due.
        Pending deliveries become LEASED. Uncertain ones stay so and are due again at `until`.
        """
        ...

    async def claim_ended(
        self, ended_by: datetime, now: datetime, until: datetime, limit: int
    ) -> Sequence[Claimed]:
        """Lease what is open although its envelope's `expires_at` is `ended_by` or before.

        Like `claim`, for at most `limit` parcels of whatever operator, one that is not configured any
        more included. What has no `due_at` counts as due.
        """
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Record how attempts ended, all in one transaction.

        False for a delivery whose lease is no longer ours: nothing of that settlement was stored,
        not even its notice.
        """
        ...

    async def expire_leases(self, now: datetime, *, everything: bool = False) -> int:
        """Turn lost leases (every lease, at the start of the only process) to UNCERTAIN, due now."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next pending or uncertain delivery comes up."""
        ...

    async def find(
        self,
        *,
        delivery: DeliveryId | None = None,
        correlation: str | None = None,
        recipient: str | None = None,
    ) -> Matched | None:
        """Find a delivery by its id, or by `correlation` and the recipient's `Address.key`.

        `correlation` is an envelope's id, or the one it was put with; of several the newest counts.
        """
        ...

    async def sealed(self, envelope: EnvelopeId) -> SealedEnvelope | None:
        """Return an envelope as it was sealed; None when there is none of that id."""
        ...

    async def note(
        self, envelope: EnvelopeId, steps: Sequence[Step], key: str, *, notice: NewEnvelope | None = None
    ) -> bool:
        """Add steps to a timeline, with a notice to the sender, once per `key`; False when done before."""
        ...

    async def move(
        self,
        delivery: DeliveryId,
        state: State,
        step: Step,
        *,
        due_at: datetime | None,
        notice: NewEnvelope | None,
    ) -> State | None:
        """Move a delivery on a person's or a receipt's word.

        Returns the state it had, None when there is no such delivery; moves nothing (and returns the
        state) when the table of moves does not allow it, or when it is LEASED. An uncertain one moves
        even while its operator is being asked: the asker's lease is lost then. The state that a
        pending or uncertain delivery has already is allowed too: it only sets `due_at` anew.
        """
        ...
