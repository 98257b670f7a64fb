"""What was answered and what failed, kept in memory while it counts, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_SLACK: Final = timedelta(seconds=1)
"""By how much who looks may have read the clock before who put."""
_PART: Final = 0.2
"""What is left of an answer's time when it is asked for anew."""


def ends_soon(since: datetime, until: datetime, now: datetime) -> bool:
    """Whether the last part of a time has begun."""
    return now >= until - (until - since) * _PART


@dataclass(slots=True)
class Held(Generic[V]):
    """A value and its time. `used` says whether it was looked at since it came."""

    value: V
    since: datetime
    until: datetime
    used: bool = False


class Remembered(Generic[K, V]):
    """Values by key, each until its time has passed; when it is full, the longest unused goes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[K, Held[V]] = OrderedDict()

    def get(self, key: K, now: datetime) -> V | None:
        """Return a value that counts now; None also when the clock stands before it came."""
        held = self._held.get(key)
        if held is None or not held.since - _SLACK <= now < held.until:
            return None
        held.used = True
        self._held.move_to_end(key)
        return held.value

    def put(self, key: K, value: V, now: datetime, until: datetime) -> None:
        """Keep a value until a moment."""
        self._held[key] = Held(value, now, until)
        self._held.move_to_end(key)
        if len(self._held) > self._most:
            self._held.popitem(last=False)

    def ends_soon(self, key: K, now: datetime) -> bool:
        """Whether a value is held whose time is almost over."""
        held = self._held.get(key)
        return held is not None and ends_soon(held.since, held.until, now)

    def used(self) -> Iterator[tuple[K, V]]:
        """Yield what was looked at since it came."""
        for key, held in list(self._held.items()):
            if held.used:
                yield key, held.value
