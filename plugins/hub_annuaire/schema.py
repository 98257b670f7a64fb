"""The tables of the database, which is written once and never changed: an import changes a copy.

Looking up goes through `mailbox` (by address) and `bearer` (by identifier) alone. `activity`, `skill`,
`qualification` and `listing` hold what was read of each line, under the line's digest, for the next
import; `person`, `absence`, `past` and `change` are the history, in which only changes are rows.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hub_annuaire import faults
from hub_annuaire.looking import index

APPLICATION: Final = 0x43414475
RELEASE: Final = 2

_TABLES: Final = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {RELEASE};
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE version (
  id INTEGER PRIMARY KEY,
  version TEXT NOT NULL,  -- of the extractions, in French time
  taken TEXT              -- when the hub began to answer from it, in UTC
);
CREATE TABLE past (  -- what was said of somebody's standing from one version until another
  who TEXT, closed INTEGER, -- P and a national identifier, or M and an Address.key; the version that ended it
  opened INTEGER NOT NULL,
  verdicts TEXT NOT NULL,
  PRIMARY KEY (who, closed)
) WITHOUT ROWID;
CREATE TABLE change (
  who TEXT, version INTEGER, number INTEGER, what TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (who, version, number)
) WITHOUT ROWID;
CREATE TABLE person ( -- only those to whom something happened after the first import
  id TEXT PRIMARY KEY,    -- in its national form, with the type digit
  gone TEXT,              -- the day they vanished from the activity file; NULL: they are in it, or never were
  appeared TEXT,          -- the day on which they first came, when that was after the first import
  opened INTEGER NOT NULL -- the version that brought their present standing
) WITHOUT ROWID;
CREATE TABLE absence (
  person TEXT, since TEXT, until TEXT NOT NULL, PRIMARY KEY (person, since)
) WITHOUT ROWID;
CREATE TABLE stated (id TEXT PRIMARY KEY, standing TEXT NOT NULL, since TEXT, until TEXT) WITHOUT ROWID;
CREATE TABLE file (
  format TEXT PRIMARY KEY, generated TEXT NOT NULL, encoding TEXT -- NULL: all ASCII
) WITHOUT ROWID;
CREATE TABLE coded (id INTEGER PRIMARY KEY, code TEXT NOT NULL, label TEXT NOT NULL);
CREATE TABLE activity (
  person TEXT, digest INTEGER,
  name TEXT NOT NULL, -- title|given|FAMILY
  profession INTEGER NOT NULL, specialty INTEGER NOT NULL, mode INTEGER NOT NULL, -- coded.id, or 0
  structures TEXT NOT NULL, -- identifiers of one place of work, its own first
  PRIMARY KEY (person, digest)
) WITHOUT ROWID;
CREATE TABLE skill (
  person TEXT, digest INTEGER, skill INTEGER NOT NULL, PRIMARY KEY (person, digest)
) WITHOUT ROWID;
CREATE TABLE qualification (
  person TEXT, digest INTEGER, diploma INTEGER NOT NULL, discipline INTEGER NOT NULL,
  PRIMARY KEY (person, digest)
) WITHOUT ROWID;
CREATE TABLE listing (
  key TEXT, digest INTEGER,
  address TEXT NOT NULL, type TEXT NOT NULL, person TEXT NOT NULL, structure TEXT NOT NULL,
  name TEXT NOT NULL, place TEXT NOT NULL, service TEXT NOT NULL,
  paperless INTEGER NOT NULL, -- 0 is yes
  profession INTEGER NOT NULL, specialty INTEGER NOT NULL, town TEXT NOT NULL, postcode TEXT NOT NULL,
  PRIMARY KEY (key, digest)
) WITHOUT ROWID;
CREATE TABLE mailbox (
  key TEXT PRIMARY KEY,      -- Address.key
  address TEXT NOT NULL,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  identifiers TEXT NOT NULL, -- one a line, P (person) or S (structure) and the national form
  verdicts TEXT NOT NULL,    -- standing on every day
  listed INTEGER NOT NULL,   -- 0: no longer in the extraction, remembered because its bearer is barred
  opened INTEGER NOT NULL,   -- the version that brought the verdicts
  preference INTEGER NOT NULL, -- the lower the better
  profession INTEGER NOT NULL,
  specialties TEXT NOT NULL, -- coded.id, separated by blanks
  structure TEXT NOT NULL, service TEXT NOT NULL, town TEXT NOT NULL, postcode TEXT NOT NULL,
  answers TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE bearer (
  identifier TEXT, preference INTEGER, key TEXT, PRIMARY KEY (identifier, preference, key)
) WITHOUT ROWID;
"""

LINES: Final = ("activity", "skill", "qualification", "listing")
"""Tables that hold what was read of lines."""

_STAGING: Final = """
CREATE TABLE staging.new_{table} AS SELECT 0 AS line, * FROM main.{table} WHERE 0;
CREATE TABLE staging.unseen_{table} (digest INTEGER PRIMARY KEY);
CREATE TABLE staging.old_{table} AS SELECT * FROM main.{table} WHERE 0;
"""
_STAGED: Final = """
CREATE TABLE staging.stated AS SELECT * FROM main.stated WHERE 0;
CREATE TABLE staging.moved (person TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE staging.touched (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE staging.former (person TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE staging.former_mailbox (
  key TEXT PRIMARY KEY, address TEXT, type TEXT, name TEXT, identifiers TEXT
) WITHOUT ROWID;
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in a new database."""
    connection.executescript(_TABLES)
    connection.executescript(index.TABLES)


def stage(connection: sqlite3.Connection) -> None:
    """Make the tables of one import in the attached database `staging`.

    What is new and what is gone of each table of `LINES`; who is touched by it.
    """
    for table in LINES:
        connection.executescript(_STAGING.format(table=table))
    connection.executescript(_STAGED)


def check(connection: sqlite3.Connection) -> None:
    """Refuse a database that is not ours, not of this release, or not finished.

    Raises DirectoryUnavailableError and sqlite3.Error.
    """
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
        raise faults.damaged()
    if connection.execute("PRAGMA user_version").fetchone() != (RELEASE,):
        raise faults.other_release()
