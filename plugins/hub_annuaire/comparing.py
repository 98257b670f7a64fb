"""A file of today against the lines that were accepted before: only what is new is read at all.

A line is known by 8 bytes of its BLAKE2b digest (RFC 7693), salted with a secret of the database and
the file's header line: under another header the same bytes say something else. Nobody outside can make
a line that is taken for another; by chance that happens once in a hundred million years of imports.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import chain
from typing import Any

from hub_annuaire.formats import Format, Header

SECRET = "secret"  # noqa: S105 - a name, not the secret
"""The fact that salts the digests."""


class Compared:
    """The lines of one file. `digest` is that of the line which was asked about last."""

    def __init__(self, connection: sqlite3.Connection, table: str, header: Header, secret: str) -> None:
        found = connection.execute(
            "SELECT encoding FROM file WHERE format = ?", (header.format.name,)
        ).fetchone()
        self.encoding: str | None = found[0] if found else None
        self.digest = 0
        self._salt = blake2b(header.line.encode(), digest_size=16, key=bytes.fromhex(secret)).digest()
        self.unseen: set[int] = set(
            chain.from_iterable(connection.execute(f"SELECT digest FROM {table}"))  # noqa: S608 - our own name
        )
        self.held = len(self.unseen)

    def known(self, raw: bytes) -> bool:
        """Whether this very line was accepted before; the first time only, when it stands there twice."""
        digest = blake2b(raw, digest_size=8, salt=self._salt).digest()
        self.digest = number = int.from_bytes(digest, "little", signed=True)
        if number in self.unseen:
            self.unseen.remove(number)
            return True
        return False


def note(connection: sqlite3.Connection, format_: Format, generated: str, encoding: str | None) -> None:
    """Remember which file was read. Raises sqlite3.Error."""
    connection.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?)", (format_.name, generated, encoding))


def appeared(
    connection: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]], *, empty: bool = False
) -> None:
    """Stage the lines that are new, each row beginning with its line and key. Raises sqlite3.Error.

    Into an `empty` table those that come in the order of their keys go at once.
    """
    columns = connection.execute(f"PRAGMA staging.table_info(new_{table})").fetchall()
    places = ", ".join("?" * len(columns))
    stage = f"INSERT INTO staging.new_{table} VALUES ({places})"  # noqa: S608 - our own names
    if not empty:
        connection.executemany(stage, rows)
        return

    def in_order() -> Iterator[tuple[Any, ...]]:
        last = before = ""
        for row in rows:
            if row[1] > last or row[1] == before == last:
                last = row[1]
                yield row[1:]
            else:
                connection.execute(stage, row)
            before = row[1]

    insert = f"INSERT OR IGNORE INTO main.{table} VALUES ({places[:-3]})"  # noqa: S608 - our own names
    connection.executemany(insert, in_order())


def vanished(connection: sqlite3.Connection, table: str, unseen: Iterable[int]) -> None:
    """Stage the lines that the file no longer has. Raises sqlite3.Error."""
    connection.executemany(
        f"INSERT INTO staging.unseen_{table} VALUES (?)",  # noqa: S608 - our own name
        ((one,) for one in sorted(unseen)),
    )
    connection.execute(
        f"INSERT INTO staging.old_{table} SELECT {table}.* FROM main.{table} "  # noqa: S608 - our own name
        f"CROSS JOIN staging.unseen_{table} USING (digest)"
    )


def apply(connection: sqlite3.Connection, table: str, key: str) -> None:
    """Take what is gone out of a table and put in what is new. Raises sqlite3.Error."""
    connection.execute(
        f"DELETE FROM main.{table} WHERE ({key}, digest) IN "  # noqa: S608 - our own names
        f"(SELECT {key}, digest FROM staging.old_{table})"
    )
    columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
    connection.execute(
        f"INSERT OR IGNORE INTO main.{table} SELECT {columns} FROM staging.new_{table} "  # noqa: S608 - our own names
        f"ORDER BY {key}, digest"
    )
