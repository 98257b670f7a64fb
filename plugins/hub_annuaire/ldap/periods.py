"""What a standing with dates says of today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from hub.ports.directory import Standing

_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_TIME: Final = re.compile(r"(\d{10})(\d{2})?(\d{2})?(?:[.,]\d+)?(Z|[+-]\d{2}(?:\d{2})?)")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A standing, and the days for which it holds as far as they are known."""

    standing: Standing
    since: date | None = None
    until: date | None = None


def day(text: str, zone: tzinfo) -> date:
    """Read 2026-03-01, 20260301, or the day in `zone` of a GeneralizedTime (RFC 4517, 3.3.13).

    Raises ValueError.
    """
    text = text.strip()
    if plain := _DATE.fullmatch(text):
        year, month, number = plain.groups()
        return date(int(year), int(month), int(number))
    if moment := _TIME.fullmatch(text):
        hour, minute, second, offset = moment.groups()
        offset = "+0000" if offset == "Z" else offset.ljust(5, "0")
        try:
            read = datetime.strptime(f"{hour}{minute or '00'}{second or '00'}{offset}", "%Y%m%d%H%M%S%z")
            return read.astimezone(zone).date()
        except OverflowError as error:
            raise ValueError("out of range") from error
    raise ValueError("not a date")


def on(today: date, stated: Verdict) -> Verdict:
    """Judge today by what the directory states.

    1. Who may practise until a day has ceased after it; from a day on, nothing is known before it.
    2. Any other standing that has not begun, or has ended, leaves its bearer free to practise: the
       directory would say otherwise. Ceased, struck off and deceased have no end.
    """
    begun = stated.since is None or stated.since <= today
    ended = stated.until is not None and stated.until < today
    if stated.standing is Standing.ACTIVE:
        if ended:
            return Verdict(standing=Standing.CEASED, since=_after(stated.until))
        return stated if begun else Verdict(standing=Standing.UNKNOWN, until=_before(stated.since))
    if stated.standing is Standing.UNKNOWN:
        return stated
    if not begun:
        return Verdict(standing=Standing.ACTIVE, until=_before(stated.since))
    if ended and stated.standing is Standing.SUSPENDED:
        return Verdict(standing=Standing.ACTIVE, since=_after(stated.until))
    return stated


def _after(given: date | None) -> date | None:
    return given + _DAY if given is not None and given < date.max else None


def _before(given: date | None) -> date | None:
    return given - _DAY if given is not None and given > date.min else None
