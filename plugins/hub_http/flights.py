"""Sends under way, as far as whoever hears of them too early must know: a signal, in memory.

An operator may report on a message before its answer to our send has come. The door waits then for what
the sender learns. What was lost stays in the air until it is found: `landed` says that it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LOST_FOR: Final = 3600.0
"""Seconds after which a lost call counts as landed, whatever became of it."""
_MOST_LOST: Final = 10_000
"""Lost calls that are remembered; the oldest are given up."""


class Flights:
    """The sends of one operator; used on one event loop."""

    def __init__(self) -> None:
        self._flying = 0
        self._lost: dict[str, float] = {}
        self._news: asyncio.Event | None = None

    @property
    def in_the_air(self) -> bool:
        """Whether the operator may know of a message by an id that we have not learnt yet."""
        if self._flying:
            return True
        ended = asyncio.get_running_loop().time() - LOST_FOR
        while self._lost and self._lost[oldest := next(iter(self._lost))] <= ended:
            del self._lost[oldest]
        return bool(self._lost)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Say that a send is under way while the block lasts."""
        self._flying += 1
        try:
            yield
        finally:
            self._flying -= 1
            self.learnt()

    def learnt(self) -> None:
        """Say that something new is durable: an id of the operator's, or the end of a send."""
        if self._news is not None:
            self._news.set()
            self._news = None

    def lost(self, call: str) -> None:
        """Say that the answer to a call was lost."""
        self._lost.pop(call, None)
        self._lost[call] = asyncio.get_running_loop().time()
        if len(self._lost) > _MOST_LOST:
            del self._lost[next(iter(self._lost))]

    def landed(self, call: str) -> None:
        """Say that it is known what became of a call."""
        if call in self._lost:
            del self._lost[call]
            self.learnt()

    @property
    def news(self) -> asyncio.Event:
        """What will be set by the next news. Get it before you look, so that none passes unseen."""
        if self._news is None:
            self._news = asyncio.Event()
        return self._news
