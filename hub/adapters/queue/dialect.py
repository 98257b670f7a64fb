"""All that is SQLite's own: how to connect, how to begin, how to insert many rows at once, or in place."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.pool import StaticPool

_PRAGMAS: Final = (
    "journal_mode = WAL",
    # The commit waits for the disk: what was answered survives a power cut.
    "synchronous = FULL",
    "foreign_keys = ON",
    # What is erased is overwritten, wrapped keys above all.
    "secure_delete = ON",
    "temp_store = MEMORY",
    "cache_size = -32768",
    # Checkpoints write each page once however often it changed: rarer ones write less.
    "wal_autocheckpoint = 4000",
    "journal_size_limit = 67108864",
)
_STATEMENTS: Final = 256


def writing(path: Path) -> Engine:
    """Return an engine of one connection whose transactions hold the write lock from the start.

    It never waits for the lock: the caller does, without blocking anything.
    """
    return _engine(path, "BEGIN IMMEDIATE", 0.0)


def reading(path: Path, timeout: float) -> Engine:
    """Return an engine of one connection for reading; each transaction sees one consistent state."""
    return _engine(path, "BEGIN", timeout)


def is_busy(error: BaseException) -> bool:
    """Whether another process holds the write lock."""
    cause = getattr(error, "orig", error)
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def replacing(table: Table) -> Insert:
    """Return the statement that writes whole rows, each in the place of the one with its primary key."""
    statement = insert(table).values({one.name: bindparam(one.name) for one in table.columns})
    rest = {one.name: statement.excluded[one.name] for one in table.columns if not one.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


def truncate_log(connection: Connection) -> None:
    """Move everything from the write-ahead log to the database and empty it. Outside a transaction."""
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _engine(path: Path, begin: str, timeout: float) -> Engine:
    def connect() -> sqlite3.Connection:
        # The file would be made with the umask's permissions; only its owner may read it.
        path.touch(mode=0o600)
        connection = sqlite3.connect(
            path,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=StaticPool)
    engine.dialect.use_insertmanyvalues_wo_returning = True

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The short way: this runs before every transaction.
        raw: Any = connection.connection.driver_connection
        raw.execute(begin)

    return engine
