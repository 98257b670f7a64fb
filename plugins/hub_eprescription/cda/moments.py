"""Moments as HL7 writes them (data type TS): a year, or as much more as is known, with an offset or without.

`20240730`, `202407300910`, `20240730091000+0100`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from hub_eprescription.cda import faults

_TS: Final = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?",
    re.ASCII,
)
_LAST: Final = timezone(timedelta(hours=-10))
"""Where in France a day ends last. What has no offset is not past before it is past everywhere."""
_MOST_OFFSET: Final = timedelta(hours=14)
_STEPS: Final = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`day` as it is written, `begins` and `ends` of what is meant: a day ends when the next one begins.

    Without an offset, `begins` is in UTC and `ends` is in the last place of France.
    """

    day: date
    begins: datetime
    ends: datetime


def parse(text: str, what_en: str, what_fr: str) -> Moment:
    """Read a moment. Raises MalformedError, in which `what` names it."""
    matched = _TS.fullmatch(text)
    try:
        if matched is None:
            raise ValueError
        *numbers, offset = matched.groups()
        given = [int(one) for one in numbers if one is not None]
        zone = _offset(offset) if offset else None
        begins = datetime(*(given + [1] * (3 - len(given))), tzinfo=zone or UTC)  # type: ignore[arg-type, misc]
        ends = _next(begins, len(given))
        # In UTC, as they are written down, the first and the last day that there are have no such moment.
        for one in (begins, ends):
            one.astimezone(UTC)
        return Moment(day=begins.date(), begins=begins, ends=ends if zone else ends.replace(tzinfo=_LAST))
    except (ValueError, OverflowError):
        raise faults.malformed(
            f"{what_en} is no moment that exists, such as 20260303 or 20260303120000+0100",
            f"{what_fr} n'est pas un instant qui existe, tel que 20260303 ou 20260303120000+0100",
        ) from None


def _next(begins: datetime, precision: int) -> datetime:
    match precision:
        case 1:
            return begins.replace(year=begins.year + 1)
        case 2:
            years, month = divmod(begins.month, 12)
            return begins.replace(year=begins.year + years, month=month + 1)
        case _:
            return begins + _STEPS[precision - 3]


def _offset(text: str) -> timezone:
    size = timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))
    if size > _MOST_OFFSET or int(text[3:5]) >= 60:  # noqa: PLR2004 -- minutes
        raise ValueError
    return timezone(-size if text[0] == "-" else size)
