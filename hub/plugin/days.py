"""Which day it is where the hub's people work: dates in files are days there."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.plugin.table import Table
from hub.ports.clock import Clock


def zone(table: Table) -> ZoneInfo:
    """Take the key `zone` of a part's table, a name such as `Europe/Paris`. Raises ConfigError."""
    name = table.text("zone", "Europe/Paris")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise table.wrong(
            "zone",
            "is not a time zone that this machine knows (Debian package tzdata), such as Europe/Paris",
            "n'est pas un fuseau connu de cette machine (paquet Debian tzdata), tel que Europe/Paris",
        ) from None


class Days:
    """Tells the day, in one time zone."""

    def __init__(self, clock: Clock, zone: ZoneInfo) -> None:
        self._clock = clock
        self._zone = zone

    def today(self) -> date:
        """Return the present day there; about a microsecond."""
        return self._clock.now().astimezone(self._zone).date()
