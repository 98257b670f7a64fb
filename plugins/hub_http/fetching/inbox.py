"""One look at what an operator holds for the hub: every item is taken once, in order, and acknowledged.

A few items are read ahead; they are made durable one after the other, in the order of the listing. An item
that fails hurts no other: see `fates`. When several in a row have to wait, or something fails for all, the
look ends with `InterruptedLookError` and what is left is there at the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final, TypeVar

from hub.domain.ids import OperatorName
from hub.errors import ConfigError, HubError, PeerError, Words
from hub.ports.intake import Intake, Peer
from hub_http.description import inbound
from hub_http.fetching.fates import Fate, fate_of
from hub_http.fetching.listing import Item, Listing
from hub_http.fetching.pacing import asked_to_wait
from hub_http.fetching.refusals import EarlyError
from hub_http.fetching.remembering import Memory
from hub_http.fetching.taking import Ready, Taker
from hub_http.fetching.waiting import LATE, SOON, Done, Left
from hub_http.sending.operator import Operator
from hub_http.sending.requests import AnswerError
from hub_http.wire.faults import WireFault

T = TypeVar("T")

AHEAD: Final = 4
"""Items that are read ahead, if the operator allows as many requests at a time."""
IN_A_ROW: Final = 3
"""Items in a row that may have to wait before the look ends."""
PATIENCE: Final = 20
"""Looks at which the download of one item may fail before a cursor goes on without it."""


class InterruptedLookError(HubError):
    """A look ended early. `retry_after` is the operator's own word, when it gave one."""

    def __init__(self, cause: HubError) -> None:
        super().__init__(cause.code, cause.words)
        self.retry_after = asked_to_wait(cause)


class Inbox:
    """One inbox of an operator: `[inbox]`, or `[receipts]`. `key` says which."""

    def __init__(self, operator: Operator, inbox: inbound.Inbox, key: str, intake: Intake) -> None:
        self.memory = Memory(operator.ledger, operator.host.clock, key)
        self._operator = operator
        self._inbox = inbox
        self._key = key
        self._intake = intake
        self._taker = Taker(operator, inbox, key, intake)
        self._left = Left(operator.host.clock, inbox.every)
        self._done = Done()
        self._tries: dict[str, int] = {}
        self._ahead = min(AHEAD, operator.description.limits.concurrency)
        # A cursor that has passed an item does not come back to it: then none may be left to wait.
        self._one_way = inbox.paging is not None and inbox.paging.kept

    async def look(self) -> bool:
        """Take what is there; say whether there is more, to be looked at without a pause.

        Raises InterruptedLookError. A cancellation lets what is being made durable come to its end,
        with its acknowledgement.
        """
        peer = peer_of(self._operator, self._intake)
        listing = Listing(self._operator, self._inbox, self.memory, self._key)
        taken = 0
        try:
            async with aclosing(listing.pages()) as pages:
                async for page in pages:
                    taken += await self._page(page, peer)
            await self.memory.look()
        except InterruptedLookError:
            raise
        except HubError as error:
            raise InterruptedLookError(error) from error
        except Exception as error:
            # a fault of ours ends this look, not all that is asked of the operator
            self._log("fetch.item_failed", error)
            raise InterruptedLookError(_unforeseen(error)) from error
        if listing.nameless:
            self._operator.host.log.warning(
                "fetch.nameless", operator=self._operator.name, part=self._key, count=listing.nameless
            )
        return listing.more and taken > 0

    async def _page(self, page: Sequence[Item], peer: Peer) -> int:
        """Take the items of a page; return how many are done with."""
        items = deque(one for one in page if not self._passed_by(one))
        reading: deque[tuple[Item, asyncio.Task[Ready]]] = deque()
        taken = waiting = 0
        try:
            while items or reading:
                while items and len(reading) < self._ahead:
                    item = items.popleft()
                    reading.append((item, asyncio.create_task(self._taker.read(item, peer))))
                item, task = reading[0]
                error = await self._one(item, task, peer)
                reading.popleft()
                if error is None:
                    taken, waiting = taken + 1, 0
                    continue
                waiting += 1
                if self._one_way or waiting >= IN_A_ROW:
                    raise InterruptedLookError(error) from error
        finally:
            await _drop([task for _, task in reading])
        return taken

    def _passed_by(self, item: Item) -> bool:
        return self._left.waits(item.mark) or item.mark in self._done

    async def _one(self, item: Item, task: asyncio.Task[Ready], peer: Peer) -> HubError | None:
        """Take one item; return why it has to wait. Raises InterruptedLookError when all have to."""
        try:
            ready = await task
            try:
                unsaid = await finish(self._commit(ready, peer))
            finally:
                await ready.discard()
        except Exception as error:  # noqa: BLE001 - one item's fault, whatever it is, leaves the others alone
            return await self._failed(item, error)
        if unsaid is not None:
            return self._unsaid(item, unsaid)
        self._tries.pop(item.mark, None)
        self._left.forget(item.mark)
        if self._inbox.acknowledge is None and not self._one_way:
            self._done.add(item.mark)
        return None

    async def _commit(self, ready: Ready, peer: Peer) -> HubError | None:
        """Make an item durable, then acknowledge it; return why that could not be done."""
        await self._taker.take(ready, peer)
        try:
            await self._taker.acknowledge(ready.item)
        except HubError as error:
            return error
        return None

    def _unsaid(self, item: Item, error: HubError) -> HubError | None:
        """Bear that an item is durable, and the operator does not know it: it will be listed again."""
        fate = fate_of(error)
        if fate is Fate.STOP:
            raise InterruptedLookError(error) from error
        if fate is Fate.WAIT and self._one_way:
            return error
        if self._left.leave(item.mark, SOON):
            self._log("fetch.not_acknowledged", error)
        return error if fate is Fate.WAIT else None

    async def _failed(self, item: Item, error: Exception) -> HubError | None:
        if not isinstance(error, HubError):
            self._log("fetch.item_failed", error)
            error = _unforeseen(error)
        match self._fate(item, error):
            case Fate.STOP:
                raise InterruptedLookError(error) from error
            case Fate.GONE:
                self._left.forget(item.mark)
            case Fate.POISON:
                await self._poison(item, error)
            case Fate.LEAVE if not (isinstance(error, EarlyError | ConfigError) and self._one_way):
                self._leave(item, error)
            case _:
                # What a cursor passes by does not come again: there the look ends, and nothing is passed.
                if not self._one_way:
                    self._leave(item, error, SOON)
                return error
        return None

    def _leave(self, item: Item, error: HubError, longest: timedelta = LATE) -> None:
        """Leave an item where it is; say so once."""
        if self._left.leave(item.mark, longest) and not isinstance(error, EarlyError):
            self._log("fetch.item_left", error)

    def _fate(self, item: Item, error: HubError) -> Fate:
        """Return what becomes of an item. A cursor does not wait for ever for a download that fails."""
        fate = fate_of(error)
        if fate is not Fate.WAIT or not self._one_way or not isinstance(error, AnswerError | WireFault):
            return fate
        self._tries[item.mark] = tries = self._tries.get(item.mark, 0) + 1
        return Fate.LEAVE if tries >= PATIENCE else fate

    async def _poison(self, item: Item, error: HubError) -> None:
        """Leave an item, or let the operator have done with it."""
        if self._inbox.poison == "leave":
            self._leave(item, error)
            return
        if self._left.leave(item.mark):
            self._log("fetch.item_dropped", error)
        try:
            await finish(self._taker.acknowledge(item))
        except HubError as fault:
            if fate_of(fault) is Fate.STOP:
                raise InterruptedLookError(fault) from fault
        else:
            self._left.forget(item.mark)

    def _log(self, event: str, error: Exception) -> None:
        known = isinstance(error, HubError)
        self._operator.host.log.warning(
            event,
            operator=self._operator.name,
            part=self._key,
            code=error.code if isinstance(error, HubError) else None,
            error=None if known else type(error).__name__,
            count=len(self._left),
        )


def peer_of(operator: Operator, intake: Intake) -> Peer:
    """Return who the operator is to the hub. Raises ConfigError when the hub does not know it."""
    peer = intake.standing_for(OperatorName(operator.name))
    if peer is None:
        raise ConfigError(
            "fetch.no_operator",
            Words(
                en=f"The hub knows no operator {operator.name}: nothing is fetched for it.",
                fr=f"Le hub ne connaît aucun opérateur {operator.name} : rien n'est relevé pour lui.",
            ),
        )
    return peer


async def finish(work: Awaitable[T]) -> T:
    """Await `work` to its end even when cancelled, then let the cancellation through.

    A second cancellation does not wait any more.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        raise


async def _drop(tasks: Sequence[asyncio.Task[Ready]]) -> None:
    """End what was read ahead, and forget what was downloaded."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Ready):
            await result.discard()


def _unforeseen(error: Exception) -> PeerError:
    """Make the error for a fault of ours: nothing is wrong with the item."""
    return PeerError(
        "fetch.unexpected",
        Words(
            en=f"The hub failed to take what an operator holds for it ({type(error).__name__}).",
            fr=f"Le hub n'a pas pu prendre ce qu'un opérateur lui garde ({type(error).__name__}).",
        ),
    )
