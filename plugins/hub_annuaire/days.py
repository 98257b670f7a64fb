"""Which day and hour it is in France, where the directory's days and extractions are."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_WINTER: Final = timezone(timedelta(hours=1))
_SUMMER: Final = timezone(timedelta(hours=2))
_CHANGE: Final = timedelta(hours=1)
"""Summer time begins and ends at one o'clock UTC, on the last Sundays of March and October."""


def of(moment: datetime) -> date:
    """Return the French day of an aware moment."""
    return local(moment).date()


def local(moment: datetime) -> datetime:
    """Return what French clocks show at an aware moment (directive 2000/84/EC); needs no zone files."""
    utc = moment.astimezone(_UTC)
    begins, ends = _summer(utc.year)
    return utc.astimezone(_SUMMER if begins <= utc < ends else _WINTER).replace(tzinfo=None)


def moment(shown: datetime) -> datetime:
    """Return when French clocks showed this; of an hour that they show twice, the first."""
    summer = shown.replace(tzinfo=_SUMMER).astimezone(_UTC)
    begins, ends = _summer(shown.year)
    return summer if begins <= summer < ends else shown.replace(tzinfo=_WINTER).astimezone(_UTC)


@lru_cache(8)
def _summer(year: int) -> tuple[datetime, datetime]:
    return _last_sunday(year, 3) + _CHANGE, _last_sunday(year, 10) + _CHANGE


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, tzinfo=_UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


_UTC: Final = timezone.utc  # noqa: UP017 - beside the other two
