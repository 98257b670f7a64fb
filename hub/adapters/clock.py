"""The machine's own time and randomness (`hub.ports.clock`).

Not checked here: whether the machine's clock is right. That is `hub check`'s business.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime


class SystemClock:
    """The operating system's clocks (`Clock`)."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary moment; never goes back."""
        return time.monotonic()


class SystemChance:
    """The operating system's randomness (`Chance`)."""

    def bytes(self, count: int) -> bytes:
        """Return `count` bytes fit for keys."""
        return os.urandom(count)

    def fraction(self) -> float:
        """Return a number in [0, 1), for jitter; not fit for keys."""
        return random.random()  # noqa: S311 -- jitter spreads retries; it hides nothing
