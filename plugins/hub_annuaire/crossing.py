"""One person, from what was held of them to what will be."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any, Final

from hub_annuaire import coded, identifiers, names
from hub_annuaire.faults import Place
from hub_annuaire.moment import Moment
from hub_annuaire.persons import Persons, Work
from hub_annuaire.standing import Known, Verdict, timeline

_WORKS: Final = "digest, name, profession, specialty, mode, structures"
_COMPANIONS: Final = {"skill": ("skill",), "qualification": ("diploma", "discipline")}


@dataclass(frozen=True, slots=True)
class _Held:
    """What is known of a person, before or after. `works` are without names."""

    known: Known
    names: frozenset[str]
    works: frozenset[Work]


class Crossing:
    """Writes the history of persons; `take` is called once for each."""

    def __init__(self, moment: Moment, file: str) -> None:
        self._moment = moment
        self._file = file
        self._connection = moment.connection
        self._persons = Persons(moment.connection)
        self._codes = coded.read(moment.connection)

    def take(self, person: str) -> None:
        """Write what changes for a person whose lines are staged. Raises MalformedError, sqlite3.Error."""
        before, after = self._before_and_after(person)
        if len(after.names) > 1:
            check_names(self._connection, self._file, person, after.names)
        self._keep_standing(person, before.known, after.known)
        told = self._tell_presence(person, before, after) or self._tell_works(person, before, after)
        told |= self._tell_stated(person, before.known.stated, after.known.stated)
        for table in _COMPANIONS:
            told |= self._tell_companion(person, table)
        if told:
            self._moment.count(_sort(before, after))
            self._connection.execute("INSERT OR IGNORE INTO staging.moved VALUES (?)", (person,))

    def _before_and_after(self, person: str) -> tuple[_Held, _Held]:
        old = {row[0]: Work(*row[1:]) for row in self._rows("main.activity", person)}
        new = dict(old)
        for row in self._rows("staging.old_activity", person):
            new.pop(row[0], None)
        new.update((row[0], Work(*row[1:])) for row in self._rows("staging.new_activity", person))
        known = self._persons.known(person, present=bool(old))
        return _held(known, old), _held(self._after(person, known, bool(new)), new)

    def _rows(self, table: str, person: str) -> list[tuple[Any, ...]]:
        statement = f"SELECT {_WORKS} FROM {table} WHERE person = ?"  # noqa: S608 - our own names
        return self._connection.execute(statement, (person,)).fetchall()

    def _after(self, person: str, known: Known, present: bool) -> Known:  # noqa: FBT001 - one of its two states
        row = self._connection.execute(
            "SELECT standing, since, until FROM staging.stated WHERE id = ?", (person,)
        ).fetchone()
        after = replace(known, present=present, stated=Verdict.of_row(*row) if row else None)
        if known.present and not present:
            return replace(after, gone=self._moment.day)
        if present and known.gone is not None:
            absences = known.absences
            if known.gone <= self._moment.last_absent():
                absences = (*absences, (known.gone, self._moment.last_absent()))
            return replace(after, gone=None, absences=absences)
        if present and not known.present:
            return replace(after, appeared=self._moment.day)
        return after

    def _keep_standing(self, person: str, before: Known, after: Known) -> None:
        opened = self._persons.opened(person)
        heard = before.present or before.stated is not None or opened is not None
        was = timeline(before)
        if heard and was == timeline(after):
            return
        if heard:
            self._moment.close(f"P{person}", opened, was)
        gone, appeared = after.gone, after.appeared
        self._connection.execute(
            "INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?)",
            (person, gone and gone.isoformat(), appeared and appeared.isoformat(), self._moment.number),
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO absence VALUES (?, ?, ?)",
            [
                (person, first.isoformat(), last.isoformat())
                for first, last in after.absences[len(before.absences) :]
            ],
        )

    def _tell_presence(self, person: str, before: _Held, after: _Held) -> bool:
        if before.known.present and not after.known.present:
            self._tell(person, "gone")
        elif after.known.present and not before.known.present:
            self._tell(person, "appeared" if before.known.gone is None else "returned")
        else:
            return False
        return True

    def _tell_works(self, person: str, before: _Held, after: _Held) -> bool:
        for what, works in (
            ("activity-lost", before.works - after.works),
            ("activity-gained", after.works - before.works),
        ):
            for work in sorted(self._spelt(one) for one in works):
                self._tell(person, what, work)
        if before.names != after.names:
            self._tell(person, "renamed", names.readable(min(after.names, default="")))
        return before.works != after.works or before.names != after.names

    def _tell_stated(self, person: str, before: Verdict | None, after: Verdict | None) -> bool:
        if before != after:
            self._tell(person, "stated", " ".join(one for one in after.row() if one) if after else "")
        return before != after

    def _tell_companion(self, person: str, table: str) -> bool:
        columns = ", ".join(_COMPANIONS[table])
        old, gone, new = (
            set(self._numbers(f"{source}{table}", f"digest, {columns}", person))
            for source in ("main.", "staging.old_", "staging.new_")
        )
        before = {row[1:] for row in old}
        after = {row[1:] for row in (old - gone) | new}
        for what, rows in ((f"{table}-lost", before - after), (f"{table}-gained", after - before)):
            for detail in sorted(self._label(*row) for row in rows):
                self._tell(person, what, detail)
        return before != after

    def _numbers(self, table: str, columns: str, person: str) -> list[tuple[int, ...]]:
        statement = f"SELECT {columns} FROM {table} WHERE person = ?"  # noqa: S608 - our own names
        return self._connection.execute(statement, (person,)).fetchall()

    def _tell(self, person: str, what: str, detail: str = "") -> None:
        self._moment.tell(f"P{person}", what, detail)

    def _spelt(self, work: Work) -> str:
        parts = (self._label(work.profession, work.specialty, work.mode), work.structures)
        return "; ".join(one for one in parts if one)

    def _label(self, *numbers: int) -> str:
        found = (self._codes[number] for number in numbers if number)
        return ", ".join(one.label or one.code for one in found)


def check_names(
    connection: sqlite3.Connection, file: str, person: str, held: set[str] | frozenset[str]
) -> None:
    """Refuse lines that give one number to two people. Raises MalformedError."""
    first, *others = sorted(held)
    other = next((one for one in others if not names.same_person(first, one)), None)
    if other is None:
        return
    lines = connection.execute(
        "SELECT max(line) FROM staging.new_activity WHERE person = ? AND name IN (?, ?)",
        (person, first, other),
    ).fetchone()
    raise Place(file, lines[0], "Nom d'exercice").malformed("person_contradicted", *identifiers.CONTRADICTED)


def _held(known: Known, works: dict[int, Work]) -> _Held:
    return _Held(
        known=known,
        names=frozenset(one.name for one in works.values()),
        works=frozenset(replace(one, name="") for one in works.values()),
    )


def _sort(before: _Held, after: _Held) -> str:
    """Return the count of `Changes` under which a person falls."""
    if before.known.present and not after.known.present:
        return "gone"
    if after.known.present and not before.known.present:
        return "appeared"
    return "less" if len(after.works) < len(before.works) else "changed"
