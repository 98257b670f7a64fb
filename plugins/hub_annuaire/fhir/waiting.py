"""How long to wait: for a turn under the rate limit, after a refusal, before the next attempt."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from hub.ports.clock import Chance, Clock

FIRST: Final = 0.5
"""Seconds before the first repetition, at most; twice as many before each further one."""
LONGEST: Final = 30.0

_SECONDS: Final = re.compile(r"[0-9]{1,9}")


async def sleep(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)


class Turns:
    """A token bucket of one second: `rate` requests at once after a pause, then evenly (GCRA)."""

    def __init__(self, rate: int, clock: Clock) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._full = clock.monotonic()
        """When the bucket will be full again."""

    async def take(self) -> None:
        """Wait for a turn; turns come in the order in which they were asked for."""
        now = self._clock.monotonic()
        self._full = max(self._full, now) + self._interval
        if (wait := self._full - 1.0 - now) > 0:
            await sleep(wait)

    def pause(self, seconds: float) -> None:
        """Let nobody have a turn before that."""
        self._full = max(self._full, self._clock.monotonic() + seconds + 1.0 - self._interval)


def retry_after(value: str | None, clock: Clock) -> float | None:
    """Read Retry-After, in seconds or as a date (RFC 9110, 10.2.3); None when it says nothing."""
    if not value:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - clock.now()).total_seconds())


def backoff(attempt: int, chance: Chance) -> float:
    """Return the seconds to wait after a failed attempt (the first is 0), with full jitter."""
    return float(min(LONGEST, FIRST * 2**attempt) * chance.fraction())
