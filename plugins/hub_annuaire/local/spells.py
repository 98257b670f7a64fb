"""A standing with dates → what holds on which day.

| written | before `since` | from `since` to `until` | after `until` |
| --- | --- | --- | --- |
| active | unknown: no right to practise yet | active | ceased |
| ceased, suspended, unknown | active | as written | active |
| struck off, deceased | active | as written | no end can be written |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hub.ports.directory import Standing

FOR_GOOD: Final = frozenset({Standing.STRUCK_OFF, Standing.DECEASED})
"""Standings that have no last day."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A standing, the first day on which it holds and the last; None for an open end."""

    standing: Standing
    since: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def of(standing: Standing, since: date | None, until: date | None) -> Iterator[Spell]:
    """Yield the spells of which exactly one holds on each day, in their order."""
    active = standing is Standing.ACTIVE
    if since is not None:
        before = Standing.UNKNOWN if active else Standing.ACTIVE
        yield Spell(standing=before, since=None, until=since - _DAY)
    yield Spell(standing=standing, since=since, until=until)
    if until is not None:
        after = Standing.CEASED if active else Standing.ACTIVE
        yield Spell(standing=after, since=until + _DAY, until=None)
