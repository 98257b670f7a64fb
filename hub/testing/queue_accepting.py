"""What a queue takes: submissions, keys that come again, contents of any size."""

# ruff: noqa: S101, PLR2004 -- a contract suite is made of assertions, and counts what it put
from __future__ import annotations

import asyncio

import pytest

from hub.domain.outcome import Refused
from hub.errors import ConflictError, LimitError
from hub.ports.content import PIECE
from hub.ports.intake import Accepted
from hub.testing.letters import MARIN, MARTIN, MER, PEER, PETIT, VILLE, Letters, acceptance
from hub.testing.queue_rig import (
    WHY,
    AnyQueue,
    QueueRig,
    accept,
    claim,
    put,
)


class Accepting(QueueRig):
    """Acceptance and contents."""

    async def test_what_was_put_is_claimed_as_it_was(self, queue: AnyQueue, letters: Letters) -> None:
        """The signed bytes and every document reach the connector unchanged."""
        new = await put(queue, letters, MARTIN, documents=[b"one", b"", b"three" * 1000])
        (claimed,) = await claim(queue, letters)
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
        first = await accept(queue, letters, refused=refused)
        letters.chance.bytes(1)
        again = await accept(queue, letters, refused={})
        assert Accepted(envelopes=first.envelopes, refused=refused, again=True) == again
        assert not first.again
        assert len(await claim(queue, letters)) == 1

    async def test_the_same_key_at_once_is_accepted_once(self, queue: AnyQueue, letters: Letters) -> None:
        """A client that sends twice in parallel sends one message."""
        answers = await asyncio.gather(*(accept(queue, letters) for _ in range(5)))
        assert len({one.envelopes for one in answers}) == 1
        assert sum(not one.again for one in answers) == 1
        assert len(await claim(queue, letters)) == 1

    async def test_the_same_key_for_something_else_is_refused(
        self, queue: AnyQueue, letters: Letters
    ) -> None:
        """A key used for another message is a conflict, now and when asked about."""
        first = await accept(queue, letters)
        with pytest.raises(ConflictError):
            await accept(queue, letters, said=b"something else")
        kept = acceptance(said=b"what it stands for").fingerprint
        answer = Accepted(envelopes=first.envelopes, refused={}, again=True)
        assert await queue.earlier(PEER, ["key-2", "key-1"], kept) == {"key-1": answer}
        with pytest.raises(ConflictError):
            await queue.earlier(PEER, ["key-1"], b"x" * 32)
        assert await queue.earlier("operator:mer", ["key-1"], kept) == {}
        assert await queue.earlier(PEER, ["key-2"], kept) == {}
        assert len(await claim(queue, letters)) == 1

    async def test_of_several_keys_each_is_answered_once(self, queue: AnyQueue, letters: Letters) -> None:
        """What has an answer for one recipient is not stored again for them and the others together."""
        stage = queue.stage()
        opened = await letters.letter(stage, MARTIN)
        blind = await letters.letter(stage, MARIN, contents=opened.contents)
        ids = (opened.sealed.envelope.id, blind.sealed.envelope.id)
        first = acceptance(opened, blind, keys={"martin": ids[:1], "marin": ids[1:]})
        assert await queue.put(stage, first) == Accepted(envelopes=ids, refused={})
        assert await queue.earlier(PEER, ["marin", "petit"], first.fingerprint) == {
            "marin": Accepted(envelopes=ids[1:], refused={}, again=True)
        }
        stage = queue.stage()
        more = await letters.letter(stage, MARTIN, PETIT)
        own = [more.sealed.envelope.id]
        assert await queue.put(stage, acceptance(more, keys={"martin": own, "petit": own})) is None
        fewer = await letters.letter(stage, MARTIN)
        again = await queue.put(stage, acceptance(fewer, keys={"martin": [fewer.sealed.envelope.id]}))
        assert again == Accepted(envelopes=ids[:1], refused={}, again=True)
        assert {one.sealed.envelope.id for one in await claim(queue, letters)} == set(ids)

    async def test_keys_belong_to_their_peer(self, queue: AnyQueue, letters: Letters) -> None:
        """Two peers may choose the same key."""
        first = await accept(queue, letters)
        other = await accept(queue, letters, peer="client:cabinet", said=b"something else")
        assert first.envelopes != other.envelopes
        assert len(await claim(queue, letters)) == 2

    async def test_blind_copies_share_their_documents(self, queue: AnyQueue, letters: Letters) -> None:
        """Each blind copy is an envelope of its own, with the same documents."""
        stage = queue.stage()
        opened = await letters.letter(stage, MARTIN, documents=[b"for all"])
        blind = await letters.letter(stage, MARIN, contents=opened.contents)
        accepted = await queue.put(stage, acceptance(opened, blind))
        assert accepted is not None
        assert len(accepted.envelopes) == 2
        claimed = await claim(queue, letters)
        assert {VILLE, MER} == {one.operator for one in claimed}
        for one in claimed:
            assert [await content.read() for content in one.contents.values()] == [b"for all"]

    async def test_many_at_once_are_all_there(self, queue: AnyQueue, letters: Letters) -> None:
        """Submissions that arrive together are each accepted, none mixed with another."""
        wanted = await asyncio.gather(
            *(put(queue, letters, key=f"key-{n}", documents=[f"text {n}".encode()]) for n in range(60))
        )
        claimed = {one.sealed.envelope.id: one for one in await claim(queue, letters)}
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
        (claimed,) = await claim(queue, letters)
        assert [await one.read() for one in claimed.contents.values()] == [b"kept"]

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
        (claimed,) = await claim(queue, letters)
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
        (claimed,) = await claim(queue, letters)
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
