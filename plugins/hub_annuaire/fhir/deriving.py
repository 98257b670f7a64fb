"""Records in a database → the mailboxes that look-ups read, one key at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date
from threading import Event
from typing import Final

from hub_annuaire.fhir import joining, records
from hub_annuaire.fhir.joining import Bearing, Web
from hub_annuaire.fhir.records import Record
from hub_annuaire.fhir.vocabulary import Kind
from hub_annuaire.looking import index
from hub_annuaire.looking.index import Shown

BATCH: Final = 500


class StoppedError(Exception):
    """The hub is closing; nothing has changed."""


def everything(connection: sqlite3.Connection, today: date, stop: Event) -> int:
    """Fill `mailbox`, `bearer` and the index of a new database; return how many mailboxes there are.

    Raises StoppedError and sqlite3.Error.
    """
    keys = (key for (key,) in connection.execute("SELECT DISTINCT key FROM carrier ORDER BY key"))
    total = 0
    connection.execute("DELETE FROM mailbox")
    connection.execute("DELETE FROM bearer")
    for number, (key, one) in enumerate(_bearings(connection, keys)):
        if number % BATCH == 0 and stop.is_set():
            raise StoppedError
        if one is not None:
            total += 1
            _write(connection, key, one)
    index.add(connection, _searchable(connection, today, stop))
    return total


def some(connection: sqlite3.Connection, keys: Iterable[str], today: date) -> tuple[int, int, int]:
    """Work out these mailboxes anew; return how many appeared, changed and went. Raises sqlite3.Error."""
    ordered = sorted(keys)
    parts = [
        _batch(connection, ordered[start : start + BATCH], today) for start in range(0, len(ordered), BATCH)
    ]
    appeared, changed, gone = (sum(part[one] for part in parts) for one in range(3))
    return appeared, changed, gone


def _batch(connection: sqlite3.Connection, keys: Iterable[str], today: date) -> tuple[int, int, int]:
    appeared = changed = gone = 0
    searchable: list[Shown] = []
    hidden: list[str] = []
    for key, one in _bearings(connection, keys):
        row = connection.execute("SELECT body FROM mailbox WHERE key = ?", (key,)).fetchone()
        if one is None:
            if row is not None:
                gone += 1
                connection.execute("DELETE FROM mailbox WHERE key = ?", (key,))
                connection.execute("DELETE FROM bearer WHERE key = ?", (key,))
                hidden.append(key)
            continue
        if row == (joining.to_text(one),):
            continue
        appeared += row is None
        changed += row is not None
        _write(connection, key, one)
        if (shown := joining.shown(one, today)) is None:
            hidden.append(key)
        else:
            searchable.append(shown)
    index.remove(connection, hidden)
    if searchable:
        index.add(connection, searchable)
    return appeared, changed, gone


def touched(connection: sqlite3.Connection, one: Record) -> set[str]:
    """Return the keys of mailboxes that may be told differently when a record comes, goes or changes."""
    keys = {box.key for box in one.boxes}
    people = {one.practitioner} if one.kind is Kind.ROLE else set()
    match one.kind:
        case Kind.PRACTITIONER:
            found = connection.execute(
                "SELECT kind, id FROM record WHERE practitioner = ? AND practitioner <> ''", (one.id,)
            )
            keys |= _of(connection, found.fetchall())
        case Kind.ORGANIZATION:
            rows = connection.execute(
                "SELECT kind, id, practitioner FROM record WHERE organization = ? AND organization <> ''",
                (one.id,),
            ).fetchall()
            keys |= _of(connection, [(kind, id_) for kind, id_, _ in rows])
            people = {practitioner for _, _, practitioner in rows}
    keys |= _of(connection, [(Kind.PRACTITIONER.value, id_) for id_ in people if id_])
    if one.kind is Kind.ROLE and one.practitioner:
        # a death that one activity tells of ends the others too
        others = connection.execute(
            "SELECT kind, id FROM record WHERE practitioner = ? AND practitioner <> ''", (one.practitioner,)
        )
        keys |= _of(connection, others.fetchall())
    return keys


def _of(connection: sqlite3.Connection, resources: Iterable[tuple[str, str]]) -> set[str]:
    return {
        key
        for resource in resources
        for (key,) in connection.execute("SELECT key FROM carrier WHERE kind = ? AND id = ?", resource)
    }


def _bearings(connection: sqlite3.Connection, keys: Iterable[str]) -> Iterator[tuple[str, Bearing | None]]:
    for key in keys:
        web = Web()
        web.add(
            _read(
                connection,
                "SELECT body FROM carrier JOIN record USING (kind, id) WHERE key = ?",
                key,
            )
        )
        people = {one.practitioner for one in web.of(Kind.ROLE)} | {
            one.id for one in web.of(Kind.PRACTITIONER)
        }
        for person in people:
            web.add(_read(connection, _BY_ID, Kind.PRACTITIONER.value, person))
            web.add(
                _read(
                    connection,
                    "SELECT body FROM record WHERE practitioner = ? AND practitioner <> ''",
                    person,
                )
            )
        for place in {one.organization for one in web.of(Kind.ROLE) if one.organization}:
            web.add(_read(connection, _BY_ID, Kind.ORGANIZATION.value, place))
        yield key, joining.bearing(key, web)


_BY_ID: Final = "SELECT body FROM record WHERE kind = ? AND id = ?"


def _read(connection: sqlite3.Connection, statement: str, *values: str) -> list[Record]:
    return [records.of_text(body) for (body,) in connection.execute(statement, values)]


def _write(connection: sqlite3.Connection, key: str, one: Bearing) -> None:
    connection.execute("INSERT OR REPLACE INTO mailbox VALUES (?, ?)", (key, joining.to_text(one)))
    connection.execute("DELETE FROM bearer WHERE key = ?", (key,))
    connection.executemany(
        "INSERT OR IGNORE INTO bearer VALUES (?, ?, ?)",
        [(identifier.system, identifier.value, key) for identifier in one.identifiers],
    )


def _searchable(connection: sqlite3.Connection, today: date, stop: Event) -> Iterator[Shown]:
    for number, (body,) in enumerate(connection.execute("SELECT body FROM mailbox ORDER BY key")):
        if number % BATCH == 0 and stop.is_set():
            raise StoppedError
        if (shown := joining.shown(joining.of_text(body), today)) is not None:
            yield shown
