"""What a synchronisation has fetched, page by page, and where it goes on after a break.

Each page is one transaction with the cursor behind it, so nothing is fetched twice or forgotten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from yarl import URL

from hub.ports.directory import DirectoryUnavailableError
from hub_annuaire.fhir import faults, records, schema
from hub_annuaire.fhir.files import Files, remove
from hub_annuaire.fhir.pages import Page
from hub_annuaire.fhir.records import Record
from hub_annuaire.fhir.vocabulary import Kind

IDLE_PAGES: Final = 20
"""Pages in a row that bring nothing new: after that they are held to be endless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is being fetched: everything, or (`since`) what changed since then. Times are RFC 3339.

    `begun` is when the first page came, by the server's clock; empty before.
    """

    server: str
    since: str
    begun: str = ""


class Arriving:
    """The database of what has been fetched. Not for two threads at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._idle = 0
        self._counts: dict[Kind, int] = {}

    @classmethod
    def open(cls, files: Files) -> Arriving | None:
        """Open what a broken attempt left, None when there is nothing of use."""
        if not files.arriving.exists():
            return None
        try:
            return cls(schema.open_writing(files.arriving))
        except (sqlite3.Error, DirectoryUnavailableError):
            return None

    @classmethod
    def begin(cls, files: Files, task: Task) -> Arriving:
        """Begin anew. Raises sqlite3.Error."""
        remove(files.arriving)
        connection = schema.create(files.arriving, answers=not task.since)
        for name in ("server", "since", "begun"):
            schema.state(connection, name, getattr(task, name))
        return cls(connection)

    @property
    def task(self) -> Task:
        """What is being fetched."""
        facts = schema.facts(self.connection)
        return Task(server=facts["server"], since=facts["since"], begun=facts["begun"])

    def cursor(self, kind: Kind) -> str | None:
        """Return where to go on with a kind: a URL, empty for the beginning, None when it is complete."""
        value = schema.facts(self.connection).get(f"cursor {kind}", "")
        return None if value == "done" else value

    def restart(self, kind: Kind) -> None:
        """Begin a kind anew; what has come of it already is kept and will be replaced."""
        self.connection.execute("DELETE FROM page")
        schema.state(self.connection, f"cursor {kind}", "")
        schema.state(self.connection, "pass", self._pass + 1)
        schema.state(self.connection, "failed", 0)
        self._idle = 0

    def count(self, kind: Kind) -> int:
        """Return how many resources of a kind have come, the unreadable included."""
        if kind not in self._counts:
            (count,) = self.connection.execute(
                "SELECT (SELECT count(*) FROM record WHERE kind = ?1) + "
                "(SELECT count(*) FROM refused WHERE kind = ?1)",
                (kind.value,),
            ).fetchone()
            self._counts[kind] = int(count)
        return self._counts[kind]

    @property
    def _pass(self) -> int:
        return int(schema.facts(self.connection).get("pass", "1"))

    def take(self, kind: Kind, url: URL, page: Page, at: str) -> None:
        """Keep a page that came from `url`.

        Raises LimitError when pages go in circles, sqlite3.Error.
        """
        connection = self.connection
        connection.execute("BEGIN")
        try:
            before = connection.total_changes
            connection.execute("INSERT OR IGNORE INTO page VALUES (?)", (str(url),))
            if connection.total_changes == before:
                raise faults.endless()
            count = self.count(kind)
            new, added = put(connection, page.records, self._pass)
            before = connection.total_changes
            connection.executemany(
                "INSERT OR IGNORE INTO refused VALUES (?, ?)",
                [(kind.value, id_) for kind_, id_, _ in page.unreadable if kind_ == kind.value],
            )
            count += added + connection.total_changes - before
            self._idle = 0 if new else self._idle + 1
            if page.next is not None and self._idle > IDLE_PAGES:
                raise faults.endless()
            schema.state(connection, "failed", 0)
            if not schema.facts(connection)["begun"]:
                schema.state(connection, "begun", at)
            schema.state(connection, f"cursor {kind}", str(page.next) if page.next else "done")
            if page.next is None:
                connection.execute("DELETE FROM page")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        self._counts[kind] = count

    def once_more(self, kind: Kind) -> bool:
        """Whether this is the first time that this is asked of a kind."""
        name = f"again {kind}"
        first = name not in schema.facts(self.connection)
        schema.state(self.connection, name, 1)
        return first

    def failed(self) -> int:
        """Count an attempt that came no further; return how many there are since the last page."""
        count = int(schema.facts(self.connection).get("failed", "0")) + 1
        schema.state(self.connection, "failed", count)
        return count

    def close(self) -> None:
        """Close the database."""
        self.connection.close()


def put(connection: sqlite3.Connection, arrived: Iterable[Record], now: int) -> tuple[int, int]:
    """Put records in, each in the place of the one of the same id.

    Return how many are new to pass `now`, and how many of them were not there at all.
    """
    new = added = 0
    for one in arrived:
        key = (one.kind.value, one.id)
        row = connection.execute("SELECT pass FROM record WHERE kind = ? AND id = ?", key).fetchone()
        new += row != (now,)
        added += row is None
        if row is not None:
            connection.execute("DELETE FROM carrier WHERE kind = ? AND id = ?", key)
        values: tuple[Any, ...] = (
            *key,
            one.tenure.active is True,
            one.practitioner,
            one.organization,
            records.to_text(one),
            now,
        )
        connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        connection.executemany(
            "INSERT OR IGNORE INTO carrier VALUES (?, ?, ?)", [(box.key, *key) for box in one.boxes]
        )
    return new, added
