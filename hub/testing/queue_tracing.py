"""How deliveries are found, noted, moved by hand and looked at."""

# ruff: noqa: S101 -- a contract suite is made of assertions, and counts what it put
from __future__ import annotations

import pytest

from hub.domain.delivery import MOVES, State
from hub.domain.ids import DeliveryId, EnvelopeId
from hub.ports.records import Step
from hub.testing.letters import MARIN, MARTIN, MER, PEER, PETIT, VILLE, Letters
from hub.testing.queue_rig import (
    LATER,
    AnyQueue,
    QueueRig,
    claim,
    ended,
    put,
    time_of,
)


class Tracing(QueueRig):
    """Finding, noting, moving, looking."""

    async def test_receipts_find_their_delivery(self, queue: AnyQueue, letters: Letters) -> None:
        """By its id, by the envelope's, or by the Message-ID and the recipient."""
        new = await put(queue, letters, MARTIN, PETIT, correlation="<a@b>")
        martin, petit = new.deliveries
        for found in (
            await queue.find(delivery=petit.id),
            await queue.find(correlation="<a@b>", recipient=PETIT),
            await queue.find(correlation=new.sealed.envelope.id, recipient=PETIT),
        ):
            assert found is not None
            assert (petit.id, new.sealed.envelope.id, VILLE, State.PENDING, 1, new.sealed, PEER) == (
                found.delivery,
                found.envelope,
                found.operator,
                found.state,
                found.position,
                found.sealed,
                found.peer,
            )
        assert martin.id != petit.id
        for nothing in (
            await queue.find(delivery=DeliveryId(letters.fresh())),
            await queue.find(correlation="<a@b>", recipient=MARIN),
            await queue.find(correlation="<b@a>", recipient=PETIT),
            await queue.find(correlation=letters.fresh(), recipient=PETIT),
            await queue.find(correlation="<a@b>"),
            await queue.find(recipient=PETIT),
            await queue.find(),
        ):
            assert nothing is None

    async def test_a_sealed_envelope_comes_back_to_the_byte(self, queue: AnyQueue, letters: Letters) -> None:
        """While it is open and when it has ended; an id of nothing gives nothing."""
        new, other = await put(queue, letters, MARTIN, PETIT, key="1"), await put(queue, letters, key="2")
        id_ = new.sealed.envelope.id
        for _ in range(2):
            found = await queue.sealed(id_)
            assert found is not None
            assert new.sealed == found
            assert new.sealed.jws == found.jws
            for claimed in await claim(queue, letters):
                await queue.settle([ended(one, claimed, State.DELIVERED) for one in claimed.deliveries])
        assert other.sealed == await queue.sealed(other.sealed.envelope.id)
        for nothing in (letters.fresh(), new.deliveries[0].id, ""):
            assert await queue.sealed(EnvelopeId(nothing)) is None

    async def test_of_several_the_newest_counts(self, queue: AnyQueue, letters: Letters) -> None:
        """A Message-ID used twice means the message that was sent last."""
        await put(queue, letters, key="1", correlation="<a@b>")
        time_of(letters).advance(LATER)
        newest = await put(queue, letters, key="2", correlation="<a@b>")
        found = await queue.find(correlation="<a@b>", recipient=MARTIN)
        assert found is not None
        assert newest.deliveries[0].id == found.delivery

    async def test_a_note_is_taken_once(self, queue: AnyQueue, letters: Letters) -> None:
        """A receipt that comes again changes nothing, and tells the sender nothing again."""
        new, other = await put(queue, letters, key="1"), await put(queue, letters, key="2")
        await claim(queue, letters)
        id_ = new.sealed.envelope.id
        step = Step(at=letters.clock.now(), event="acknowledgement.displayed", detail="read by Dr Martin")
        notices = [await letters.letter(queue.stage(), MARIN) for _ in range(3)]
        assert await queue.note(id_, [step], "key", notice=notices[0])
        assert not await queue.note(id_, [step], "key", notice=notices[1])
        assert await queue.note(id_, [step, step], "other key")
        assert await queue.note(other.sealed.envelope.id, [step], "key")
        assert not await queue.note(EnvelopeId(letters.fresh()), [step], "key", notice=notices[2])
        report = await queue.report(id_)
        assert report is not None
        assert [step] * 3 == list(report.steps)[1:]
        assert [notices[0].sealed] == [one.sealed for one in await claim(queue, letters)]

    @pytest.mark.parametrize("new", list(State))
    @pytest.mark.parametrize("old", [State.PENDING, State.LEASED, State.UNCERTAIN, State.DELIVERED])
    async def test_a_person_moves_by_the_table(
        self, queue: AnyQueue, letters: Letters, old: State, new: State
    ) -> None:
        """A delivery goes where the table allows, or stays as it is, without a notice."""
        envelope = await put(queue, letters)
        id_, now = envelope.deliveries[0].id, letters.clock.now()
        if old is not State.PENDING:
            (claimed,) = await claim(queue, letters)
            if old is not State.LEASED:
                await queue.settle([ended(claimed.deliveries[0], claimed, old, due_at=None)])
        step = Step(at=now, event="delivery.moved", delivery=id_, detail="by hand")
        notice = await letters.letter(queue.stage(), MARIN)
        due_at = now + LATER
        assert old is await queue.move(id_, new, step, due_at=due_at, notice=notice)
        moved = old is not State.LEASED and (new in MOVES[old] or (old is new and bool(MOVES[old])))
        report = await queue.report(envelope.sealed.envelope.id)
        assert report is not None
        assert [new if moved else old] == [one.state for one in report.deliveries]
        assert moved == (step in report.steps)
        assert moved == bool(await claim(queue, letters, {MER: 1}))
        if moved:
            assert [None if new.final else due_at] == [one.due_at for one in report.deliveries]

    async def test_moving_takes_the_lease_of_who_was_asking(self, queue: AnyQueue, letters: Letters) -> None:
        """A receipt settles an uncertain delivery even while its operator is being asked."""
        new = await put(queue, letters)
        (claimed,) = await claim(queue, letters)
        now, id_ = letters.clock.now(), new.deliveries[0].id
        await queue.settle([ended(claimed.deliveries[0], claimed, State.UNCERTAIN, due_at=now)])
        (asking,) = await claim(queue, letters)
        step = Step(at=now, event="acknowledgement.delivered", delivery=id_)
        before = await queue.move(id_, State.DELIVERED, step, due_at=None, notice=None)
        assert State.UNCERTAIN is before
        assert list(await queue.settle([ended(asking.deliveries[0], asking, State.PENDING, due_at=now)])) == [
            False
        ]
        assert list(await queue.waiting()) == []

    async def test_there_is_nothing_to_move_or_see(self, queue: AnyQueue, letters: Letters) -> None:
        """An id that is nobody's is answered with nothing."""
        id_ = letters.fresh()
        step = Step(at=letters.clock.now(), event="delivery.moved")
        assert await queue.move(DeliveryId(id_), State.CANCELLED, step, due_at=None, notice=None) is None
        assert await queue.report(EnvelopeId(id_)) is None
        assert await queue.envelope_of(DeliveryId(id_)) is None

    async def test_the_queue_can_be_looked_at(self, queue: AnyQueue, letters: Letters) -> None:
        """Open deliveries, the oldest first, by operator and state, as many as wanted."""
        await queue.ready()
        first = await put(queue, letters, MARTIN, key="1")
        accepted_at = letters.clock.now()
        time_of(letters).advance(LATER)
        second = await put(queue, letters, MARIN, key="2")
        await claim(queue, letters, {VILLE: 1})
        ids = [first.deliveries[0].id, second.deliveries[0].id]
        waiting = await queue.waiting()
        assert ids == [one.id for one in waiting]
        assert [(accepted_at, None), (letters.clock.now(),) * 2] == [
            (one.accepted_at, one.due_at) for one in waiting
        ]
        assert ids[1:] == [one.id for one in await queue.waiting(operator=MER)]
        assert ids[:1] == [one.id for one in await queue.waiting(state=State.LEASED)]
        assert ids[:1] == [one.id for one in await queue.waiting(limit=1)]
        assert second.sealed.envelope.id == await queue.envelope_of(ids[1])

    async def test_a_report_tells_the_whole_story(self, queue: AnyQueue, letters: Letters) -> None:
        """Every recipient and every step, the oldest first."""
        new = await put(queue, letters, MARTIN, MARIN)
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert (new.sealed, PEER, list(new.steps)) == (report.sealed, report.peer, list(report.steps))
        assert list(new.sealed.envelope.message.recipients) == [one.recipient for one in report.deliveries]
        assert [one.operator for one in report.deliveries] == [VILLE, MER]
