"""What the hub's way in keeps, as tests that the fake passes too: a receiver may be tested on it."""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from hub.domain.address import Address
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import EnvelopeId, OperatorName
from hub.domain.outcome import Delivered, Refused
from hub.errors import ConflictError, LimitError
from hub.ports.content import PIECE
from hub.ports.intake import Acknowledgement, Intake, Peer, Submission, To


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way in, and who is known there. `submission` makes one that is accepted, under a fresh key.

    `peer` is an operator, `sealed` an envelope that a submission became.
    """

    intake: Intake
    peer: Peer
    certificate: bytes
    good: Address
    second: Address
    unknown: Address
    submission: Callable[[], Submission]
    sealed: SealedEnvelope


class IntakeContract:
    """Subclass it, with a fixture `door`."""

    pytestmark = pytest.mark.asyncio

    async def test_a_certificate_stands_for_its_operator_or_for_nobody(self, door: Door) -> None:
        """Never for somebody else."""
        assert door.intake.identify(door.certificate) == door.peer
        assert door.intake.identify(door.certificate + b"x") is None
        assert door.intake.identify(b"") is None

    async def test_an_operator_is_a_peer_by_its_name(self, door: Door) -> None:
        """The same as by its certificate, with its domains; a name of nobody's is nobody."""
        assert door.peer.operator is not None
        found = door.intake.standing_for(door.peer.operator)
        assert found == door.peer
        assert found.domains
        for name in ("nobody", "", door.peer.operator.upper(), door.peer.name):
            assert door.intake.standing_for(OperatorName(name)) is None

    async def test_a_sealed_envelope_can_be_shown(self, door: Door) -> None:
        """To the byte as it was signed; an id of nothing gives nothing."""
        found = await door.intake.sealed(door.sealed.envelope.id)
        assert found == door.sealed
        assert found.jws == door.sealed.jws
        for id_ in ("", "x", "0197b5e0-0000-7000-8000-000000000000"):
            assert await door.intake.sealed(EnvelopeId(id_)) is None

    async def test_a_recipient_is_judged_with_words(self, door: Door) -> None:
        """None is yes; a refusal has a stable code and both languages."""
        assert await door.intake.judge(door.peer, door.good) is None
        why = await door.intake.judge(door.peer, door.unknown)
        assert isinstance(why, Refused)
        assert why.code.startswith("recipient.")
        assert why.reason.en
        assert why.reason.fr

    async def test_a_submission_is_taken_once(self, door: Door) -> None:
        """The same again gets the same answer, and says so."""
        one = door.submission()
        first = await door.intake.submit(door.intake.stage(), one)
        again = await door.intake.submit(door.intake.stage(), one)
        assert first.envelopes
        assert not first.again
        assert again == replace(first, again=True)

    async def test_another_message_under_the_same_key_is_a_conflict(self, door: Door) -> None:
        """It is not taken for the first one."""
        one = door.submission()
        await door.intake.submit(door.intake.stage(), one)
        with pytest.raises(ConflictError):
            await door.intake.submit(door.intake.stage(), replace(one, subject=f"{one.subject} bis"))

    async def test_who_was_reached_is_not_reached_again_by_more_or_fewer(self, door: Door) -> None:
        """A mail server whose answer was lost repeats a mail to other recipients: each gets it once."""
        good, second = To(target=door.good), To(target=door.second)
        one = replace(door.submission(), recipients=[good], whole=True)
        first = await door.intake.submit(door.intake.stage(), one)
        both = replace(one, recipients=[second, good])
        more = await door.intake.submit(door.intake.stage(), both)
        assert not more.again
        assert set(first.envelopes).isdisjoint(more.envelopes)
        for recipient, answer in (good, first), (second, more):
            again = await door.intake.submit(door.intake.stage(), replace(one, recipients=[recipient]))
            assert again == replace(answer, again=True)
        whole = await door.intake.submit(door.intake.stage(), both)
        assert whole.again
        assert set(whole.envelopes) == {*first.envelopes, *more.envelopes}

    async def test_another_key_is_another_message(self, door: Door) -> None:
        """Even with the same content."""
        first = await door.intake.submit(door.intake.stage(), door.submission())
        other = await door.intake.submit(door.intake.stage(), door.submission())
        assert not other.again
        assert set(first.envelopes).isdisjoint(other.envelopes)

    @pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1])
    async def test_what_is_written_to_a_stage_can_be_read_at_once(self, door: Door, size: int) -> None:
        """Whole, in part and in pieces, with its size and digest."""
        data = bytes(range(256)) * (size // 256 + 1)
        data = data[:size]
        sink = door.intake.stage().sink()
        for at in range(0, size, 1000):
            await sink.write(data[at : at + 1000])
        content = await sink.finish()
        pieces = [piece async for piece in content.pieces()]
        assert b"".join(pieces) == data
        assert all(len(piece) <= PIECE for piece in pieces)
        assert await content.read() == data
        assert await content.read(1, 5) == data[1:5]
        assert (content.size, content.sha256) == (size, hashlib.sha256(data).hexdigest())

    async def test_a_limit_holds(self, door: Door) -> None:
        """Byte-exact; what passes it is refused as soon as it comes."""
        sink = door.intake.stage().sink(10)
        await sink.write(b"x" * 10)
        with pytest.raises(LimitError):
            await sink.write(b"x")

    async def test_discarding_after_the_submission_is_harmless(self, door: Door) -> None:
        """A receiver may always do it."""
        stage = door.intake.stage()
        await door.intake.submit(stage, door.submission())
        await stage.discard()
        await stage.discard()

    async def test_a_receipt_for_nothing_is_no_match(self, door: Door) -> None:
        """And raises nothing."""
        receipt = Acknowledgement(
            outcome=Delivered(receipt="ok"), event="acknowledgement.received", native_id="<nothing@x>"
        )
        assert not await door.intake.acknowledge(door.peer, receipt)
