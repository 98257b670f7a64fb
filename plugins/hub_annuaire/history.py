"""What the database in use still has to say to the one that replaces it.

An import goes on from a copy, so nothing is lost. When the database is damaged, or another release made
it, what can still be read of the past is carried over into a new one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.ports.directory import DirectoryUnavailableError
from hub_annuaire import faults, schema

_CARRIED: Final = {
    "version": "id, version, taken",
    "past": "who, closed, opened, verdicts",
    "change": "who, version, number, what, detail",
    "absence": "person, since, until",
    "stated": "id, standing, since, until",
}
_FORMER: Final = (
    "SELECT id FROM person WHERE gone IS NULL",  # release 1 held everybody there
    "SELECT DISTINCT person FROM activity",
)
_GONE: Final = "SELECT id, gone FROM person WHERE gone IS NOT NULL"
_MAILBOXES: Final = "SELECT key, address, type, name, identifiers FROM mailbox WHERE type IN ('PER', 'CAB')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an import finds. `whole` is whether it can go on from it; `generated` is by format."""

    whole: bool
    generated: dict[str, str]
    why: DirectoryUnavailableError | None = None


def held(path: Path) -> Held | None:
    """Look at what is there; None when nothing is."""
    if not path.exists():
        return None
    try:
        with closing(connect(path)) as connection:
            try:
                schema.check(connection)
                generated = dict(connection.execute("SELECT format, generated FROM file"))
            except sqlite3.Error as error:
                raise faults.damaged(error) from error
    except DirectoryUnavailableError as error:
        return Held(whole=False, generated={}, why=error)
    return Held(whole=True, generated=generated)


def check_whole(connection: sqlite3.Connection) -> None:
    """Read every page. Raises DirectoryUnavailableError when one is damaged."""
    try:
        sound = connection.execute("PRAGMA main.quick_check(1)").fetchone() == ("ok",)
    except sqlite3.Error as error:
        raise faults.damaged(error) from error
    if not sound:
        raise faults.damaged()


def salvage(path: Path, into: sqlite3.Connection) -> None:
    """Carry over what can still be read: the past, what was stated, who was there and is missed.

    Who was there goes to `staging.former`, their mailboxes to `staging.former_mailbox`.
    """
    with suppress(DirectoryUnavailableError), closing(connect(path)) as old:
        for table, columns in _CARRIED.items():
            places = ", ".join("?" * len(columns.split(",")))
            into.executemany(
                f"INSERT OR IGNORE INTO main.{table} ({columns}) VALUES ({places})",  # noqa: S608 - our own names
                _readable(old, f"SELECT {columns} FROM {table}"),  # noqa: S608 - our own names
            )
        if not into.execute("SELECT 1 FROM main.stated").fetchone():
            statement = "SELECT id, standing, since, NULL FROM stated"  # of release 1
            into.executemany("INSERT INTO main.stated VALUES (?, ?, ?, ?)", _readable(old, statement))
        number = into.execute("SELECT coalesce(max(id), 0) FROM main.version").fetchone()[0]
        into.executemany(
            f"INSERT OR IGNORE INTO main.person VALUES (?, ?, NULL, {int(number)})",  # noqa: S608 - a number
            _readable(old, _GONE),
        )
        for statement in _FORMER:
            into.executemany("INSERT OR IGNORE INTO staging.former VALUES (?)", _readable(old, statement))
        into.executemany(
            "INSERT OR IGNORE INTO staging.former_mailbox VALUES (?, ?, ?, ?, ?)", _readable(old, _MAILBOXES)
        )


def _readable(connection: sqlite3.Connection, statement: str) -> Iterator[tuple[Any, ...]]:
    """Yield rows up to the first that can't be read, if there is one."""
    with suppress(sqlite3.Error):
        yield from connection.execute(statement)


def connect(path: Path) -> sqlite3.Connection:
    """Open a finished database, which nobody changes: replaced whole, it needs no locks."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise faults.damaged(error) from error
