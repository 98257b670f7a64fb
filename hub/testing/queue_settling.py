"""How attempts end: by the table of moves, and only for who holds the lease."""

# ruff: noqa: S101, PLR2004 -- a contract suite is made of assertions, and counts what it put
from __future__ import annotations

from datetime import timedelta

import pytest

from hub.domain.delivery import MOVES, State
from hub.domain.ids import DeliveryId
from hub.errors import StoreError
from hub.ports.queue import ClaimedDelivery
from hub.testing.letters import MARIN, MARTIN, PEER, PETIT, Letters
from hub.testing.queue_rig import (
    LEASE,
    WHY,
    AnyQueue,
    QueueRig,
    claim,
    ended,
    put,
    time_of,
)


class Settling(QueueRig):
    """Settlements."""

    async def test_a_delivered_message_is_over(self, queue: AnyQueue, letters: Letters) -> None:
        """It is never sent again, and its timeline says what the operator answered."""
        new = await put(queue, letters)
        (claimed,) = await claim(queue, letters)
        assert list(
            await queue.settle(
                [ended(claimed.deliveries[0], claimed, State.DELIVERED, detail="250 2.0.0 taken as 4XyZ")]
            )
        ) == [True]
        time_of(letters).advance(timedelta(days=1))
        assert list(await claim(queue, letters)) == []
        assert list(await queue.waiting()) == []
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert [(one.state, one.attempts, one.due_at) for one in report.deliveries] == [
            (State.DELIVERED, 1, None)
        ]
        assert [(one.event, one.detail) for one in report.steps] == [
            ("message.accepted", PEER),
            ("delivery.ended", "250 2.0.0 taken as 4XyZ"),
        ]

    async def test_reasons_are_kept_in_every_language(self, queue: AnyQueue, letters: Letters) -> None:
        """The last outcome's code and words can be shown to a person."""
        new = await put(queue, letters)
        (claimed,) = await claim(queue, letters)
        await queue.settle(
            [
                ended(
                    claimed.deliveries[0],
                    claimed,
                    State.PENDING,
                    due_at=letters.clock.now(),
                    code="mailbox.full",
                    reason=WHY,
                    attempted=False,
                )
            ]
        )
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert [(o.code, o.reason, o.attempts) for o in report.deliveries] == [("mailbox.full", WHY, 0)]
        assert ("mailbox.full", WHY.en) == (report.steps[-1].code, report.steps[-1].detail)
        assert [one.code for one in await queue.waiting()] == ["mailbox.full"]

    async def test_a_lost_lease_settles_nothing(self, queue: AnyQueue, letters: Letters) -> None:
        """A worker that was paused can't settle what another has taken, nor tell the sender."""
        new = await put(queue, letters, MARTIN, PETIT)
        (claimed,) = await claim(queue, letters)
        time_of(letters).advance(LEASE)
        assert await queue.expire_leases(letters.clock.now()) == 2
        (taken,) = await claim(queue, letters)
        late = [
            ended(claimed.deliveries[0], claimed, State.DELIVERED),
            ended(claimed.deliveries[1], claimed, State.REFUSED, notice=await letters.letter(queue.stage())),
        ]
        assert list(await queue.settle(late)) == [False, False]
        assert list(await queue.settle([ended(taken.deliveries[0], taken, State.DELIVERED)])) == [True]
        assert list(await queue.settle([ended(taken.deliveries[0], taken, State.DELIVERED)])) == [False]
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert [one.state for one in report.deliveries] == [State.DELIVERED, State.UNCERTAIN]
        assert list(await claim(queue, letters)) == []

    async def test_lost_and_held_leases_are_told_apart(self, queue: AnyQueue, letters: Letters) -> None:
        """What is still ours is settled, beside what is not, each with its notice or without."""
        await put(queue, letters, MARTIN, PETIT)
        (claimed,) = await claim(queue, letters)
        stranger = ClaimedDelivery(
            id=DeliveryId(letters.fresh()), position=0, attempts=1, lease=b"x" * 16, state=State.LEASED
        )
        forged = ClaimedDelivery(
            id=claimed.deliveries[0].id, position=0, attempts=1, lease=b"x" * 16, state=State.LEASED
        )
        notices = [await letters.letter(queue.stage(), MARIN, documents=[b"notice"]) for _ in range(3)]
        outcome = await queue.settle(
            [
                ended(one, claimed, State.REFUSED, notice=notice)
                for one, notice in zip((stranger, forged, claimed.deliveries[1]), notices, strict=True)
            ]
        )
        assert list(outcome) == [False, False, True]
        (notice,) = await claim(queue, letters)
        assert notices[2].sealed == notice.sealed
        assert [await one.read() for one in notice.contents.values()] == [b"notice"]

    @pytest.mark.parametrize("new", list(State))
    @pytest.mark.parametrize("old", [State.LEASED, State.UNCERTAIN])
    async def test_an_attempt_ends_by_the_table_of_moves(
        self, queue: AnyQueue, letters: Letters, old: State, new: State
    ) -> None:
        """No attempt can bring a delivery where it may not go; then nothing is stored."""
        envelope = await put(queue, letters)
        (claimed,) = await claim(queue, letters)
        now = letters.clock.now()
        if old is State.UNCERTAIN:
            await queue.settle([ended(claimed.deliveries[0], claimed, State.UNCERTAIN, due_at=now)])
            (claimed,) = await claim(queue, letters)
        end = ended(claimed.deliveries[0], claimed, new, due_at=now)
        if new in MOVES[old] or old is new is State.UNCERTAIN:
            assert list(await queue.settle([end])) == [True]
        else:
            with pytest.raises(StoreError):
                await queue.settle([end])
        report = await queue.report(envelope.sealed.envelope.id)
        assert report is not None
        allowed = new in MOVES[old] or old is new
        assert [new if allowed else old] == [one.state for one in report.deliveries]

    async def test_settling_nothing_is_nothing(self, queue: AnyQueue) -> None:
        """An empty list is answered with one."""
        assert list(await queue.settle([])) == []
