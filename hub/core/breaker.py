"""A circuit breaker: an operator that does not work is left alone for a while, then tried once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_MAX_DOUBLINGS: Final = 5


class Breaker:
    """Opens after `failures` in a row; each failed try doubles the pause, up to 32 times `pause`.

    Attempts that were under way when it opened change nothing by failing: ten that fail together
    are one outage.
    """

    def __init__(self, failures: int, pause: timedelta) -> None:
        self._limit = failures
        self._pause = pause.total_seconds()
        self._failures = 0
        self._doublings = 0
        self._closed_at = 0.0
        self._trying = False

    @property
    def open(self) -> bool:
        """Whether the operator has failed too often to be used freely."""
        return self._failures >= self._limit

    def allowance(self, now: float, free: int) -> int:
        """Return how many attempts may begin: all that are free, one to try, or none.

        `now` is monotonic time in seconds.
        """
        if not self.open:
            return free
        return min(free, 1) if now >= self._closed_at and not self._trying else 0

    def resume_at(self) -> float | None:
        """Return when the next try may begin, in monotonic seconds; None when it need not wait."""
        return self._closed_at if self.open and not self._trying else None

    def begin(self) -> bool:
        """Note that an attempt begins; `end` or `skip` wants to know what this returned.

        True for the one try while the breaker is open.
        """
        self._trying = self._trying or self.open
        return self.open

    def end(self, now: float, *, failed: bool, trial: bool) -> bool:
        """Note how an attempt ended; True when this opened or closed the breaker."""
        before = self.open
        if trial:
            self._trying = False
        if not failed:
            self._failures = self._doublings = 0
            return before
        if not before:
            self._failures += 1
        elif trial:
            self._doublings = min(self._doublings + 1, _MAX_DOUBLINGS)
        if self.open and (trial or not before):
            self._closed_at = now + self._pause * 2**self._doublings
        return self.open and not before

    def skip(self, *, trial: bool) -> None:
        """Note that an attempt ended without asking the operator anything."""
        if trial:
            self._trying = False
