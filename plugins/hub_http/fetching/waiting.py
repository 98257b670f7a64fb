"""Items that are still listed although there is nothing to do about them now, by their marks.

In memory: after a restart each is tried once more. An item that could not be taken as it is was left. What
made it poison may pass, such as a recipient who is not listed yet; so it is tried again, after a pause that
doubles from a minute to a day.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.ports.clock import Clock

FIRST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=1)
MOST: Final = 10_000
"""Items that are remembered; of more, those seen longest ago are tried as if for the first time."""


@dataclass(slots=True)
class _Left:
    until: float
    pause: timedelta


class Left:
    """The items of one inbox that were left."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._items: OrderedDict[str, _Left] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def waits(self, item: str) -> bool:
        """Whether an item was left, and it is too early to try it again."""
        known = self._items.get(item)
        return known is not None and self._clock.monotonic() < known.until

    def leave(self, item: str) -> bool:
        """Leave an item; say whether it is for the first time."""
        known = self._items.pop(item, None)
        pause = FIRST if known is None else min(2 * known.pause, LONGEST)
        self._items[item] = _Left(self._clock.monotonic() + pause.total_seconds(), pause)
        if len(self._items) > MOST:
            self._items.popitem(last=False)
        return known is None

    def forget(self, item: str) -> None:
        """Forget an item: it was taken in the end, or is gone."""
        self._items.pop(item, None)


class Done:
    """Items that were taken, where the operator can't be told so and lists them for ever."""

    def __init__(self) -> None:
        self._items: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, item: str) -> bool:
        return item in self._items

    def add(self, item: str) -> None:
        """Remember an item."""
        self._items[item] = None
        if len(self._items) > MOST:
            self._items.popitem(last=False)
