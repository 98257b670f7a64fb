"""A circuit breaker: an operator that does not work is left alone for a while, then tried once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_MAX_DOUBLINGS: Final = 5


class Breaker:
    """Opens after `failures` in a row; each failed try doubles the pause, up to 32 times `pause`."""

    def __init__(self, failures: int, pause: timedelta) -> None:
        self._limit = failures
        self._pause = pause.total_seconds()
        self._failures = 0
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

    def begin(self) -> None:
        """Note that an attempt begins."""
        self._trying = self.open

    def end(self, now: float, *, failed: bool) -> bool:
        """Note how an attempt ended; True when this opened or closed the breaker."""
        before, self._trying = self.open, False
        if not failed:
            self._failures = 0
            return before
        self._failures += 1
        if self.open:
            doublings = min(self._failures - self._limit, _MAX_DOUBLINGS)
            self._closed_at = now + self._pause * 2**doublings
        return self.open and not before

    def skip(self) -> None:
        """Note that an attempt ended without asking the operator anything."""
        self._trying = False
