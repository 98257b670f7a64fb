"""Everything that the files say, in memory: look-ups for a given day, and the search index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.plugin import sheet
from hub.plugin.edition import Edition
from hub.plugin.row import Spot
from hub.plugin.watched import Seen
from hub.ports.directory import Coded, Entry, MailboxKind, Standing
from hub_annuaire.identifiers import to_identifier, to_stored
from hub_annuaire.local import reading, spells
from hub_annuaire.local.settings import Settings
from hub_annuaire.looking import index

_ORDER: Final = tuple(MailboxKind)
_LAST: Final = reading.MAX_RANK + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """One version. `at` is when the oldest of its files last changed.

    `by_key` has the entries of one mailbox, of which one holds on each day; `by_bearer` the keys of a
    bearer's mailboxes, the preferred first.
    """

    version: str
    at: datetime
    by_key: dict[str, tuple[Entry, ...]]
    by_bearer: dict[Identifier, tuple[str, ...]]
    connection: sqlite3.Connection

    def entry(self, key: str, day: date) -> Entry | None:
        """Return the mailbox as it is on a day."""
        entries = self.by_key.get(key, ())
        if len(entries) == 1:
            return entries[0]
        return next((one for one in entries if _holds(one, day)), None)

    def of_bearer(self, identifier: Identifier, day: date) -> tuple[Entry, ...]:
        """Return a bearer's mailboxes, the preferred first."""
        keys = self.by_bearer.get(identifier)
        if keys is None and (stored := to_stored(identifier)) is not None:
            keys = self.by_bearer.get(to_identifier(stored))
        return tuple(one for key in keys or () if (one := self.entry(key, day)) is not None)

    def search(self, text: str, limit: int, day: date) -> list[Entry]:
        """Return listed mailboxes that can be written to on a day, the likeliest first."""
        return self._open(lambda many: index.Index(self.connection).search(text, many), limit, day)

    def described(self, sought: Description, limit: int, day: date) -> list[Entry]:
        """Return those that a description fits."""
        return self._open(lambda many: index.Index(self.connection).described(sought, many), limit, day)

    def near(self, address: Address, day: date) -> list[Address]:
        """Return listed addresses within a slip of the pen."""
        keys = index.Index(self.connection).near(address)
        return [one.address for one in self._active(keys, day)]

    def close(self) -> None:
        """Let the index go."""
        self.connection.close()

    def _open(self, ask: Callable[[int], list[str]], limit: int, day: date) -> list[Entry]:
        many = limit
        while True:
            keys = ask(many)
            found = self._active(keys, day)
            # the index does not know the day: who has just ceased may stand in the way of others
            if len(found) >= limit or len(keys) < many:
                return found[:limit]
            many *= 4

    def _active(self, keys: Iterable[str], day: date) -> list[Entry]:
        entries = [self.entry(key, day) for key in keys]
        return [one for one in entries if one is not None and one.standing is Standing.ACTIVE]


def read(settings: Settings, seen: Seen) -> Roster:
    """Read every file. Raises MalformedError and LimitError."""
    found: dict[str, Entry] = {}
    spots: dict[str, Spot] = {}
    edition = Edition()
    for path in settings.files:
        seen.note(path)
        for row in sheet.read(path, reading.FORM, settings.encoding):
            one = reading.read(row, seen)
            if (first := spots.get(one.address.key)) is not None:
                raise row.twice("address", first)
            spots[one.address.key] = row.spot
            found[one.address.key] = one
            for certificate in one.certificates:
                edition.mix(certificate)
        edition.add(path)
    version = f"local {edition.name}"
    return Roster(
        version=version,
        at=edition.oldest or datetime.min.replace(tzinfo=UTC),
        by_key={key: _entries(one, version) for key, one in found.items()},
        by_bearer=_bearers(found),
        connection=_indexed(found.values()),
    )


def _entries(one: Entry, version: str) -> tuple[Entry, ...]:
    return tuple(
        replace(one, source=version, standing=spell.standing, since=spell.since, until=spell.until)
        for spell in spells.of(one.standing, one.since, one.until)
    )


def _holds(one: Entry, day: date) -> bool:
    return spells.Spell(standing=one.standing, since=one.since, until=one.until).holds(day)


def _bearers(found: dict[str, Entry]) -> dict[Identifier, tuple[str, ...]]:
    keys: dict[Identifier, list[str]] = {}
    for key, one in found.items():
        for identifier in one.identifiers:
            keys.setdefault(identifier, []).append(key)
    return {
        identifier: tuple(sorted(several, key=lambda key: _preference(found[key])))
        for identifier, several in keys.items()
    }


def _preference(one: Entry) -> tuple[int, int, bool]:
    return one.rank or _LAST, _ORDER.index(one.mailbox), bool(one.service)


def _indexed(entries: Iterable[Entry]) -> sqlite3.Connection:
    # filled in a thread, asked in another, never in both at once
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        connection.executescript(index.TABLES)
        with connection:
            index.add(connection, [_shown(one) for one in entries if _may_be_shown(one)])
    except BaseException:
        connection.close()
        raise
    return connection


def _may_be_shown(one: Entry) -> bool:
    sometimes = any(
        spell.standing is Standing.ACTIVE for spell in spells.of(one.standing, one.since, one.until)
    )
    return sometimes and not one.unlisted


def _shown(one: Entry) -> index.Shown:
    return index.Shown(
        key=one.address.key,
        address=str(one.address),
        name=one.name,
        mailbox=one.mailbox,
        profession=_label([one.profession] if one.profession else []),
        specialties=_label(one.specialties),
        structure=one.structure,
        service=one.service,
        town=one.town,
    )


def _label(several: Sequence[Coded]) -> str:
    return " ".join(one.label for one in several)
