"""How a queue leases: whole parcels, each once, when they are due."""

# ruff: noqa: S101, PLR2004 -- a contract suite is made of assertions, and counts what it put
from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hub.domain.delivery import State
from hub.domain.ids import OperatorName
from hub.testing.letters import MARIN, MARTIN, MER, PETIT, VILLE, Letters
from hub.testing.queue_rig import (
    LATER,
    LEASE,
    AnyQueue,
    QueueRig,
    claim,
    ended,
    put,
    time_of,
)


class Claiming(QueueRig):
    """Claims and leases."""

    async def test_recipients_at_one_operator_travel_together(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """One envelope makes one parcel per operator, its recipients in their order."""
        await put(queue, letters, MARTIN, MARIN, PETIT)
        claimed = {one.operator: one for one in await claim(queue, letters)}
        assert {
            name: [delivery.position for delivery in one.deliveries] for name, one in claimed.items()
        } == {VILLE: [0, 2], MER: [1]}
        assert {(State.LEASED, 1)} == {
            (one.state, one.attempts) for parcel in claimed.values() for one in parcel.deliveries
        }

    async def test_what_is_leased_is_not_claimed_again(self, queue: AnyQueue, letters: Letters) -> None:
        """Two workers never get the same delivery."""
        for number in range(20):
            await put(queue, letters, MARTIN, PETIT, key=f"key-{number}")
        claims = await asyncio.gather(*(claim(queue, letters, {VILLE: 3}) for _ in range(10)))
        ids = [one.id for parcels in claims for parcel in parcels for one in parcel.deliveries]
        assert 40 == len(ids) == len(set(ids))
        assert await claim(queue, letters) == []

    @pytest.mark.parametrize("most", [1, 2, 3, 7])
    async def test_a_claim_is_filled_while_anything_is_due(
        self, queue: AnyQueue, letters: Letters, most: int
    ) -> None:
        """Exactly as many parcels come as were wanted, however many recipients each has."""
        for number in range(4):
            await put(queue, letters, *(f"dr{n}@ville.example" for n in range(9)), key=f"key-{number}")
        await put(queue, letters, MARIN, key="other")
        claimed = await claim(queue, letters, {VILLE: most})
        assert min(most, 4) == len(claimed)
        assert all(len(one.deliveries) == 9 for one in claimed)

    async def test_only_wanted_operators_are_claimed_for(self, queue: AnyQueue, letters: Letters) -> None:
        """An operator that is suspended or full gets nothing."""
        await put(queue, letters, MARTIN, MARIN)
        assert list(await claim(queue, letters, {OperatorName("elsewhere"): 5, VILLE: 0})) == []
        assert list(await claim(queue, letters, {})) == []
        assert [one.operator for one in await claim(queue, letters, {MER: 1})] == [MER]

    async def test_the_longest_due_comes_first(self, queue: AnyQueue, letters: Letters) -> None:
        """Nobody is overtaken for ever."""
        first = await put(queue, letters, key="1")
        time_of(letters).advance(LATER)
        await put(queue, letters, key="2")
        (claimed,) = await claim(queue, letters, {VILLE: 1})
        assert first.sealed == claimed.sealed

    async def test_nothing_is_claimed_before_it_is_due(self, queue: AnyQueue, letters: Letters) -> None:
        """A deferred delivery waits for its time, and the worker knows how long."""
        assert await queue.next_due() is None
        await put(queue, letters)
        assert letters.clock.now() == await queue.next_due()
        (claimed,) = await claim(queue, letters)
        assert await queue.next_due() is None
        due_at = letters.clock.now() + timedelta(microseconds=1234567)
        assert list(
            await queue.settle([ended(claimed.deliveries[0], claimed, State.PENDING, due_at=due_at)])
        ) == [True]
        assert due_at == await queue.next_due()
        assert list(await claim(queue, letters)) == []
        time_of(letters).advance(due_at - letters.clock.now())
        (again,) = await claim(queue, letters)
        assert [one.attempts for one in again.deliveries] == [2]

    async def test_uncertain_deliveries_are_claimed_to_be_asked_about(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """They stay uncertain, apart from those to be sent, and come up again at the lease's end."""
        await put(queue, letters, MARTIN, PETIT)
        (claimed,) = await claim(queue, letters)
        now = letters.clock.now()
        states = (State.UNCERTAIN, State.PENDING)
        await queue.settle(
            [
                ended(one, claimed, state, due_at=now)
                for one, state in zip(claimed.deliveries, states, strict=True)
            ]
        )
        parcels = await claim(queue, letters)
        assert sorted([one.state for one in parcel.deliveries] for parcel in parcels) == [
            [State.LEASED],
            [State.UNCERTAIN],
        ]
        assert now + LEASE == await queue.next_due()
        time_of(letters).advance(LEASE)
        (again,) = await claim(queue, letters)
        assert [one.state for one in again.deliveries] == [State.UNCERTAIN]

    async def test_what_outlived_its_envelope_is_claimed_for_any_operator(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """Held, waiting, or of an operator that is gone: each gets its end."""
        await put(queue, letters, MARTIN, MARIN, PETIT)
        (claimed,) = await claim(queue, letters, {VILLE: 1})
        martin, petit = claimed.deliveries
        await queue.settle([ended(martin, claimed, State.UNCERTAIN, due_at=None)])
        end, now = letters.clock.now() + letters.life, letters.clock.now()
        assert list(await queue.claim_ended(end - LATER, now, now + LEASE, 10)) == []
        time_of(letters).advance(letters.life)
        now = letters.clock.now()
        parcels = await queue.claim_ended(end, now, now + LEASE, 10)
        found = {one.operator: [(d.position, d.state) for d in one.deliveries] for one in parcels}
        assert found == {VILLE: [(0, State.UNCERTAIN)], MER: [(1, State.LEASED)]}
        assert list(await queue.claim_ended(end, now, now + LEASE, 10)) == []
        ends = {VILLE: State.REFUSED, MER: State.EXPIRED}
        settled = await queue.settle([ended(one.deliveries[0], one, ends[one.operator]) for one in parcels])
        assert list(settled) == [True, True]
        assert [petit.id] == [one.id for one in await queue.waiting()]

    async def test_claiming_what_has_ended_keeps_its_limit(self, queue: AnyQueue, letters: Letters) -> None:
        """A large backlog ends step by step."""
        for number in range(5):
            await put(queue, letters, key=f"key-{number}")
        time_of(letters).advance(letters.life)
        now = letters.clock.now()
        assert len(await queue.claim_ended(now, now, now + LEASE, 2)) == 2
        assert len(await queue.claim_ended(now, now, now + LEASE, 10)) == 3

    async def test_lost_leases_become_uncertain(self, queue: AnyQueue, letters: Letters) -> None:
        """What a crashed worker had in hand is asked about, not lost and not sent blindly."""
        new = await put(queue, letters)
        await claim(queue, letters)
        assert await queue.expire_leases(letters.clock.now()) == 0
        time_of(letters).advance(LEASE)
        assert await queue.expire_leases(letters.clock.now()) == 1
        (again,) = await claim(queue, letters)
        assert [one.state for one in again.deliveries] == [State.UNCERTAIN]
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert report.steps[-1].event == "delivery.lease_lost"

    async def test_at_the_start_every_lease_is_lost(self, queue: AnyQueue, letters: Letters) -> None:
        """After a crash nothing waits for the end of leases that nobody holds."""
        await put(queue, letters)
        await claim(queue, letters)
        assert await queue.expire_leases(letters.clock.now(), everything=True) == 1
        assert letters.clock.now() == await queue.next_due()
        assert len(await claim(queue, letters)) == 1
        assert await queue.expire_leases(letters.clock.now(), everything=True) == 1
        assert letters.clock.now() == await queue.next_due()
        assert len(await claim(queue, letters)) == 1
