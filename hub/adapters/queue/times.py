"""Moments as the tables hold them: microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def write(moment: datetime) -> int:
    """Return the moment as a number, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def read(number: int) -> datetime:
    """Return the number as a moment, exactly."""
    return _EPOCH + timedelta(microseconds=number)


def write_optional(moment: datetime | None) -> int | None:
    """Return the moment as a number, if there is one."""
    return None if moment is None else write(moment)


def read_optional(number: int | None) -> datetime | None:
    """Return the number as a moment, if there is one."""
    return None if number is None else read(number)
