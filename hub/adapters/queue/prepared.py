"""Statements that run for every message, compiled once.

The library's way from a statement to SQLite and back takes several times as long as SQLite itself, and
three transactions go with each message. A statement is still built by the library, for any database;
only running it takes the short way. What it raises is `sqlite3.Error`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Table, bindparam, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import ClauseElement

_NAMED: Final[Dialect] = sqlite.dialect(paramstyle="named")


class Prepared:
    """One statement. Its values are text, numbers, bytes and None: nothing that has to be converted."""

    __slots__ = ("_fixed", "_text")

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_NAMED)
        self._text = str(compiled)
        # What the statement itself says, such as a state; the rest comes with each run.
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run once, and return what it gives."""
        found: list[tuple[Any, ...]] = (
            _raw(connection).execute(self._text, {**self._fixed, **values}).fetchall()
        )
        return found

    def each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run for every one of `rows`; it says nothing itself and gives nothing."""
        _raw(connection).executemany(self._text, rows)


@lru_cache(maxsize=64)
def inserting(table: Table, names: tuple[str, ...]) -> Prepared:
    """Return the statement that inserts rows with these columns."""
    return Prepared(insert(table).values({name: bindparam(name) for name in names}))


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection
