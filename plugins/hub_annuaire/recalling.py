"""Questions about the past: what the directory said when, and what happened to somebody.

What is said now stands in the tables of the present; `past` has what was said before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from hub.ports.looking import Change, Period
from hub_annuaire import standing
from hub_annuaire.persons import Persons


class Recalling:
    """Answers from one finished database. Each question raises sqlite3.Error and ValueError."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of_person(self, person: str) -> list[Period]:
        """Return what was and is said of a person, by their national identifier."""
        persons = Persons(self._connection)
        opened = persons.opened(person)
        works = persons.works(person)
        stated = self._connection.execute("SELECT 1 FROM stated WHERE id = ?", (person,)).fetchone()
        if opened is None and not works and stated is None:
            return list(self._past(f"P{person}"))
        opened = self._baseline() if opened is None else opened
        now = standing.written(persons.verdicts(person))
        return [*self._past(f"P{person}"), *self._periods(opened, None, now)]

    def of_mailbox(self, key: str) -> list[Period]:
        """Return what was and is said of a mailbox, by its `Address.key`."""
        row = self._connection.execute(
            "SELECT opened, verdicts FROM mailbox WHERE key = ?", (key,)
        ).fetchone()
        now = self._periods(row[0], None, row[1]) if row else ()
        return [*self._past(f"M{key}"), *now]

    def changes(self, who: str) -> list[Change]:
        """Return what happened to `P` and a national identifier, or `M` and a key."""
        rows = self._connection.execute(
            "SELECT taken, version.version, what, detail FROM change JOIN version ON id = change.version "
            "WHERE who = ? ORDER BY id, number",
            (who,),
        )
        return [
            Change(at=_moment(taken), source=f"annuaire {version}", what=what, detail=detail)
            for taken, version, what, detail in rows
        ]

    def _past(self, who: str) -> Iterator[Period]:
        rows = self._connection.execute(
            "SELECT opened, closed, verdicts FROM past WHERE who = ? ORDER BY closed", (who,)
        ).fetchall()
        for opened, closed, verdicts in rows:
            yield from self._periods(opened, closed, verdicts)

    def _periods(self, opened: int, closed: int | None, verdicts: str) -> Iterator[Period]:
        source, known_from = self._version(opened)
        known_until = self._version(closed)[1] if closed is not None else None
        for one in standing.read_back(verdicts):
            yield Period(
                known_from=known_from,
                known_until=known_until,
                standing=one.standing,
                source=source,
                since=one.since,
                until=one.until,
            )

    def _version(self, number: int) -> tuple[str, datetime]:
        row = self._connection.execute(
            "SELECT version, taken FROM version WHERE id = ?", (number,)
        ).fetchone()
        if row is None:  # it was not among what could be saved of a damaged database
            return "annuaire", _BEGINNING
        return f"annuaire {row[0]}", _moment(row[1])

    def _baseline(self) -> int:
        return int(self._connection.execute("SELECT value FROM fact WHERE name = 'baseline'").fetchone()[0])


_BEGINNING = datetime.min.replace(tzinfo=UTC)


def _moment(taken: str | None) -> datetime:
    return datetime.fromisoformat(taken) if taken else _BEGINNING
