"""What is remembered of one inbox: how far its cursor has come, and when it was last looked at."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final

from hub.ports.clock import Clock
from hub.ports.ledger import Ledger, Line

KEPT: Final = timedelta(days=3660)
"""How long after the last look it is known where an inbox stands."""
WRITTEN_EVERY: Final = timedelta(minutes=1)
"""The pause between two commits that only say that an inbox was looked at."""


class Memory:
    """The line of one inbox. Raises StoreError where the ledger does."""

    def __init__(self, ledger: Ledger, clock: Clock, key: str) -> None:
        self._ledger = ledger
        self._clock = clock
        self._key = key
        self._known: dict[str, Any] | None = None

    async def cursor(self) -> str | None:
        """Return how far the cursor has come."""
        said = (await self._value()).get("cursor")
        return said if isinstance(said, str) else None

    async def advance(self, cursor: str) -> None:
        """Move the cursor on: what lies before it has been dealt with. Durable on return."""
        value = await self._value()
        if value.get("cursor") != cursor:
            await self._write({**value, "cursor": cursor})

    async def looked(self) -> datetime | None:
        """Return about when the inbox was last looked at."""
        said = (await self._value()).get("looked")
        return datetime.fromisoformat(said) if isinstance(said, str) else None

    async def look(self) -> None:
        """Note that it is looked at now."""
        now, before = self._clock.now(), await self.looked()
        # a clock that was set back must not stop the notes
        if before is None or abs(now - before) >= WRITTEN_EVERY:
            await self._write({**await self._value(), "looked": now.isoformat()})

    async def _value(self) -> dict[str, Any]:
        if self._known is None:
            line = await self._ledger.get(self._key)
            self._known = {} if line is None else json.loads(line.value)
        return self._known

    async def _write(self, value: dict[str, Any]) -> None:
        line = Line(key=self._key, value=json.dumps(value), until=self._clock.now() + KEPT)
        await self._ledger.put(line)
        self._known = value
