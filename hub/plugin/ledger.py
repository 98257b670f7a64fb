"""A ledger that lasts as long as its process: for commands and checks, which keep nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.errors import LimitError, Words
from hub.ports.ledger import MAX_KEY, MAX_VALUE, Line


class EphemeralLedger:
    """Lines in memory (`hub.ports.ledger.Ledger`)."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._named: dict[str, str] = {}

    async def get(self, key: str) -> Line | None:
        """Return the line of a key."""
        return self._lines.get(key)

    async def named(self, alias: str) -> Line | None:
        """Return the line that was last put with this alias."""
        line = self._lines.get(self._named.get(alias, ""))
        return line if line is not None and line.alias == alias else None

    async def put(self, *lines: Line) -> None:
        """Write lines, all or none."""
        for one in lines:
            check(one)
        for one in lines:
            self._lines[one.key] = one
            if one.alias is not None:
                self._named[one.alias] = one.key

    async def strike(self, *keys: str) -> None:
        """Forget lines."""
        for key in keys:
            self._lines.pop(key, None)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[Line]:
        """Return lines whose `due_at` has come, the longest due first."""
        dated = [(one.due_at, one.key) for one in self._lines.values() if one.due_at is not None]
        return [self._lines[key] for due_at, key in sorted(dated) if due_at <= now][:limit]

    async def next_due(self) -> datetime | None:
        """Return when the next line comes up."""
        return min((one.due_at for one in self._lines.values() if one.due_at is not None), default=None)


_LIMITS: Final = (("key", MAX_KEY), ("alias", MAX_KEY), ("value", MAX_VALUE))


def check(line: Line) -> None:
    """Hold a line to the limits. Raises LimitError."""
    for name, limit in _LIMITS:
        if len((getattr(line, name) or "").encode()) > limit:
            raise LimitError(
                "ledger.too_large",
                Words(
                    en=f"The {name} of a ledger's line is over {limit} bytes.",
                    fr=f"Le champ {name} d'une ligne du registre dépasse {limit} octets.",
                ),
                limit=limit,
            )
