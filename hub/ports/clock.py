"""Time and chance, so that tests own both."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells time. Wall time dates things; monotonic time measures them."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary moment; never goes back."""
        ...


class Chance(Protocol):
    """Randomness."""

    def bytes(self, count: int) -> bytes:
        """Return `count` bytes fit for keys."""
        ...

    def fraction(self) -> float:
        """Return a number in [0, 1), for jitter; not fit for keys."""
        ...
