"""What every queue keeps, as tests that a store's own test file subclasses and passes.

    class TestMyStore(QueueContract):
        @pytest.fixture
        async def queue(self, clock: FixedClock) -> AsyncIterator[AnyQueue]:
            async with open_my_store(clock) as store:
                yield store

Not checked here: durability, and what rests in clear. A store's own tests do.
"""

# ruff: noqa: S101, PLR2004 -- a contract suite is made of assertions, and counts what it put
from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import pytest

from hub.domain.delivery import MOVES, State
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.domain.outcome import Refused
from hub.errors import ConflictError, LimitError, StoreError, Words
from hub.ports.content import PIECE
from hub.ports.intake import Accepted
from hub.ports.queue import Claimed, ClaimedDelivery, NewEnvelope, Queue, Settlement
from hub.ports.records import Records, Step
from hub.testing.fakes import FixedChance, FixedClock
from hub.testing.letters import MARIN, MARTIN, MER, PEER, PETIT, VILLE, Letters, acceptance

LEASE: Final = timedelta(minutes=5)
LATER: Final = timedelta(seconds=30)
EVERYBODY: Final = {VILLE: 100, MER: 100}
WHY: Final = Words(en="The mailbox is full.", fr="La boîte est pleine.")


class AnyQueue(Queue, Records, Protocol):
    """A queue that can be looked into."""


class QueueContract:
    """Subclass it, with a fixture `queue` that yields an `AnyQueue` on the time of `clock`."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def clock(self) -> FixedClock:
        """Return the time that the queue lives by."""
        return FixedClock()

    @pytest.fixture
    def letters(self, clock: FixedClock) -> Letters:
        """Return who writes the letters."""
        return Letters(clock=clock, chance=FixedChance(7))

    # Accepting

    async def test_what_was_put_is_claimed_as_it_was(self, queue: AnyQueue, letters: Letters) -> None:
        """The signed bytes and every document reach the connector unchanged."""
        new = await _put(queue, letters, MARTIN, documents=[b"one", b"", b"three" * 1000])
        (claimed,) = await _claim(queue, letters)
        assert new.sealed == claimed.sealed
        assert claimed.peer == PEER
        assert [await one.read() for one in claimed.contents.values()] == [b"one", b"", b"three" * 1000]
        documents = new.sealed.envelope.message.documents
        assert [one.id for one in documents] == list(claimed.contents)
        assert [(one.size, one.sha256) for one in documents] == [
            (one.size, one.sha256) for one in claimed.contents.values()
        ]

    async def test_the_same_key_gets_the_same_answer(self, queue: AnyQueue, letters: Letters) -> None:
        """Who asks twice is answered alike, and the message goes out once."""
        refused = {PETIT: Refused(code="recipient.unknown", reason=WHY)}
        first = await _accept(queue, letters, refused=refused)
        letters.chance.bytes(1)
        again = await _accept(queue, letters, refused={})
        assert Accepted(envelopes=first.envelopes, refused=refused, again=True) == again
        assert not first.again
        assert len(await _claim(queue, letters)) == 1

    async def test_the_same_key_at_once_is_accepted_once(self, queue: AnyQueue, letters: Letters) -> None:
        """A client that sends twice in parallel sends one message."""
        answers = await asyncio.gather(*(_accept(queue, letters) for _ in range(5)))
        assert len({one.envelopes for one in answers}) == 1
        assert sum(not one.again for one in answers) == 1
        assert len(await _claim(queue, letters)) == 1

    async def test_the_same_key_for_something_else_is_refused(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """A key used for another message is a conflict, now and when asked about."""
        first = await _accept(queue, letters)
        with pytest.raises(ConflictError):
            await _accept(queue, letters, said=b"something else")
        kept = acceptance(said=b"what it stands for").fingerprint
        assert (await queue.earlier(PEER, "key-1", kept)) == Accepted(
            envelopes=first.envelopes, refused={}, again=True
        )
        with pytest.raises(ConflictError):
            await queue.earlier(PEER, "key-1", b"x" * 32)
        assert await queue.earlier("operator:mer", "key-1", kept) is None
        assert await queue.earlier(PEER, "key-2", kept) is None
        assert len(await _claim(queue, letters)) == 1

    async def test_keys_belong_to_their_peer(self, queue: AnyQueue, letters: Letters) -> None:
        """Two peers may choose the same key."""
        first = await _accept(queue, letters)
        other = await _accept(queue, letters, peer="client:cabinet", said=b"something else")
        assert first.envelopes != other.envelopes
        assert len(await _claim(queue, letters)) == 2

    async def test_blind_copies_share_their_documents(self, queue: AnyQueue, letters: Letters) -> None:
        """Each blind copy is an envelope of its own, with the same documents."""
        stage = queue.stage()
        opened = await letters.letter(stage, MARTIN, documents=[b"for all"])
        blind = await letters.letter(stage, MARIN, contents=opened.contents)
        accepted = await queue.put(stage, acceptance(opened, blind))
        assert len(accepted.envelopes) == 2
        claimed = await _claim(queue, letters)
        assert {VILLE, MER} == {one.operator for one in claimed}
        for one in claimed:
            assert [await content.read() for content in one.contents.values()] == [b"for all"]

    async def test_many_at_once_are_all_there(self, queue: AnyQueue, letters: Letters) -> None:
        """Submissions that arrive together are each accepted, none mixed with another."""
        wanted = await asyncio.gather(
            *(_put(queue, letters, key=f"key-{n}", documents=[f"text {n}".encode()]) for n in range(60))
        )
        claimed = {one.sealed.envelope.id: one for one in await _claim(queue, letters)}
        assert {one.sealed.envelope.id for one in wanted} == set(claimed)
        for number, one in enumerate(wanted):
            (content,) = claimed[one.sealed.envelope.id].contents.values()
            assert f"text {number}".encode() == await content.read()

    async def test_discarding_after_a_put_is_harmless(self, queue: AnyQueue, letters: Letters) -> None:
        """A receiver may always clear up, whether its submission was accepted or not."""
        stage, dropped = queue.stage(), queue.stage()
        await queue.put(stage, acceptance(await letters.letter(stage, documents=[b"kept"])))
        await dropped.keep(b"dropped")
        for one in (stage, stage, dropped):
            await one.discard()
        (claimed,) = await _claim(queue, letters)
        assert [await one.read() for one in claimed.contents.values()] == [b"kept"]

    # Contents

    @pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5])
    async def test_contents_are_read_in_pieces_from_anywhere(
        self, queue: AnyQueue, letters: Letters, size: int
    ) -> None:
        """Any stretch of a document can be read, at any size, before and after it is stored."""
        data = bytes(n * 31 % 251 for n in range(size))
        stage = queue.stage()
        sink = stage.sink()
        for at in range(0, size, 100_003):
            await sink.write(data[at : at + 100_003])
        content = await sink.finish()
        await queue.put(stage, acceptance(await letters.letter(stage, contents=[content])))
        (claimed,) = await _claim(queue, letters)
        for one in (content, *claimed.contents.values()):
            assert size == one.size
            pieces = [piece async for piece in one.pieces()]
            assert data == b"".join(pieces)
            assert all(len(piece) <= PIECE for piece in pieces)
            for start, end in ((0, 10), (PIECE - 3, PIECE + 3), (size // 2, None), (size, None), (5, 5)):
                assert data[start:end] == await one.read(start, end)
                assert data[start:end] == b"".join([piece async for piece in one.pieces(start, end)])

    async def test_contents_may_be_written_side_by_side(self, queue: AnyQueue, letters: Letters) -> None:
        """Two large documents of one submission, written in turns, stay apart."""
        stage = queue.stage()
        sinks = [stage.sink(), stage.sink()]
        for _ in range(3):
            for number, sink in enumerate(sinks):
                await sink.write(bytes([number]) * (PIECE + 7))
        contents = [await sink.finish() for sink in sinks]
        small = await stage.keep(b"small")
        new = await letters.letter(stage, contents=[*contents, small])
        await queue.put(stage, acceptance(new))
        (claimed,) = await _claim(queue, letters)
        read = [await one.read() for one in claimed.contents.values()]
        assert read == [b"\0" * 3 * (PIECE + 7), b"\1" * 3 * (PIECE + 7), b"small"]

    async def test_a_content_over_its_limit_is_refused(self, queue: AnyQueue) -> None:
        """Too large a document is refused while it comes in."""
        stage = queue.stage()
        sink = stage.sink(limit=10)
        await sink.write(b"0123456789")
        with pytest.raises(LimitError):
            await sink.write(b"x")
        await stage.discard()

    # Claiming

    async def test_recipients_at_one_operator_travel_together(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """One envelope makes one parcel per operator, its recipients in their order."""
        await _put(queue, letters, MARTIN, MARIN, PETIT)
        claimed = {one.operator: one for one in await _claim(queue, letters)}
        assert {
            name: [delivery.position for delivery in one.deliveries] for name, one in claimed.items()
        } == {VILLE: [0, 2], MER: [1]}
        assert {(State.LEASED, 1)} == {
            (one.state, one.attempts) for parcel in claimed.values() for one in parcel.deliveries
        }

    async def test_what_is_leased_is_not_claimed_again(self, queue: AnyQueue, letters: Letters) -> None:
        """Two workers never get the same delivery."""
        for number in range(20):
            await _put(queue, letters, MARTIN, PETIT, key=f"key-{number}")
        claims = await asyncio.gather(*(_claim(queue, letters, {VILLE: 3}) for _ in range(10)))
        ids = [one.id for claim in claims for parcel in claim for one in parcel.deliveries]
        assert 40 == len(ids) == len(set(ids))
        assert await _claim(queue, letters) == []

    @pytest.mark.parametrize("most", [1, 2, 3, 7])
    async def test_a_claim_is_filled_while_anything_is_due(
        self, queue: AnyQueue, letters: Letters, most: int
    ) -> None:
        """Exactly as many parcels come as were wanted, however many recipients each has."""
        for number in range(4):
            await _put(queue, letters, *(f"dr{n}@ville.example" for n in range(9)), key=f"key-{number}")
        await _put(queue, letters, MARIN, key="other")
        claimed = await _claim(queue, letters, {VILLE: most})
        assert min(most, 4) == len(claimed)
        assert all(len(one.deliveries) == 9 for one in claimed)

    async def test_only_wanted_operators_are_claimed_for(self, queue: AnyQueue, letters: Letters) -> None:
        """An operator that is suspended or full gets nothing."""
        await _put(queue, letters, MARTIN, MARIN)
        assert list(await _claim(queue, letters, {OperatorName("elsewhere"): 5, VILLE: 0})) == []
        assert list(await _claim(queue, letters, {})) == []
        assert [one.operator for one in await _claim(queue, letters, {MER: 1})] == [MER]

    async def test_the_longest_due_comes_first(self, queue: AnyQueue, letters: Letters) -> None:
        """Nobody is overtaken for ever."""
        first = await _put(queue, letters, key="1")
        _clock(letters).advance(LATER)
        await _put(queue, letters, key="2")
        (claimed,) = await _claim(queue, letters, {VILLE: 1})
        assert first.sealed == claimed.sealed

    async def test_nothing_is_claimed_before_it_is_due(self, queue: AnyQueue, letters: Letters) -> None:
        """A deferred delivery waits for its time, and the worker knows how long."""
        assert await queue.next_due() is None
        await _put(queue, letters)
        assert letters.clock.now() == await queue.next_due()
        (claimed,) = await _claim(queue, letters)
        assert await queue.next_due() is None
        due_at = letters.clock.now() + timedelta(microseconds=1234567)
        assert list(
            await queue.settle([_ended(claimed.deliveries[0], claimed, State.PENDING, due_at=due_at)])
        ) == [True]
        assert due_at == await queue.next_due()
        assert list(await _claim(queue, letters)) == []
        _clock(letters).advance(due_at - letters.clock.now())
        (again,) = await _claim(queue, letters)
        assert [one.attempts for one in again.deliveries] == [2]

    async def test_uncertain_deliveries_are_claimed_to_be_asked_about(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """They stay uncertain, apart from those to be sent, and come up again at the lease's end."""
        await _put(queue, letters, MARTIN, PETIT)
        (claimed,) = await _claim(queue, letters)
        now = letters.clock.now()
        states = (State.UNCERTAIN, State.PENDING)
        await queue.settle(
            [
                _ended(one, claimed, state, due_at=now)
                for one, state in zip(claimed.deliveries, states, strict=True)
            ]
        )
        parcels = await _claim(queue, letters)
        assert sorted([one.state for one in parcel.deliveries] for parcel in parcels) == [
            [State.LEASED],
            [State.UNCERTAIN],
        ]
        assert now + LEASE == await queue.next_due()
        _clock(letters).advance(LEASE)
        (again,) = await _claim(queue, letters)
        assert [one.state for one in again.deliveries] == [State.UNCERTAIN]

    async def test_what_outlived_its_envelope_is_claimed_for_any_operator(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """Held, waiting, or of an operator that is gone: each gets its end."""
        await _put(queue, letters, MARTIN, MARIN, PETIT)
        (claimed,) = await _claim(queue, letters, {VILLE: 1})
        martin, petit = claimed.deliveries
        await queue.settle([_ended(martin, claimed, State.UNCERTAIN, due_at=None)])
        end, now = letters.clock.now() + letters.life, letters.clock.now()
        assert list(await queue.claim_ended(end - LATER, now, now + LEASE, 10)) == []
        _clock(letters).advance(letters.life)
        now = letters.clock.now()
        parcels = await queue.claim_ended(end, now, now + LEASE, 10)
        found = {one.operator: [(d.position, d.state) for d in one.deliveries] for one in parcels}
        assert found == {VILLE: [(0, State.UNCERTAIN)], MER: [(1, State.LEASED)]}
        assert list(await queue.claim_ended(end, now, now + LEASE, 10)) == []
        ended = [_ended(one.deliveries[0], one, State.REFUSED) for one in parcels]
        ended[0 if parcels[0].operator == MER else 1] = _ended(
            next(one for one in parcels if one.operator == MER).deliveries[0],
            next(one for one in parcels if one.operator == MER),
            State.EXPIRED,
        )
        assert list(await queue.settle(ended)) == [True, True]
        assert [petit.id] == [one.id for one in await queue.waiting()]

    async def test_claiming_what_has_ended_keeps_its_limit(self, queue: AnyQueue, letters: Letters) -> None:
        """A large backlog ends step by step."""
        for number in range(5):
            await _put(queue, letters, key=f"key-{number}")
        _clock(letters).advance(letters.life)
        now = letters.clock.now()
        assert len(await queue.claim_ended(now, now, now + LEASE, 2)) == 2
        assert len(await queue.claim_ended(now, now, now + LEASE, 10)) == 3

    # Settling

    async def test_a_delivered_message_is_over(self, queue: AnyQueue, letters: Letters) -> None:
        """It is never sent again, and its timeline says what the operator answered."""
        new = await _put(queue, letters)
        (claimed,) = await _claim(queue, letters)
        assert list(
            await queue.settle(
                [_ended(claimed.deliveries[0], claimed, State.DELIVERED, detail="250 2.0.0 taken as 4XyZ")]
            )
        ) == [True]
        _clock(letters).advance(timedelta(days=1))
        assert list(await _claim(queue, letters)) == []
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
        new = await _put(queue, letters)
        (claimed,) = await _claim(queue, letters)
        await queue.settle(
            [
                _ended(
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
        new = await _put(queue, letters, MARTIN, PETIT)
        (claimed,) = await _claim(queue, letters)
        _clock(letters).advance(LEASE)
        assert await queue.expire_leases(letters.clock.now()) == 2
        (taken,) = await _claim(queue, letters)
        late = [
            _ended(claimed.deliveries[0], claimed, State.DELIVERED),
            _ended(claimed.deliveries[1], claimed, State.REFUSED, notice=await letters.letter(queue.stage())),
        ]
        assert list(await queue.settle(late)) == [False, False]
        assert list(await queue.settle([_ended(taken.deliveries[0], taken, State.DELIVERED)])) == [True]
        assert list(await queue.settle([_ended(taken.deliveries[0], taken, State.DELIVERED)])) == [False]
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert [one.state for one in report.deliveries] == [State.DELIVERED, State.UNCERTAIN]
        assert list(await _claim(queue, letters)) == []

    async def test_lost_and_held_leases_are_told_apart(self, queue: AnyQueue, letters: Letters) -> None:
        """What is still ours is settled, beside what is not, each with its notice or without."""
        await _put(queue, letters, MARTIN, PETIT)
        (claimed,) = await _claim(queue, letters)
        stranger = ClaimedDelivery(
            id=DeliveryId(letters.fresh()), position=0, attempts=1, lease=b"x" * 16, state=State.LEASED
        )
        forged = ClaimedDelivery(
            id=claimed.deliveries[0].id, position=0, attempts=1, lease=b"x" * 16, state=State.LEASED
        )
        notices = [await letters.letter(queue.stage(), MARIN, documents=[b"notice"]) for _ in range(3)]
        outcome = await queue.settle(
            [
                _ended(one, claimed, State.REFUSED, notice=notice)
                for one, notice in zip((stranger, forged, claimed.deliveries[1]), notices, strict=True)
            ]
        )
        assert list(outcome) == [False, False, True]
        (notice,) = await _claim(queue, letters)
        assert notices[2].sealed == notice.sealed
        assert [await one.read() for one in notice.contents.values()] == [b"notice"]

    @pytest.mark.parametrize("new", list(State))
    @pytest.mark.parametrize("old", [State.LEASED, State.UNCERTAIN])
    async def test_an_attempt_ends_by_the_table_of_moves(
        self, queue: AnyQueue, letters: Letters, old: State, new: State
    ) -> None:
        """No attempt can bring a delivery where it may not go; then nothing is stored."""
        envelope = await _put(queue, letters)
        (claimed,) = await _claim(queue, letters)
        now = letters.clock.now()
        if old is State.UNCERTAIN:
            await queue.settle([_ended(claimed.deliveries[0], claimed, State.UNCERTAIN, due_at=now)])
            (claimed,) = await _claim(queue, letters)
        ended = _ended(claimed.deliveries[0], claimed, new, due_at=now)
        if new in MOVES[old] or old is new is State.UNCERTAIN:
            assert list(await queue.settle([ended])) == [True]
        else:
            with pytest.raises(StoreError):
                await queue.settle([ended])
        report = await queue.report(envelope.sealed.envelope.id)
        assert report is not None
        allowed = new in MOVES[old] or old is new
        assert [new if allowed else old] == [one.state for one in report.deliveries]

    async def test_settling_nothing_is_nothing(self, queue: AnyQueue) -> None:
        """An empty list is answered with one."""
        assert list(await queue.settle([])) == []

    # Leases

    async def test_lost_leases_become_uncertain(self, queue: AnyQueue, letters: Letters) -> None:
        """What a crashed worker had in hand is asked about, not lost and not sent blindly."""
        new = await _put(queue, letters)
        await _claim(queue, letters)
        assert await queue.expire_leases(letters.clock.now()) == 0
        _clock(letters).advance(LEASE)
        assert await queue.expire_leases(letters.clock.now()) == 1
        (again,) = await _claim(queue, letters)
        assert [one.state for one in again.deliveries] == [State.UNCERTAIN]
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert report.steps[-1].event == "delivery.lease_lost"

    async def test_at_the_start_every_lease_is_lost(self, queue: AnyQueue, letters: Letters) -> None:
        """After a crash nothing waits for the end of leases that nobody holds."""
        await _put(queue, letters)
        await _claim(queue, letters)
        assert await queue.expire_leases(letters.clock.now(), everything=True) == 1
        assert letters.clock.now() == await queue.next_due()
        assert len(await _claim(queue, letters)) == 1
        assert await queue.expire_leases(letters.clock.now(), everything=True) == 1
        assert letters.clock.now() == await queue.next_due()
        assert len(await _claim(queue, letters)) == 1

    # Finding and noting

    async def test_receipts_find_their_delivery(self, queue: AnyQueue, letters: Letters) -> None:
        """By its id, by the envelope's, or by the Message-ID and the recipient."""
        new = await _put(queue, letters, MARTIN, PETIT, correlation="<a@b>")
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

    async def test_of_several_the_newest_counts(self, queue: AnyQueue, letters: Letters) -> None:
        """A Message-ID used twice means the message that was sent last."""
        await _put(queue, letters, key="1", correlation="<a@b>")
        _clock(letters).advance(LATER)
        newest = await _put(queue, letters, key="2", correlation="<a@b>")
        found = await queue.find(correlation="<a@b>", recipient=MARTIN)
        assert found is not None
        assert newest.deliveries[0].id == found.delivery

    async def test_a_note_is_taken_once(self, queue: AnyQueue, letters: Letters) -> None:
        """A receipt that comes again changes nothing, and tells the sender nothing again."""
        new, other = await _put(queue, letters, key="1"), await _put(queue, letters, key="2")
        await _claim(queue, letters)
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
        assert [notices[0].sealed] == [one.sealed for one in await _claim(queue, letters)]

    # Moving

    @pytest.mark.parametrize("new", list(State))
    @pytest.mark.parametrize("old", [State.PENDING, State.LEASED, State.UNCERTAIN, State.DELIVERED])
    async def test_a_person_moves_by_the_table(
        self, queue: AnyQueue, letters: Letters, old: State, new: State
    ) -> None:
        """A delivery goes where the table allows, or stays as it is, without a notice."""
        envelope = await _put(queue, letters)
        id_, now = envelope.deliveries[0].id, letters.clock.now()
        if old is not State.PENDING:
            (claimed,) = await _claim(queue, letters)
            if old is not State.LEASED:
                await queue.settle([_ended(claimed.deliveries[0], claimed, old, due_at=None)])
        step = Step(at=now, event="delivery.moved", delivery=id_, detail="by hand")
        notice = await letters.letter(queue.stage(), MARIN)
        due_at = now + LATER
        assert old is await queue.move(id_, new, step, due_at=due_at, notice=notice)
        moved = old is not State.LEASED and (new in MOVES[old] or (old is new and bool(MOVES[old])))
        report = await queue.report(envelope.sealed.envelope.id)
        assert report is not None
        assert [new if moved else old] == [one.state for one in report.deliveries]
        assert moved == (step in report.steps)
        assert moved == bool(await _claim(queue, letters, {MER: 1}))
        if moved:
            assert [None if new.final else due_at] == [one.due_at for one in report.deliveries]

    async def test_moving_takes_the_lease_of_who_was_asking(self, queue: AnyQueue, letters: Letters) -> None:
        """A receipt settles an uncertain delivery even while its operator is being asked."""
        new = await _put(queue, letters)
        (claimed,) = await _claim(queue, letters)
        now, id_ = letters.clock.now(), new.deliveries[0].id
        await queue.settle([_ended(claimed.deliveries[0], claimed, State.UNCERTAIN, due_at=now)])
        (asking,) = await _claim(queue, letters)
        step = Step(at=now, event="acknowledgement.delivered", delivery=id_)
        before = await queue.move(id_, State.DELIVERED, step, due_at=None, notice=None)
        assert State.UNCERTAIN is before
        assert list(
            await queue.settle([_ended(asking.deliveries[0], asking, State.PENDING, due_at=now)])
        ) == [False]
        assert list(await queue.waiting()) == []

    async def test_there_is_nothing_to_move_or_see(self, queue: AnyQueue, letters: Letters) -> None:
        """An id that is nobody's is answered with nothing."""
        id_ = letters.fresh()
        step = Step(at=letters.clock.now(), event="delivery.moved")
        assert await queue.move(DeliveryId(id_), State.CANCELLED, step, due_at=None, notice=None) is None
        assert await queue.report(EnvelopeId(id_)) is None
        assert await queue.envelope_of(DeliveryId(id_)) is None

    # Looking

    async def test_the_queue_can_be_looked_at(self, queue: AnyQueue, letters: Letters) -> None:
        """Open deliveries, the oldest first, by operator and state, as many as wanted."""
        await queue.ready()
        first = await _put(queue, letters, MARTIN, key="1")
        accepted_at = letters.clock.now()
        _clock(letters).advance(LATER)
        second = await _put(queue, letters, MARIN, key="2")
        await _claim(queue, letters, {VILLE: 1})
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
        new = await _put(queue, letters, MARTIN, MARIN)
        report = await queue.report(new.sealed.envelope.id)
        assert report is not None
        assert (new.sealed, PEER, list(new.steps)) == (report.sealed, report.peer, list(report.steps))
        assert list(new.sealed.envelope.message.recipients) == [one.recipient for one in report.deliveries]
        assert [one.operator for one in report.deliveries] == [VILLE, MER]


async def _put(
    queue: Queue,
    letters: Letters,
    *recipients: str,
    key: str = "key-1",
    documents: Sequence[bytes] = (b"Cher confr\xc3\xa8re,",),
    correlation: str | None = None,
) -> NewEnvelope:
    stage = queue.stage()
    new = await letters.letter(stage, *recipients, documents=documents, correlation=correlation)
    accepted = await queue.put(stage, acceptance(new, key=key))
    assert (new.sealed.envelope.id,) == accepted.envelopes
    return new


async def _accept(
    queue: Queue,
    letters: Letters,
    *,
    peer: str = PEER,
    said: bytes = b"what it stands for",
    refused: dict[str, Refused] | None = None,
) -> Accepted:
    stage = queue.stage()
    return await queue.put(
        stage, acceptance(await letters.letter(stage), peer=peer, said=said, refused=refused)
    )


async def _claim(
    queue: Queue, letters: Letters, wanted: dict[OperatorName, int] | None = None
) -> Sequence[Claimed]:
    now = letters.clock.now()
    return await queue.claim(EVERYBODY if wanted is None else wanted, now, now + LEASE)


def _ended(
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


def _clock(letters: Letters) -> FixedClock:
    assert isinstance(letters.clock, FixedClock)
    return letters.clock
