"""Making anew the mailboxes that an import touches: their rows, their bearers, their place in the index.

A mailbox that is no longer listed is kept while a bearer of it is barred, so that a letter to it is
refused with the reason.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import date
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import Final, TypeVar

from hub_annuaire import comparing, showing, standing
from hub_annuaire.identifiers import PERSON_PREFIX
from hub_annuaire.mailboxes import TYPES
from hub_annuaire.merge import GONE, LINE, Line, Mailbox, merged
from hub_annuaire.moment import Moment
from hub_annuaire.persons import Persons

BATCH: Final = 2000

T = TypeVar("T")

_FIELDS: Final = tuple(one.name for one in fields(Mailbox))
_VALUES: Final = attrgetter(*_FIELDS)
_COLUMNS: Final = ", ".join(_FIELDS)
_TOUCHED: Final = """
INSERT OR IGNORE INTO staging.touched
SELECT key FROM staging.new_listing UNION SELECT key FROM staging.old_listing
UNION SELECT bearer.key FROM staging.moved CROSS JOIN main.bearer
  ON bearer.identifier = 'P' || moved.person
"""
_NOT_TOLD: Final = frozenset({"key", "listed", "preference", "verdicts"})


def apply(moment: Moment) -> None:
    """Bring the mailboxes up to date. Raises sqlite3.Error."""
    connection = moment.connection
    if not moment.first:
        connection.execute(_TOUCHED)
    comparing.apply(connection, "listing", "key")
    if moment.first:
        _all(moment)
    else:
        _touched(moment)


def _all(moment: Moment) -> None:
    connection, persons = moment.connection, Persons(moment.connection)
    rows = connection.execute(f"SELECT key, {LINE} FROM main.listing ORDER BY key")  # noqa: S608 - our own columns
    made = (
        merged(key, [Line(*row[1:]) for row in lines], persons)
        for key, lines in groupby(rows, key=itemgetter(0))
    )
    for batch in _batches(made):
        _put(connection, batch, moment.number)
    former = connection.execute(
        "SELECT key, address, type, name, identifiers FROM staging.former_mailbox "
        "WHERE key NOT IN (SELECT key FROM main.listing)"
    )
    kept = (left_behind(_former(*row), persons, moment.day) for row in former)
    for batch in _batches(one for one in kept if one is not None):
        _put(connection, batch, moment.number)
    showing.show_all(moment)


def _touched(moment: Moment) -> None:
    shelf = _Shelf(moment)
    keys = moment.connection.execute("SELECT key FROM staging.touched")
    for batch in _batches(key for (key,) in keys):
        for key in batch:
            shelf.renew(key)
        showing.show(moment, batch)


class _Shelf:
    """One mailbox after the other, from what was held to what will be."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._connection = moment.connection
        self._persons = Persons(moment.connection)

    def renew(self, key: str) -> None:
        """Make one mailbox anew, and write its history."""
        row = self._connection.execute(
            f"SELECT opened, {_COLUMNS} FROM main.mailbox WHERE key = ?",  # noqa: S608 - our own columns
            (key,),
        ).fetchone()
        old = Mailbox(**dict(zip(_FIELDS, row[1:], strict=True))) if row else None
        lines = self._connection.execute(f"SELECT {LINE} FROM main.listing WHERE key = ?", (key,)).fetchall()  # noqa: S608 - our own columns
        new = merged(key, [Line(*one) for one in lines], self._persons) if lines else None
        if new is None and old is not None:
            new = left_behind(old, self._persons, self._moment.day)
        if old == new:
            return
        self._tell(old, new)
        opened = row[0] if row else self._moment.number
        if old is not None and (new is None or old.verdicts != new.verdicts):
            self._moment.close(f"M{key}", opened, old.verdicts)
            opened = self._moment.number
        if old is not None:
            _take(self._connection, old)
        if new is not None:
            _put(self._connection, [new], opened)

    def _tell(self, old: Mailbox | None, new: Mailbox | None) -> None:
        listed = old is not None and bool(old.listed), new is not None and bool(new.listed)
        what = {(False, True): "appeared", (True, False): "gone", (True, True): "changed"}.get(listed)
        one = new or old
        if what is None or one is None:
            return
        changed = [name for name in _FIELDS if getattr(old, name, None) != getattr(new, name, None)]
        told = [name for name in changed if name not in _NOT_TOLD] if what == "changed" else []
        if what == "changed" and not told:
            return  # the bearer's history says the rest
        self._moment.count(f"mailboxes_{what}")
        self._moment.tell(f"M{one.key}", f"mailbox-{what}", ", ".join(told))
        for bearer in bearers(one):
            self._moment.tell(f"{PERSON_PREFIX}{bearer}", f"mailbox-{what}", one.address)


def left_behind(old: Mailbox, persons: Persons, day: date) -> Mailbox | None:
    """Return a mailbox as it is kept when it is no longer listed; None when it is forgotten."""
    if old.type not in {"PER", "CAB"}:
        return None
    verdicts = standing.of_mailbox(old.type, [persons.verdicts(one) for one in bearers(old)])
    if standing.reach(verdicts, day) <= standing.OPEN:
        return None
    return replace(
        old, listed=0, verdicts=standing.written(verdicts), preference=old.preference % GONE + GONE
    )


def _former(key: str, address: str, type_: str, name: str, identifiers: str) -> Mailbox:
    return Mailbox(
        key=key, address=address, type=type_, name=name, identifiers=identifiers, verdicts="", listed=0,
        preference=TYPES.index(type_) << 42, profession=0, specialties="", structure="", service="", town="",
        postcode="", answers="",
    )  # fmt: skip


def bearers(mailbox: Mailbox) -> list[str]:
    """Return the persons who bear a mailbox."""
    return [one[1:] for one in mailbox.identifiers.split("\n") if one.startswith(PERSON_PREFIX)]


def _put(connection: sqlite3.Connection, batch: list[Mailbox], opened: int) -> None:
    connection.executemany(
        f"INSERT INTO main.mailbox (opened, {_COLUMNS}) "  # noqa: S608 - our own columns
        f"VALUES (?, {', '.join('?' * len(_FIELDS))})",
        [(opened, *_VALUES(one)) for one in batch],
    )
    connection.executemany("INSERT INTO main.bearer VALUES (?, ?, ?)", _bearer_rows(batch))


def _take(connection: sqlite3.Connection, old: Mailbox) -> None:
    connection.execute("DELETE FROM main.mailbox WHERE key = ?", (old.key,))
    connection.executemany(
        "DELETE FROM main.bearer WHERE identifier = ? AND preference = ? AND key = ?", _bearer_rows([old])
    )


def _bearer_rows(batch: Iterable[Mailbox]) -> list[tuple[str, int, str]]:
    return [
        (one, mailbox.preference, mailbox.key)
        for mailbox in batch
        for one in mailbox.identifiers.split("\n")
        if one
    ]


def _batches(things: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(islice(things, BATCH)):
        yield batch
