"""Items that are still listed although there is nothing to do about them now, by their marks.

In memory: after a restart each is tried once more. An item that could not be taken was left. Why may pass, as
when a recipient is not listed yet; so it is tried again, after a pause that doubles each time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.ports.clock import Clock

SOON: Final = timedelta(hours=1)
LATE: Final = timedelta(days=1)
"""To what the pause grows: for what failed on its way, and for what can't be taken as it is."""
MOST: Final = 10_000
"""Items that are remembered; of more, those seen longest ago are tried as if for the first time."""


@dataclass(slots=True)
class _Left:
    until: float
    pause: timedelta


class Left:
    """The items of one inbox that were left; `first` is the first pause."""

    def __init__(self, clock: Clock, first: timedelta) -> None:
        self._clock = clock
        self._first = first
        self._items: OrderedDict[str, _Left] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def waits(self, item: str) -> bool:
        """Whether an item was left, and it is too early to try it again."""
        known = self._items.get(item)
        return known is not None and self._clock.monotonic() < known.until

    def leave(self, item: str, longest: timedelta = LATE) -> bool:
        """Leave an item; say whether it is for the first time."""
        known = self._items.pop(item, None)
        pause = self._first if known is None else min(2 * known.pause, longest)
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
