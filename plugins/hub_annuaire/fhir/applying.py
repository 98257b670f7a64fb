"""What has arrived → the version that answers, with what changed, counted. Blocking: for a thread.

Everything anew: the database of what arrived becomes the one that answers. What changed: one
transaction in the one that answers. Either way nobody sees half of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final

from hub.ports.filling import Changes, Loaded
from hub_annuaire.fhir import deriving, faults, records, schema
from hub_annuaire.fhir.arriving import Arriving, put
from hub_annuaire.fhir.deriving import StoppedError
from hub_annuaire.fhir.files import Files
from hub_annuaire.fhir.records import Record
from hub_annuaire.fhir.vocabulary import Kind

KEPT_VERSIONS: Final = 100
LEAST_LOSS: Final = 10
"""Fewer missing than this never count as a fault."""

_PERSON: Final = Kind.PRACTITIONER.value
_ROLE: Final = Kind.ROLE.value

_COUNTS: Final = {
    # an unregistered or inactive person is not there, as far as changes go
    "appeared": "SELECT count(*) FROM record AS new WHERE kind = :person AND active AND NOT EXISTS ("
    "SELECT 1 FROM held.record AS old WHERE old.kind = :person AND old.id = new.id AND old.active)",
    "gone": "SELECT count(*) FROM held.record AS old WHERE kind = :person AND active AND NOT EXISTS ("
    "SELECT 1 FROM record AS new WHERE new.kind = :person AND new.id = old.id AND new.active)",
    "changed": "SELECT count(*) FROM record AS new JOIN held.record AS old USING (kind, id) "
    "WHERE new.kind = :person AND new.active AND old.active AND new.body <> old.body",
    "less": "SELECT count(DISTINCT old.practitioner) FROM held.record AS old WHERE old.kind = :role "
    "AND old.active AND NOT EXISTS (SELECT 1 FROM record AS new WHERE new.kind = :role "
    "AND new.id = old.id AND new.practitioner = old.practitioner AND new.active) "
    "AND EXISTS (SELECT 1 FROM record AS other "
    "WHERE other.practitioner = old.practitioner AND other.practitioner <> '' "
    "AND other.kind = :role AND other.active)",
    "mailboxes_appeared": "SELECT count(*) FROM mailbox WHERE key NOT IN (SELECT key FROM held.mailbox)",
    "mailboxes_gone": "SELECT count(*) FROM held.mailbox WHERE key NOT IN (SELECT key FROM mailbox)",
    "mailboxes_changed": "SELECT count(*) FROM mailbox AS new JOIN held.mailbox AS old USING (key) "
    "WHERE new.body <> old.body",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """What both ways need to know."""

    files: Files
    now: datetime
    max_loss: int
    stop: Event

    def whole(self, arriving: Arriving, held: Path | None) -> Loaded:
        """Make what arrived the copy. Closes `arriving`.

        Raises MalformedError when far too much is missing, StoppedError, sqlite3.Error, OSError.
        """
        connection = arriving.connection
        begun = arriving.task.begun
        with _attached(connection, held) as compared, _transaction(connection):
            if compared:
                _keep_unreadable(connection)
            mailboxes = deriving.everything(connection, self.now.date(), self.stop)
            number = 1
            if compared:
                self._guard("people", _people(connection), _fact(connection, "held.fact", "people"))
                self._guard("mailboxes", mailboxes, _fact(connection, "held.fact", "mailboxes"))
                number = _fact(connection, "held.fact", "number") + 1
                connection.execute("INSERT INTO version SELECT * FROM held.version")
            changes = _compare(connection) if compared else None
            loaded = _state(
                connection, begun=begun, number=number, mailboxes=mailboxes, changes=changes, whole=True
            )
            schema.state(connection, "renewed", begun)
            schema.state(connection, "applied", self.now.isoformat())
            connection.execute("DELETE FROM refused")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        arriving.close()
        self.files.put()
        return loaded

    def increment(self, arriving: Arriving, held: Path) -> Loaded:
        """Put what arrived into the copy. Raises StoppedError, sqlite3.Error, DirectoryUnavailableError."""
        begun = arriving.task.begun
        with closing(schema.open_writing(held)) as connection, _transaction(connection):
            facts = schema.facts(connection)
            count = Counting(connection)
            keys: set[str] = set()
            for number, one in enumerate(_arrived(arriving.connection)):
                if number % deriving.BATCH == 0 and self.stop.is_set():
                    raise StoppedError
                row = connection.execute(
                    "SELECT body FROM record WHERE kind = ? AND id = ?", (one.kind.value, one.id)
                ).fetchone()
                before = records.of_text(row[0]) if row is not None else None
                if before == one:
                    continue
                count.before(one, before)
                if before is not None:
                    keys |= deriving.touched(connection, before)
                put(connection, [one], 0)
                keys |= deriving.touched(connection, one)
            appeared, changed, gone = deriving.some(connection, keys, self.now.date())
            changes = count.changes(appeared, changed, gone)
            schema.state(connection, "applied", self.now.isoformat())
            return _state(
                connection,
                begun=begun,
                number=int(facts["number"]) + 1,
                mailboxes=int(facts["mailboxes"]) + appeared - gone,
                changes=changes,
                whole=False,
            )

    def _guard(self, what: str, now: int, before: int) -> None:
        lost = before - now
        if lost > LEAST_LOSS and lost * 100 > before * self.max_loss:
            raise faults.shrunk(what, now, before, self.max_loss)


class Counting:
    """Counts what an increment does to people, from what there was before each record went in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._people: dict[str, Record | None] = {}
        self._posts: dict[str, set[str]] = {}

    def before(self, one: Record, held: Record | None) -> None:
        """Take note of what there was before `one`."""
        if one.kind is Kind.PRACTITIONER:
            self._people.setdefault(one.id, held)
        elif one.kind is Kind.ROLE:
            for person in {one.practitioner, held.practitioner if held else ""} - {""}:
                if person not in self._posts:
                    self._posts[person] = self._active_posts(person)

    def changes(self, appeared: int, changed: int, gone: int) -> Changes:
        """Compare with what there is now."""
        people = {"appeared": 0, "changed": 0, "gone": 0}
        for id_, before in self._people.items():
            now = self._active(id_)
            was = before is not None and before.tenure.active is True
            if now or was:
                people["changed" if now and was else "appeared" if now else "gone"] += 1
        posts = [(before, self._active_posts(id_)) for id_, before in self._posts.items()]
        less = len([now for before, now in posts if now and before - now])
        return Changes(
            **people,
            less=less,
            mailboxes_appeared=appeared,
            mailboxes_changed=changed,
            mailboxes_gone=gone,
        )

    def _active(self, id_: str) -> bool:
        row = self._connection.execute(
            "SELECT active FROM record WHERE kind = ? AND id = ?", (_PERSON, id_)
        ).fetchone()
        return row is not None and bool(row[0])

    def _active_posts(self, person: str) -> set[str]:
        rows = self._connection.execute(
            "SELECT id FROM record WHERE practitioner = ? AND practitioner <> '' AND kind = ? AND active",
            (person, _ROLE),
        )
        return {id_ for (id_,) in rows}


def _arrived(connection: sqlite3.Connection) -> Iterator[Record]:
    for (body,) in connection.execute("SELECT body FROM record ORDER BY kind, id"):
        yield records.of_text(body)


def _keep_unreadable(connection: sqlite3.Connection) -> None:
    """Take over what is held of a resource whose new version can't be read: it has not gone."""
    wanted = "WHERE (kind, id) IN (SELECT kind, id FROM refused)"
    connection.execute(f"INSERT OR IGNORE INTO record SELECT * FROM held.record {wanted}")  # noqa: S608 - our own
    connection.execute(
        "INSERT OR IGNORE INTO carrier SELECT key, kind, id FROM held.carrier "  # noqa: S608 - our own words
        f"{wanted}"
    )


def _compare(connection: sqlite3.Connection) -> Changes:
    names = {"person": _PERSON, "role": _ROLE}
    return Changes(
        **{what: int(connection.execute(sql, names).fetchone()[0]) for what, sql in _COUNTS.items()}
    )


def _people(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM record WHERE kind = ? AND active", (_PERSON,)).fetchone()
    return int(row[0])


def _fact(connection: sqlite3.Connection, table: str, name: str) -> int:
    row = connection.execute(f"SELECT value FROM {table} WHERE name = ?", (name,)).fetchone()  # noqa: S608 - our own
    return int(row[0])


def _state(
    connection: sqlite3.Connection,
    *,
    begun: str,
    number: int,
    mailboxes: int,
    changes: Changes | None,
    whole: bool,
) -> Loaded:
    version = f"fhir {datetime.fromisoformat(begun).astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}"
    people = _people(connection)
    stated = {"number": number, "begun": begun, "version": version, "people": people, "mailboxes": mailboxes}
    for name, value in stated.items():
        schema.state(connection, name, value)
    loaded = Loaded(version=version, professionals=people, mailboxes=mailboxes, changes=changes)
    connection.execute(
        "INSERT OR REPLACE INTO version VALUES (?, ?, ?, ?)",
        (number, version, whole, json.dumps(asdict(loaded))),
    )
    connection.execute("DELETE FROM version WHERE number <= ?", (number - KEPT_VERSIONS,))
    return loaded


@contextmanager
def _attached(connection: sqlite3.Connection, held: Path | None) -> Iterator[bool]:
    """Attach the copy that answers; whether there is one that can be compared with."""
    if held is None:
        yield False
        return
    connection.execute("ATTACH ? AS held", (str(held),))
    try:
        yield True
    finally:
        connection.execute("DETACH held")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
