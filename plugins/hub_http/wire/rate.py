"""How fast requests may follow one another, and what a server says about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = timedelta(days=1)
"""No server is waited for longer, whatever it says."""
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


class Turns:
    """Gives every request its time (a token bucket, kept as the time when it is full again).

    `rate` is requests per second on average, None for any; `burst` may go at once after a pause.
    """

    def __init__(self, rate: float | None, burst: int = 1) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._slack = self._gap * (burst - 1)
        self._full_at = 0.0
        self._closed_until = 0.0

    @property
    def free(self) -> bool:
        """Whether nobody has to wait, now or ever."""
        return not self._gap and not self._closed_until

    def take(self, now: float, most: float) -> float | None:
        """Return for how many seconds to wait; None, and no turn is taken, if longer than `most`."""
        full_at = max(self._full_at, now, self._closed_until)
        wait = max(full_at - self._slack, self._closed_until, now) - now
        if wait > most:
            return None
        self._full_at = full_at + self._gap
        return wait

    def pause(self, now: float, duration: timedelta) -> None:
        """Let nobody go for a while. What waits already goes when its time comes."""
        self._closed_until = max(self._closed_until, now + min(duration, LONGEST).total_seconds())


def retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Read Retry-After (RFC 9110, 10.2.3): seconds or a date; at most `LONGEST`. None for anything else."""
    text = (text or "").strip()
    if _SECONDS.fullmatch(text):
        return min(timedelta(seconds=min(int(text), 10**9)), LONGEST)
    try:
        date = parsedate_to_datetime(text)
        ahead = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError, IndexError, TypeError):
        return None  # all that the parser raises for what is no date
    return min(max(ahead, timedelta(0)), LONGEST)
