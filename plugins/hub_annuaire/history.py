"""What the database in use still has to say to the one that replaces it.

Who vanishes from the open data is not forgotten: their mailbox stays, with the standing that bars it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from hub.ports.directory import Standing
from hub_annuaire import faults, schema
from hub_annuaire.identifiers import PERSON_PREFIX
from hub_annuaire.merge import GONE, Mailbox, judged, known


class History:
    """The database in use, being read by an import."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.facts = dict(connection.execute("SELECT name, value FROM fact"))

    @property
    def generated(self) -> datetime:
        """When the newest extraction in it was generated."""
        return datetime.fromisoformat(self.facts["version"])

    def persons(self, day: date) -> Iterator[tuple[str, str]]:
        """Yield everybody who was ever in it, with the day they were missed; `day` if only now."""
        yield from self._connection.execute("SELECT id, coalesce(gone, ?) FROM person", (day.isoformat(),))

    def stated(self) -> Iterator[tuple[str, str, str | None]]:
        """Yield what authorities have said."""
        yield from self._connection.execute("SELECT id, standing, since FROM stated")

    def left_behind(self, new: sqlite3.Connection) -> Iterator[Mailbox]:
        """Yield mailboxes that are no longer listed and whose bearers are known to be barred."""
        old = self._connection.execute(
            "SELECT key, address, type, name, identifiers, preference FROM mailbox "
            "WHERE type IN ('PER', 'CAB') ORDER BY key"
        )
        for key, address, type_, name, identifiers, preference in old:
            if new.execute("SELECT 1 FROM mailbox WHERE key = ?", (key,)).fetchone():
                continue
            bearers = [
                known(
                    *new.execute(
                        "SELECT person.id, gone, standing, since FROM (SELECT ? AS id) AS one "
                        "LEFT JOIN person USING (id) LEFT JOIN stated USING (id)",
                        (stored[1:],),
                    ).fetchone()
                )
                for stored in identifiers.split("\n")
                if stored.startswith(PERSON_PREFIX)
            ]
            verdict = judged(type_, bearers)
            if verdict.standing in {Standing.ACTIVE, Standing.UNKNOWN}:
                continue
            row = (key, address, type_, name, identifiers)
            yield *row, *verdict.row(), preference % GONE + GONE


@contextmanager
def reading(path: Path) -> Iterator[History | None]:
    """Open what is there; None when nothing is. Raises DirectoryUnavailableError when it is damaged."""
    if not path.exists():
        yield None
        return
    connection = connect(path)
    try:
        try:
            schema.check(connection)
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise faults.damaged()
            history = History(connection)
        except sqlite3.Error as error:
            raise faults.damaged(error) from error
        yield history
    finally:
        connection.close()


def connect(path: Path) -> sqlite3.Connection:
    """Open a finished database, which nobody changes: replaced whole, it needs no locks."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise faults.damaged(error) from error
