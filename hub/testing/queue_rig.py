"""What the parts of the queue's contract suite have in common."""

# ruff: noqa: S101 -- it belongs to a contract suite
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import pytest

from hub.domain.delivery import State
from hub.domain.ids import OperatorName
from hub.domain.outcome import Refused
from hub.errors import Words
from hub.ports.intake import Accepted
from hub.ports.queue import Claimed, ClaimedDelivery, NewEnvelope, Queue, Settlement
from hub.ports.records import Records
from hub.testing.fakes import FixedChance, FixedClock
from hub.testing.letters import MER, PEER, VILLE, Letters, acceptance

LEASE: Final = timedelta(minutes=5)
LATER: Final = timedelta(seconds=30)
EVERYBODY: Final = {VILLE: 100, MER: 100}
WHY: Final = Words(en="The mailbox is full.", fr="La boîte est pleine.")


class AnyQueue(Queue, Records, Protocol):
    """A queue that can be looked into."""


class QueueRig:
    """What each part has: the time that the queue lives by, and who writes the letters."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def clock(self) -> FixedClock:
        """Return the time that the queue lives by."""
        return FixedClock()

    @pytest.fixture
    def letters(self, clock: FixedClock) -> Letters:
        """Return who writes the letters."""
        return Letters(clock=clock, chance=FixedChance(7))


async def put(
    queue: Queue,
    letters: Letters,
    *recipients: str,
    key: str = "key-1",
    documents: Sequence[bytes] = (b"Cher confr\xc3\xa8re,",),
    correlation: str | None = None,
) -> NewEnvelope:
    """Put a letter and return it; `key` is the peer's."""
    stage = queue.stage()
    new = await letters.letter(stage, *recipients, documents=documents, correlation=correlation)
    accepted = await queue.put(stage, acceptance(new, key=key))
    assert accepted is not None
    assert (new.sealed.envelope.id,) == accepted.envelopes
    return new


async def accept(
    queue: Queue,
    letters: Letters,
    *,
    peer: str = PEER,
    said: bytes = b"what it stands for",
    refused: dict[str, Refused] | None = None,
) -> Accepted:
    """Put a letter to Dr Martin and return the answer."""
    stage = queue.stage()
    new = acceptance(await letters.letter(stage), peer=peer, said=said, refused=refused)
    accepted = await queue.put(stage, new)
    assert accepted is not None
    return accepted


async def claim(
    queue: Queue, letters: Letters, wanted: dict[OperatorName, int] | None = None
) -> Sequence[Claimed]:
    """Claim what is due now, for everybody unless `wanted` says otherwise."""
    now = letters.clock.now()
    return await queue.claim(EVERYBODY if wanted is None else wanted, now, now + LEASE)


def ended(
    one: ClaimedDelivery,
    claimed: Claimed,
    state: State,
    *,
    due_at: datetime | None = None,
    code: str | None = None,
    reason: Words | None = None,
    detail: str | None = None,
    attempted: bool = True,
    notice: NewEnvelope | None = None,
) -> Settlement:
    """Make the settlement of one claimed delivery."""
    envelope = claimed.sealed.envelope
    return Settlement(
        delivery=one.id,
        envelope=envelope.id,
        lease=one.lease,
        state=state,
        at=envelope.created_at + LATER,
        event="delivery.ended",
        code=code,
        reason=reason,
        detail=detail,
        due_at=due_at,
        attempted=attempted,
        notice=notice,
    )


def time_of(letters: Letters) -> FixedClock:
    """Return the clock that can be moved."""
    assert isinstance(letters.clock, FixedClock)
    return letters.clock
