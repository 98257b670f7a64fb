"""Extractions → a new database, in one pass over each file and in bounded memory.

1. who practises, 2. who did before, 3. what authorities say, 4. the mailboxes' lines, 5. the mailboxes,
6. those left behind, 7. the facts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from hub.errors import MalformedError
from hub_annuaire import activity, mailboxes, merge, schema, stated
from hub_annuaire.faults import Place
from hub_annuaire.history import History
from hub_annuaire.reading import Opened, open_lines
from hub_annuaire.recognising import Files

BATCH: Final = 2000
CACHE_KIB: Final = 64 << 10
LEAST_LOSS: Final = 10
"""Fewer missing than this never count as a damaged extraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What the new database holds."""

    version: datetime
    professionals: int
    mailboxes: int
    kept: int


def build(new: Path, files: Files, history: History | None, opened: Opened, max_loss: int) -> Built:
    """Fill the empty file `new`. Raises MalformedError, LimitError, sqlite3.Error, OSError."""
    with _writing(new) as connection:
        # 1.
        with open_lines(files.activity, opened) as (lines, header):
            _insert(connection, "INSERT OR IGNORE INTO person (id) VALUES (?)", activity.read(lines, header))
        professionals = _count(connection, "person")
        _guard(files.activity.name, "professionals", professionals, history, max_loss)
        # 2.
        if history is not None:
            day = files.activity.generated.date()
            _insert(connection, "INSERT OR IGNORE INTO person VALUES (?, ?)", history.persons(day))
        # 3.
        if files.stated is not None:
            with open_lines(files.stated, opened) as (lines, header):
                _insert(connection, "INSERT INTO stated VALUES (?, ?, ?)", stated.read(lines, header))
        elif history is not None:
            _insert(connection, "INSERT INTO stated VALUES (?, ?, ?)", history.stated())
        # 4.
        with open_lines(files.mailboxes, opened) as (lines, header):
            _insert(
                connection,
                "INSERT INTO staging.line (key, address, type, person, structure, name, service, paperless) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                mailboxes.read(lines, header),
            )
        # 5.
        listed = _add(connection, merge.mailboxes(connection))
        _guard(files.mailboxes.name, "mailboxes", listed, history, max_loss)
        # 6.
        kept = _add(connection, history.left_behind(connection)) if history is not None else 0
        # 7.
        facts = {
            "version": files.newest.isoformat(timespec="minutes"),
            "oldest": files.oldest.isoformat(timespec="minutes"),
            "professionals": professionals,
            "mailboxes": listed,
            "kept": kept,
        }
        _insert(
            connection,
            "INSERT INTO fact VALUES (?, ?)",
            ((name, str(value)) for name, value in facts.items()),
        )
    return Built(version=files.newest, professionals=professionals, mailboxes=listed, kept=kept)


@contextmanager
def _writing(new: Path) -> Iterator[sqlite3.Connection]:
    staging = new.with_name(f"{new.name}.staging")
    staging.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as connection:
            # no journal: a build that fails is thrown away
            for name in ("main", "staging"):
                if name == "staging":
                    connection.execute("ATTACH ? AS staging", (str(staging),))
                connection.execute(f"PRAGMA {name}.journal_mode = OFF")
                connection.execute(f"PRAGMA {name}.synchronous = OFF")
                connection.execute(f"PRAGMA {name}.cache_size = -{CACHE_KIB // 2}")
            schema.create(connection)
            connection.execute(schema.STAGING)
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
    finally:
        staging.unlink(missing_ok=True)


def _insert(connection: sqlite3.Connection, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    connection.executemany(statement, rows)


def _add(connection: sqlite3.Connection, rows: Iterator[merge.Mailbox]) -> int:
    total = 0
    while batch := list(islice(rows, BATCH)):
        total += len(batch)
        connection.executemany("INSERT INTO mailbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch)
        connection.executemany(
            "INSERT INTO bearer VALUES (?, ?, ?)",
            [(one, row[7], row[0]) for row in batch for one in row[4].split("\n") if one],
        )
    return total


def _count(connection: sqlite3.Connection, table: str) -> int:
    count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own name
    return count


def _guard(file: str, what: str, now: int, history: History | None, max_loss: int) -> None:
    """Refuse a file from which far too much is missing: cut at the end of a line, it looks whole."""
    if now == 0:
        raise Place(file).malformed("no_lines", "nothing after the header", "rien après l'en-tête")
    before = int(history.facts[what]) if history is not None else 0
    lost = before - now
    if lost > LEAST_LOSS and lost * 100 > before * max_loss:
        raise _shrunk(file, before, now, max_loss)


def _shrunk(file: str, before: int, now: int, max_loss: int) -> MalformedError:
    return Place(file).malformed(
        "shrunk",
        f"{now} where the directory has {before}: more than {max_loss} % less looks like a file cut short; "
        "raise max_loss in the configuration if it is right",
        f"{now} contre {before} dans l'annuaire : plus de {max_loss} % de moins, le fichier semble coupé ; "
        "augmentez max_loss dans la configuration s'il est juste",
    )
