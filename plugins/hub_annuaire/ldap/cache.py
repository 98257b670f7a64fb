"""Answers that are still good: a short time, a limited number, the least used ones forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import timedelta
from typing import Generic, TypeVar

from hub.ports.clock import Clock

T = TypeVar("T")


class Cache(Generic[T]):
    """Keeps at most `most` answers for `good` each."""

    def __init__(self, clock: Clock, good: timedelta, most: int) -> None:
        self._clock = clock
        self._good = good.total_seconds()
        self._most = most
        self._held: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()

    def get(self, key: Hashable) -> T | None:
        """Return what is still good, or None."""
        if (held := self._held.get(key)) is None:
            return None
        until, value = held
        if self._clock.monotonic() >= until:
            del self._held[key]
            return None
        self._held.move_to_end(key)
        return value

    def put(self, key: Hashable, value: T) -> None:
        """Keep an answer."""
        if not self._good or not self._most:
            return
        self._held[key] = (self._clock.monotonic() + self._good, value)
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
