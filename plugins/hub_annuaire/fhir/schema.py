"""The tables of a copy, and of one that is arriving.

Look-ups read `mailbox` and `bearer` alone; `record` and `carrier` are there to work out what a change
means. `page`, `refused` and the facts `cursor …` say how far a synchronisation has come. A search for
who refers to an id says `<> ''` too, so that SQLite sees that its index will do.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from hub_annuaire.fhir import faults
from hub_annuaire.looking import index

APPLICATION: Final = 0x43414446
RELEASE: Final = 1

_RECORDS: Final = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {RELEASE};
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (
  kind TEXT, id TEXT, active INTEGER NOT NULL, practitioner TEXT NOT NULL, organization TEXT NOT NULL,
  body TEXT NOT NULL, -- records.to_text
  pass INTEGER NOT NULL, -- which pass over the server's pages brought it last; 0: none that goes on
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX by_practitioner ON record (practitioner) WHERE practitioner <> '';
CREATE INDEX by_organization ON record (organization) WHERE organization <> '';
CREATE TABLE carrier (
  key TEXT, -- Address.key
  kind TEXT, id TEXT, PRIMARY KEY (key, kind, id)
) WITHOUT ROWID;
CREATE INDEX carrier_of ON carrier (kind, id);
CREATE TABLE page (url TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE refused (kind TEXT, id TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
"""

_ANSWERS: Final = """
CREATE TABLE mailbox (
  key TEXT PRIMARY KEY,
  body TEXT NOT NULL -- joining.to_text
) WITHOUT ROWID;
CREATE TABLE bearer (system TEXT, value TEXT, key TEXT, PRIMARY KEY (system, value, key)) WITHOUT ROWID;
CREATE INDEX bearer_of ON bearer (key);
CREATE TABLE version (
  number INTEGER PRIMARY KEY, version TEXT NOT NULL, whole INTEGER NOT NULL, loaded TEXT NOT NULL
);
"""


def create(path: Path, *, answers: bool) -> sqlite3.Connection:
    """Make a new database, with the tables for look-ups or without. Raises sqlite3.Error."""
    connection = _connect(path)
    connection.executescript(_RECORDS)
    if answers:
        connection.executescript(_ANSWERS)
        connection.executescript(index.TABLES)
    return connection


def open_writing(path: Path) -> sqlite3.Connection:
    """Open what is there for changes. Raises sqlite3.Error, DirectoryUnavailableError."""
    connection = _connect(path)
    try:
        check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reading(path: Path) -> sqlite3.Connection:
    """Open a copy for look-ups. Raises sqlite3.Error, DirectoryUnavailableError."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check(connection: sqlite3.Connection) -> None:
    """Refuse a database that is not ours, or not of this release."""
    if (
        connection.execute("PRAGMA application_id").fetchone() != (APPLICATION,)
        or connection.execute("PRAGMA user_version").fetchone() != (RELEASE,)
    ):  # fmt: skip
        raise faults.damaged()


def facts(connection: sqlite3.Connection) -> dict[str, str]:
    """Return all facts."""
    return dict(connection.execute("SELECT name, value FROM fact"))


def state(connection: sqlite3.Connection, name: str, value: object) -> None:
    """Set a fact."""
    connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, str(value)))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    # look-ups go on from the last version while the next is written
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
