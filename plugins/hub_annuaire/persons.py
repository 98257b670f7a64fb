"""What the database knows of one person, gathered from its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from hub_annuaire.standing import Known, Verdict, timeline

_WORKS: Final = "SELECT name, profession, specialty, mode, structures FROM main.activity WHERE person = ?"
_ABSENCES: Final = "SELECT since, until FROM absence WHERE person = ? ORDER BY since"


@dataclass(frozen=True, slots=True)
class Work:
    """One place of work: what `activity` holds of a line, but for its digest. Codes are numbers."""

    name: str
    profession: int
    specialty: int
    mode: int
    structures: str


class Persons:
    """Answers about persons, as long as nobody writes what was asked for.

    A table that was empty when this was made is not asked again.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._asked: tuple[str, list[Work]] = ("", [])
        self._filled = {
            table: connection.execute(f"SELECT 1 FROM main.{table} LIMIT 1").fetchone() is not None  # noqa: S608 - our own names
            for table in ("person", "absence", "stated", "skill", "qualification")
        }

    def works(self, person: str) -> list[Work]:
        """Return their places of work, in an order that the file does not decide."""
        if person != self._asked[0]:
            rows = self._connection.execute(_WORKS, (person,)).fetchall()
            self._asked = person, [Work(*row) for row in (sorted(set(rows)) if len(rows) > 1 else rows)]
        return self._asked[1]

    def specialties(self, person: str) -> list[int]:
        """Return the numbers of their skills, then of their diplomas and authorised disciplines."""
        found: list[int] = []
        if self._filled["skill"]:
            found += self._numbers("SELECT skill FROM main.skill WHERE person = ?", person)
        if self._filled["qualification"]:
            found += self._numbers("SELECT diploma FROM main.qualification WHERE person = ?", person)
            found += self._numbers("SELECT discipline FROM main.qualification WHERE person = ?", person)
        return found

    def known(self, person: str, *, present: bool) -> Known:
        """Return what decides their standing."""
        row = self._row("person", "gone, appeared", person)
        return known(
            present=present,
            row=row,
            stated=self._row("stated", "standing, since, until", person),
            absences=self._connection.execute(_ABSENCES, (person,)) if self._filled["absence"] else (),
        )

    def verdicts(self, person: str) -> tuple[Verdict, ...]:
        """Return their standing on every day."""
        return timeline(self.known(person, present=bool(self.works(person))))

    def opened(self, person: str) -> int | None:
        """Return the version that brought their present standing; None: the first of all."""
        row = self._row("person", "opened", person)
        return row[0] if row else None

    def _row(self, table: str, columns: str, person: str) -> tuple[Any, ...] | None:
        if not self._filled[table]:
            return None
        found: tuple[Any, ...] | None = self._connection.execute(
            f"SELECT {columns} FROM main.{table} WHERE id = ?",  # noqa: S608 - our own names
            (person,),
        ).fetchone()
        return found

    def _numbers(self, statement: str, person: str) -> list[int]:
        return sorted({number for (number,) in self._connection.execute(statement, (person,)) if number})


def known(
    *,
    present: bool,
    row: tuple[str | None, str | None] | None,
    stated: tuple[str, str | None, str | None] | None,
    absences: Iterable[tuple[str, str]] = (),
) -> Known:
    """Read what `person`, `stated` and `absence` hold of one person."""
    gone, appeared = row or (None, None)
    return Known(
        present=present,
        gone=date.fromisoformat(gone) if gone else None,
        stated=Verdict.of_row(*stated) if stated else None,
        absences=tuple((date.fromisoformat(one), date.fromisoformat(other)) for one, other in absences),
        appeared=date.fromisoformat(appeared) if appeared else None,
    )
