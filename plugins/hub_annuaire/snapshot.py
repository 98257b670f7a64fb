"""One version of the directory, open for look-ups of some microseconds."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from hub.domain.address import Address
from hub.errors import MalformedError
from hub.ports.directory import DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub_annuaire import certificates, faults, schema
from hub_annuaire.history import connect
from hub_annuaire.identifiers import to_identifier

REMEMBERED: Final = 4096
"""Answers kept in memory, of each kind of look-up."""
CACHE_KIB: Final = 16 << 10

_COLUMNS: Final = "mailbox.key, address, type, name, identifiers, standing, since"
_BY_KEY: Final = f"SELECT {_COLUMNS} FROM mailbox WHERE key = ?"  # noqa: S608 - our own columns
_BY_BEARER: Final = (
    f"SELECT {_COLUMNS} FROM bearer JOIN mailbox USING (key) "  # noqa: S608 - our own columns
    "WHERE identifier = ? ORDER BY bearer.preference, bearer.key"
)
_KINDS: Final = {
    "PER": MailboxKind.PERSONAL,
    "CAB": MailboxKind.PRACTICE,
    "ORG": MailboxKind.ORGANISATIONAL,
    "APP": MailboxKind.APPLICATION,
}


class Snapshot:
    """Answers from one database file, which never changes while it is open."""

    def __init__(self, path: Path, folder: Path | None) -> None:
        """Open the file. Raises DirectoryUnavailableError."""
        self._folder = folder
        self._connection = connect(path)
        try:
            schema.check(self._connection)
            facts = dict(self._connection.execute("SELECT name, value FROM fact"))
            self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self.version: str = facts["version"]
            self.oldest = datetime.fromisoformat(facts["oldest"])
        except (sqlite3.Error, KeyError, ValueError) as error:
            self._connection.close()
            raise faults.damaged(error) from error
        except DirectoryUnavailableError:
            self._connection.close()
            raise
        self.by_key = lru_cache(REMEMBERED)(self._by_key)
        self.by_bearer = lru_cache(REMEMBERED)(self._by_bearer)

    def forget(self) -> None:
        """Read certificates again from now on."""
        self.by_key.cache_clear()
        self.by_bearer.cache_clear()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _by_key(self, key: str) -> Entry | None:
        entries = self._entries(_BY_KEY, key)
        return entries[0] if entries else None

    def _by_bearer(self, stored: str) -> tuple[Entry, ...]:
        return self._entries(_BY_BEARER, stored)

    def _entries(self, statement: str, value: str) -> tuple[Entry, ...]:
        try:
            return tuple(self._entry(row) for row in self._connection.execute(statement, (value,)))
        except (sqlite3.Error, ValueError, LookupError, MalformedError) as error:
            raise faults.damaged(error) from error

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        key, address, type_, name, identifiers, standing, since = row
        return Entry(
            address=Address.parse(address),
            mailbox=_KINDS[type_],
            name=name,
            identifiers=tuple(to_identifier(one) for one in identifiers.split("\n") if one),
            standing=Standing(standing),
            source=f"annuaire {self.version}",
            since=date.fromisoformat(since) if since else None,
            certificates=certificates.of(self._folder, key) if self._folder is not None else (),
        )
