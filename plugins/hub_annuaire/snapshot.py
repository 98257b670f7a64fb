"""One version of the directory, open for look-ups of some microseconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from hub.domain.address import Address
from hub.errors import MalformedError
from hub.ports.directory import Coded, DirectoryUnavailableError, Entry, Standing
from hub_annuaire import certificates, coded, faults, names, schema, standing
from hub_annuaire.history import connect
from hub_annuaire.identifiers import to_identifier
from hub_annuaire.looking.aside import Aside
from hub_annuaire.looking.index import Index
from hub_annuaire.persons import Persons
from hub_annuaire.recalling import Recalling
from hub_annuaire.showing import KINDS
from hub_annuaire.standing import OPEN, Verdict

REMEMBERED: Final = 4096
"""Answers kept in memory, of each kind of look-up."""
CACHE_KIB: Final = 16 << 10

_COLUMNS: Final = (
    "mailbox.key, address, type, name, identifiers, verdicts, listed, profession, specialties, structure, "
    "service, town, answers"
)
_BY_KEY: Final = f"SELECT {_COLUMNS} FROM mailbox WHERE key = ?"  # noqa: S608 - our own columns
_BY_BEARER: Final = (
    f"SELECT {_COLUMNS} FROM bearer JOIN mailbox USING (key) "  # noqa: S608 - our own columns
    "WHERE identifier = ? ORDER BY bearer.preference, bearer.key"
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One place of work. `structures` are national forms, the place's own first; `T` is a technical id."""

    profession: Coded | None
    specialty: Coded | None
    mode: Coded | None
    structures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Professional:
    """A person as the extractions know them; nowhere at work when they have vanished."""

    identifier: str
    name: str
    standing: Verdict
    activities: tuple[Activity, ...]
    specialties: tuple[Coded, ...]


class Snapshot:
    """Answers from one database file, which never changes while it is open.

    `today` is the day for which standings are told; whoever sets it calls `forget`.
    """

    def __init__(self, path: Path, folder: Path | None, today: date) -> None:
        """Open the file. Raises DirectoryUnavailableError."""
        self.today = today
        self._folder = folder
        self._connection = connect(path)
        try:
            schema.check(self._connection)
            facts = dict(self._connection.execute("SELECT name, value FROM fact"))
            self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self.version: str = facts["version"]
            self.oldest = datetime.fromisoformat(facts["oldest"])
            self._codes = coded.read(self._connection)
            self._aside = Aside(connect(path))
        except (sqlite3.Error, KeyError, ValueError) as error:
            self._connection.close()
            raise faults.damaged(error) from error
        except DirectoryUnavailableError:
            self._connection.close()
            raise
        self.by_key = lru_cache(REMEMBERED)(self._by_key)
        self.by_bearer = lru_cache(REMEMBERED)(self._by_bearer)

    def forget(self, today: date) -> None:
        """Read certificates and standings again from now on."""
        self.today = today
        self.by_key.cache_clear()
        self.by_bearer.cache_clear()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        self._aside.close()

    async def looking(self, question: Callable[[Index], list[str]]) -> list[str]:
        """Ask the index for keys, aside. Raises DirectoryUnavailableError, and Gone when it was closed."""
        try:
            return await self._aside.ask(question)
        except (sqlite3.Error, ValueError, LookupError) as error:
            raise faults.damaged(error) from error

    def open(self, keys: Iterable[str]) -> tuple[Entry, ...]:
        """Return those of these mailboxes that can be written to today."""
        found = map(self.by_key, keys)
        return tuple(one for one in found if one is not None and one.standing is Standing.ACTIVE)

    def past(self) -> Recalling:
        """Return what answers questions about the past."""
        return Recalling(self._connection)

    def asked(self, question: Callable[[], T]) -> T:
        """Ask something of the database. Raises DirectoryUnavailableError when it can't be read."""
        try:
            return question()
        except (sqlite3.Error, ValueError, LookupError, MalformedError) as error:
            raise faults.damaged(error) from error

    def professional(self, person: str) -> Professional | None:
        """Return a person by their national identifier, at work or not."""
        return self.asked(lambda: self._professional(person))

    def _professional(self, person: str) -> Professional | None:
        persons = Persons(self._connection)
        works, verdicts = persons.works(person), persons.verdicts(person)
        if not works and verdicts == (standing.UNHEARD,):
            return None
        specialties = [one.specialty for one in works] + persons.specialties(person)
        return Professional(
            identifier=person,
            name=names.readable(works[0].name) if works else "",
            standing=self._today(verdicts),
            activities=tuple(
                Activity(
                    profession=self._codes.get(one.profession),
                    specialty=self._codes.get(one.specialty),
                    mode=self._codes.get(one.mode),
                    structures=tuple(one.structures.split()),
                )
                for one in works
            ),
            specialties=self._coded(specialties),
        )

    def _by_key(self, key: str) -> Entry | None:
        entries = self._entries(_BY_KEY, key)
        return entries[0] if entries else None

    def _by_bearer(self, stored: str) -> tuple[Entry, ...]:
        return self._entries(_BY_BEARER, stored)

    def _entries(self, statement: str, value: str) -> tuple[Entry, ...]:
        rows = self.asked(lambda: self._connection.execute(statement, (value,)).fetchall())
        found = self.asked(lambda: [self._entry(row) for row in rows])
        return tuple(one for one in found if one is not None)

    def _entry(self, row: tuple[Any, ...]) -> Entry | None:
        (
            key, address, type_, name, identifiers, verdicts, listed, profession, specialties, structure,
            service, town, answers,
        ) = row  # fmt: skip
        verdict = self._today(standing.read_back(verdicts))
        if not listed and verdict.standing in OPEN:
            return None
        return Entry(
            address=Address.parse(address),
            mailbox=KINDS[type_],
            name=name,
            identifiers=tuple(to_identifier(one) for one in identifiers.split("\n") if one),
            standing=verdict.standing,
            source=f"annuaire {self.version}",
            since=verdict.since,
            until=verdict.until,
            certificates=certificates.of(self._folder, key) if self._folder is not None else (),
            answers_for=answers,
            profession=self._codes.get(profession),
            specialties=self._coded(map(int, specialties.split())),
            structure=structure,
            service=service,
            town=town,
        )

    def _today(self, verdicts: Iterable[Verdict]) -> Verdict:
        return next(one for one in verdicts if one.holds(self.today))

    def _coded(self, numbers: Iterable[int]) -> tuple[Coded, ...]:
        return tuple(self._codes[one] for one in dict.fromkeys(numbers) if one)
