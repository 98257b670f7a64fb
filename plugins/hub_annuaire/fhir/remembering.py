"""Answers that are kept for a while, and questions that are asked once however many wait for them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from hub.errors import HubError
from hub.ports.host import Host
from hub_annuaire.fhir import faults
from hub_annuaire.fhir.searching import Memory
from hub_annuaire.fhir.settings import Settings

T = TypeVar("T")
Ask = Callable[[Memory], Awaitable[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Generic[T]):
    """An answer, when the server gave it, and whether it is older than it should be."""

    answer: T
    at: datetime
    stale: bool = False


@dataclass(slots=True)
class _Kept(Generic[T]):
    told: Told[T]
    until: float
    memory: Memory


class Answers(Generic[T]):
    """Answers by question. `bare` says of an answer that it is a 'not listed'."""

    def __init__(self, settings: Settings, host: Host, bare: Callable[[T], bool]) -> None:
        self._settings = settings
        self._host = host
        self._bare = bare
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._asking: dict[Hashable, asyncio.Task[Told[T]]] = {}

    async def get(self, question: Hashable, ask: Ask[T]) -> Told[T]:
        """Return what is kept, or what `ask` gets; who asks the same meanwhile waits for that.

        Raises DirectoryUnavailableError.
        """
        kept = self._kept.get(question)
        if kept is not None and self._host.clock.monotonic() < kept.until:
            self._kept.move_to_end(question)
            return kept.told
        task = self._asking.get(question)
        if task is None:
            task = asyncio.create_task(self._ask(question, ask))
            self._asking[question] = task
            task.add_done_callback(lambda done: self._done(question, done))
        try:
            # one who goes away must not take the answer from the others
            return await asyncio.shield(task)
        except HubError as error:
            if (stale := self._stale(question)) is not None:
                return stale
            raise faults.unavailable(error) from error

    async def close(self) -> None:
        """Give up what is being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, question: Hashable, ask: Ask[T]) -> Told[T]:
        kept = self._kept.get(question)
        memory = kept.memory.next() if kept is not None else Memory()
        try:
            answer = await ask(memory)
        except BaseExceptionGroup as group:
            raise _first(group) from group
        told = Told(answer=answer, at=self._host.clock.now())
        keep = self._settings.keep_missing if self._bare(answer) else self._settings.keep
        until = self._host.clock.monotonic() + keep.total_seconds()
        self._kept[question] = _Kept(told, until, memory)
        self._kept.move_to_end(question)
        while len(self._kept) > self._settings.remember:
            self._kept.popitem(last=False)
        return told

    def _stale(self, question: Hashable) -> Told[T] | None:
        kept = self._kept.get(question)
        grace = self._settings.grace.total_seconds()
        if kept is None or not grace or self._bare(kept.told.answer):
            return None
        if self._host.clock.monotonic() >= kept.until + grace:
            return None
        return Told(answer=kept.told.answer, at=kept.told.at, stale=True)

    def _done(self, question: Hashable, task: asyncio.Task[Told[T]]) -> None:
        del self._asking[question]
        if not task.cancelled():
            task.exception()  # whoever waited has seen it; if nobody does any more, it is no news


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    one: BaseException = group
    while isinstance(one, BaseExceptionGroup):
        one = one.exceptions[0]
    return one
