"""A ledger that lasts as long as its process: for commands, checks and tests, which keep nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.errors import LimitError, Words
from hub.ports.ledger import MAX_KEY, MAX_VALUE, Line


class EphemeralLedger:
    """Lines in memory (`hub.ports.ledger.Ledger`); none is forgotten by itself."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._named: dict[str, str] = {}

    async def get(self, key: str) -> Line | None:
        """Return the line of a key."""
        return self._lines.get(key)

    async def named(self, alias: str) -> Line | None:
        """Return the line that was last put with this alias."""
        key = self._named.get(alias)
        return None if key is None else self._lines[key]

    async def put(self, *lines: Line) -> None:
        """Write lines, all or none. Raises LimitError."""
        for one in lines:
            check(one)
        for one in lines:
            self._forget(one.key)
            self._lines[one.key] = one
            if one.alias is not None:
                self._named[one.alias] = one.key

    async def strike(self, *keys: str) -> None:
        """Forget lines."""
        for key in keys:
            self._forget(key)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[Line]:
        """Return lines whose `due_at` has come, the longest due first."""
        dated = [(one.due_at, one.key) for one in self._lines.values() if one.due_at is not None]
        return [self._lines[key] for due_at, key in sorted(dated) if due_at <= now][: max(limit, 0)]

    async def next_due(self) -> datetime | None:
        """Return when the next line comes up."""
        return min((one.due_at for one in self._lines.values() if one.due_at is not None), default=None)

    def _forget(self, key: str) -> None:
        line = self._lines.pop(key, None)
        if line is not None and line.alias is not None and self._named.get(line.alias) == key:
            del self._named[line.alias]


_LIMITS: Final = (
    ("key", MAX_KEY, Words(en="The key", fr="La clé")),
    ("alias", MAX_KEY, Words(en="The alias", fr="L'alias")),
    ("value", MAX_VALUE, Words(en="The value", fr="La valeur")),
)


def check(line: Line) -> None:
    """Hold a line to the limits, in bytes of UTF-8. Raises LimitError."""
    for name, limit, what in _LIMITS:
        # What JSON brought may hold half a surrogate pair.
        size = len((getattr(line, name) or "").encode("utf-8", "surrogatepass"))
        if size > limit:
            raise LimitError(
                "ledger.too_large",
                Words(
                    en=f"{what.en} of a ledger's line has {size} bytes; {limit} is the most.",
                    fr=f"{what.fr} d'une ligne du registre a {size} octets ; le maximum est {limit}.",
                ),
                limit=limit,
            )
