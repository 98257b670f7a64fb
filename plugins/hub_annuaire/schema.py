"""The tables of the database, which is written once and never changed.

Reading goes through `mailbox` (by address) and `bearer` (by identifier) alone; `person` and `stated`
are there for the next import, which must know who was there before.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hub_annuaire import faults

APPLICATION: Final = 0x43414475
RELEASE: Final = 1

_TABLES: Final = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {RELEASE};
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE person (
  id TEXT PRIMARY KEY,  -- in its national form, with the type digit
  gone TEXT             -- the day they vanished from the activity file; NULL: they are in it
) WITHOUT ROWID;
CREATE TABLE stated (id TEXT PRIMARY KEY, standing TEXT NOT NULL, since TEXT) WITHOUT ROWID;
CREATE TABLE mailbox (
  key TEXT PRIMARY KEY, -- Address.key
  address TEXT NOT NULL,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  identifiers TEXT NOT NULL, -- one a line, P (person) or S (structure) and the national form
  standing TEXT NOT NULL,
  since TEXT,
  preference INTEGER NOT NULL -- the lower the better
) WITHOUT ROWID;
CREATE TABLE bearer (
  identifier TEXT, preference INTEGER, key TEXT, PRIMARY KEY (identifier, preference, key)
) WITHOUT ROWID;
"""

STAGING: Final = """
CREATE TABLE staging.line (
  position INTEGER PRIMARY KEY, key TEXT, address TEXT, type TEXT, person TEXT, structure TEXT,
  name TEXT, service TEXT, paperless INTEGER
);
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in a new database."""
    connection.executescript(_TABLES)


def check(connection: sqlite3.Connection) -> None:
    """Refuse a database that is not ours, not of this release, or not finished.

    Raises DirectoryUnavailableError and sqlite3.Error.
    """
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
        raise faults.damaged()
    if connection.execute("PRAGMA user_version").fetchone() != (RELEASE,):
        raise faults.other_release()
