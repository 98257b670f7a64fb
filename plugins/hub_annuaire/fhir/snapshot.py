"""One copy, open for look-ups of some microseconds; it may be written to by others meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from hub.domain.party import Identifier
from hub_annuaire.fhir import faults, joining, schema
from hub_annuaire.fhir.joining import Bearing
from hub_annuaire.looking.aside import Aside, Gone
from hub_annuaire.looking.index import Index

REMEMBERED: Final = 4096
"""Answers kept in memory, of each kind of look-up."""
CACHE_KIB: Final = 16 << 10

T = TypeVar("T")


class Snapshot:
    """Answers from one database file, always from one version of it."""

    def __init__(self, path: Path, server: str) -> None:
        """Open the file. Raises DirectoryUnavailableError."""
        self._path = path
        try:
            self._connection = schema.open_reading(path)
            self._aside = Aside(schema.open_reading(path))
        except sqlite3.Error as error:
            raise faults.damaged(error) from error
        self._seen = -1
        self._server = server
        self.by_key = lru_cache(REMEMBERED)(self._by_key)
        self.by_bearer = lru_cache(REMEMBERED)(self._by_bearer)
        try:
            self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self.look()
        except BaseException:
            self.close()
            raise

    def look(self) -> None:
        """Go over to what was written since. Raises DirectoryUnavailableError."""
        try:
            (seen,) = self._connection.execute("PRAGMA data_version").fetchone()
            if seen == self._seen:
                return
            facts = schema.facts(self._connection)
            if facts["server"] != self._server:
                raise faults.never()
            self.version = facts["version"]
            self.begun = datetime.fromisoformat(facts["begun"])
            self.applied = datetime.fromisoformat(facts["applied"])
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise faults.damaged(error) from error
        self._seen = seen
        self.by_key.cache_clear()
        self.by_bearer.cache_clear()

    async def looking(self, ask: Callable[[Index], list[T]]) -> list[T]:
        """Ask the index, in a thread and one at a time. Raises DirectoryUnavailableError."""
        try:
            return await self._aside.ask(ask)
        except Gone:
            raise faults.never() from None
        except sqlite3.Error as error:
            raise faults.damaged(error) from error

    def close(self) -> None:
        """Close the file; a question to the index that is being answered ends first."""
        self._connection.close()
        self._aside.close()

    def _by_key(self, key: str) -> Bearing | None:
        found = self._read("SELECT body FROM mailbox WHERE key = ?", key)
        return found[0] if found else None

    def _by_bearer(self, identifier: Identifier) -> tuple[Bearing, ...]:
        return self._read(
            "SELECT body FROM bearer JOIN mailbox USING (key) WHERE system = ? AND value = ?",
            identifier.system,
            identifier.value,
        )

    def _read(self, statement: str, *values: str) -> tuple[Bearing, ...]:
        try:
            self._connection.execute("BEGIN")
            try:
                # what is read is of the version that `version` says
                self.look()
                rows = self._connection.execute(statement, values).fetchall()
            finally:
                self._connection.execute("COMMIT")
            return tuple(joining.of_text(body) for (body,) in rows)
        except (sqlite3.Error, ValueError, LookupError, TypeError) as error:
            raise faults.damaged(error) from error
