"""What a connector that fetches its operator's inbox must do, as tests that every plugin's connector passes.

A plugin's own test file subclasses `FetchingContract` and gives it a `rig`: an inbox that the test runs, and
a way to open the connector on it. Every pause of the connector must be short there, and the same ledger must
be used each time it is opened.
"""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

import pytest

from hub.domain.address import Address
from hub.errors import InputError, StoreError, Words
from hub.ports.host import Receives
from hub.ports.intake import Accepted, Peer, Stage, Submission
from hub.testing.reception import RecordingIntake

PATIENCE: Final = 20.0
"""Seconds that anything may take before a test gives up on it."""
_WORDS: Final = Words(en="Said by the test.", fr="Dit par le test.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something that an operator holds for the hub."""

    id: str
    sender: Address
    recipient: Address
    subject: str
    data: bytes = field(repr=False)


class FarInbox(Protocol):
    """An operator's inbox, run by the test.

    `journal` is what happened, in order: the connector's acknowledgements are added as
    `("acknowledged", id)` before they are answered. While `stalls` names a point, the next
    acknowledgement stops there for good: `before` it is done, or `after` it, before the answer.
    `loses` counts acknowledgements that are done and whose answers get lost.
    """

    journal: list[tuple[str, str]]
    stalls: str | None
    loses: int

    def hold(self, letter: Letter) -> None:
        """Hold one more."""
        ...

    def held(self) -> list[str]:
        """Return the ids of those that were not acknowledged, in order."""
        ...

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at after everything that happens here."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchingRig:
    """An inbox, and how the connector is opened on it; `peer` is who the operator is to the hub."""

    inbox: FarInbox
    open: Callable[[], AbstractAsyncContextManager[Receives]]
    peer: Peer
    letter: Callable[[int], Letter]


class Watched(RecordingIntake):
    """An intake that says what it did, and stops where it is told to.

    `stalls` is `before` or `after` the commit of the next submission; `raises` are what submissions raise
    instead, by their subject.
    """

    def __init__(self, rig: FetchingRig) -> None:
        super().__init__(operators={str(rig.peer.operator): rig.peer})
        self._journal = rig.inbox.journal
        self._peer = rig.peer
        self.stalls: str | None = None
        self.stalled = asyncio.Event()
        self.committed = asyncio.Event()
        self.raises: dict[str, Exception] = {}

    async def submit(self, stage: Stage, submission: Submission) -> Accepted:
        """Take a submission."""
        if (error := self.raises.get(submission.subject)) is not None:
            self._journal.append(("raised", submission.native_id))
            raise error
        await self._stop("before")
        accepted = await super().submit(stage, submission)
        self._journal.append(("again" if accepted.again else "taken", submission.native_id))
        self.committed.set()
        await self._stop("after")
        return accepted

    async def _stop(self, point: str) -> None:
        if self.stalls == point:
            self.stalled.set()
            await asyncio.Event().wait()


class FetchingContract:
    """Subclass it, with a fixture `rig`."""

    pytestmark = pytest.mark.asyncio

    async def test_each_is_taken_once_in_order_and_acknowledged(self, rig: FetchingRig) -> None:
        """The bytes are those that lay there."""
        letters = _held(rig, 7)
        intake = Watched(rig)
        async with _receiving(rig, intake):
            await rig.inbox.until(lambda: not rig.inbox.held())
        assert _subjects(intake) == [one.subject for one in letters]
        for taken, letter in zip(intake.submissions, letters, strict=True):
            assert taken.peer == rig.peer
            assert (taken.native_id, taken.sender) == (letter.id, letter.sender)
            assert [to.target for to in taken.recipients] == [letter.recipient]
            contents = [await part.content.read() for part in taken.parts]
            assert letter.data in contents
        _hold_the_order(rig.inbox.journal)

    async def test_what_comes_later_is_taken_later(self, rig: FetchingRig) -> None:
        """The inbox is looked at again and again."""
        intake = Watched(rig)
        letters = [rig.letter(number) for number in range(3)]
        async with _receiving(rig, intake):
            for one in letters:
                rig.inbox.hold(one)
                await rig.inbox.until(lambda: not rig.inbox.held())
        assert _subjects(intake) == [one.subject for one in letters]

    @pytest.mark.parametrize("point", ["before", "after"])
    async def test_a_crash_at_the_commit_loses_and_doubles_nothing(
        self, rig: FetchingRig, point: str
    ) -> None:
        """Not committed, it is not acknowledged; committed, it is known when it comes again."""
        letters = _held(rig, 2)
        intake = Watched(rig)
        intake.stalls = point
        async with _receiving(rig, intake, crash=True):
            await asyncio.wait_for(intake.stalled.wait(), PATIENCE)
        assert rig.inbox.held() == [one.id for one in letters]
        intake.stalls = None
        await _finished(rig, intake)
        assert _subjects(intake) == [one.subject for one in letters]

    @pytest.mark.parametrize("point", ["before", "after"])
    async def test_a_crash_at_the_acknowledgement_loses_and_doubles_nothing(
        self, rig: FetchingRig, point: str
    ) -> None:
        """Whether the operator had heard it or not."""
        (first,) = _held(rig, 1)
        intake = Watched(rig)
        rig.inbox.stalls = point
        async with _receiving(rig, intake, crash=True):
            await rig.inbox.until(lambda: ("stalled", first.id) in rig.inbox.journal)
        rig.inbox.stalls = None
        second = rig.letter(1)
        rig.inbox.hold(second)
        await _finished(rig, intake)
        assert _subjects(intake) == [first.subject, second.subject]

    async def test_a_lost_answer_to_an_acknowledgement_does_no_harm(self, rig: FetchingRig) -> None:
        """What comes after it is taken, and nothing twice."""
        letters = _held(rig, 3)
        intake = Watched(rig)
        rig.inbox.loses = 2
        await _finished(rig, intake)
        assert _subjects(intake) == [one.subject for one in letters]

    async def test_what_the_store_does_not_take_stays_and_is_taken_later(self, rig: FetchingRig) -> None:
        """It is not acknowledged meanwhile."""
        (letter,) = _held(rig, 1)
        intake = Watched(rig)
        intake.raises[letter.subject] = StoreError("store.full", _WORDS)
        async with _receiving(rig, intake):
            await rig.inbox.until(lambda: rig.inbox.journal.count(("raised", letter.id)) > 1)
            assert rig.inbox.held() == [letter.id]
            intake.raises.clear()
            await rig.inbox.until(lambda: not rig.inbox.held())
        _hold_the_order(rig.inbox.journal)

    async def test_what_is_refused_hurts_no_other(self, rig: FetchingRig) -> None:
        """The rest are taken; it is neither taken nor acknowledged."""
        letters = _held(rig, 4)
        intake = Watched(rig)
        intake.raises[letters[1].subject] = InputError("recipients.refused", _WORDS)
        async with _receiving(rig, intake):
            await rig.inbox.until(lambda: len(rig.inbox.held()) == 1)
        assert rig.inbox.held() == [letters[1].id]
        assert _subjects(intake) == [letters[number].subject for number in (0, 2, 3)]
        _hold_the_order(rig.inbox.journal)

    async def test_a_stop_finishes_what_was_begun(self, rig: FetchingRig) -> None:
        """What was committed is acknowledged before the connector ends."""
        _held(rig, 1)
        intake = Watched(rig)
        async with _receiving(rig, intake):
            await asyncio.wait_for(intake.committed.wait(), PATIENCE)
        assert rig.inbox.held() == []


@asynccontextmanager
async def _receiving(
    rig: FetchingRig, intake: Watched, *, crash: bool = False
) -> AsyncIterator[asyncio.Task[None]]:
    """Have the connector receive while the block lasts; a crash is a stop that lets nothing finish."""
    async with rig.open() as connector:
        task = asyncio.ensure_future(connector.receive(intake))
        try:
            yield task
        finally:
            task.cancel()
            while crash and not task.done():
                # each further cancellation cuts short what the one before let finish
                await asyncio.wait({task}, timeout=0.01)
                task.cancel()
            await asyncio.wait({task}, timeout=PATIENCE)
    assert task.cancelled() or isinstance(task.exception(), BaseExceptionGroup)


async def _finished(rig: FetchingRig, intake: Watched) -> None:
    """Receive until nothing is left."""
    async with _receiving(rig, intake):
        await rig.inbox.until(lambda: not rig.inbox.held())
    _hold_the_order(rig.inbox.journal)


def _held(rig: FetchingRig, count: int) -> list[Letter]:
    """Have the operator hold some letters."""
    letters = [rig.letter(number) for number in range(count)]
    for one in letters:
        rig.inbox.hold(one)
    return letters


def _subjects(intake: Watched) -> list[str]:
    return [one.subject for one in intake.submissions]


def _hold_the_order(journal: list[tuple[str, str]]) -> None:
    """No message is acknowledged before it was taken."""
    durable: set[str] = set()
    for event, known in journal:
        if event in {"taken", "again"}:
            durable.add(known)
        assert event != "acknowledged" or known in durable
