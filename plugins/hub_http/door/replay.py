"""What was taken once is not done again: the ids of events, or the digests of calls that have none.

A line is written when an event's effect is durable. A hub that dies between the two does it again; that does
no harm, since the core knows messages by their id and receipts by what they say.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from hub.ports.clock import Clock
from hub.ports.ledger import Ledger, Line

KEPT: Final = timedelta(days=1)
"""How long an event is remembered at least."""


class Seen:
    """The events of one webhook that were taken."""

    def __init__(self, ledger: Ledger, clock: Clock, webhook: str, tolerance: timedelta) -> None:
        self._ledger = ledger
        self._clock = clock
        self._webhook = webhook
        # A call may be as early as it may be late.
        self._kept = max(KEPT, tolerance * 2)

    def by_id(self, event: str) -> str:
        """Return the key of an event that has an id."""
        return f"w:{self._webhook}:i:{hashlib.sha256(event.encode()).hexdigest()}"

    def by_digest(self, body: bytes, said_at: str, position: int) -> str:
        """Return the key of an event by what it says, and its call by when it was made."""
        digest = hashlib.sha256(body)
        digest.update(f"\x1f{said_at}\x1f{position}".encode())
        return f"w:{self._webhook}:d:{digest.hexdigest()}"

    async def knows(self, key: str) -> bool:
        """Whether it was taken. Raises StoreError."""
        line = await self._ledger.get(key)
        return line is not None and line.until > self._clock.now()

    async def taken(self, *keys: str) -> None:
        """Remember them. Raises StoreError."""
        until = self._clock.now() + self._kept
        await self._ledger.put(*(Line(key=one, value="", until=until) for one in keys))
