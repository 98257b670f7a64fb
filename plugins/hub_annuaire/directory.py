"""The directory itself: look-ups from the newest version, and imports that make it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from math import inf
from pathlib import Path
from typing import Final

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.ports.directory import DirectoryUnavailableError, Entry
from hub.ports.filling import Held, Loaded, Progress
from hub.ports.host import Host
from hub.ports.looking import Change, Period
from hub_annuaire import certificates, days, faults, loading
from hub_annuaire.identifiers import PERSON_PREFIX, to_stored
from hub_annuaire.looking.aside import Gone
from hub_annuaire.looking.index import Index
from hub_annuaire.settings import Settings
from hub_annuaire.snapshot import Professional, Snapshot

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at whether the database or the certificates' folder has changed."""
FORGET_EVERY: Final = 60.0
"""Seconds after which a certificate is read again even when its folder looks the same."""
WARN_EVERY: Final = 86400.0
SPARE: Final = 10
"""Keys asked of the index beyond those wanted: some may be suspended today."""


class Annuaire:
    """`Directory`, `Loads`, `Dated` and all of `hub.ports.looking` over one SQLite file.

    Look-ups are synchronous inside their coroutine: they take microseconds, less than a thread would.
    Looking around takes milliseconds, and a thread.
    """

    def __init__(self, settings: Settings, host: Host) -> None:
        self._settings = settings
        self._host = host
        self.file = settings.file or host.data / "annuaire.sqlite"
        self._snapshot: Snapshot | None = None
        self._why: DirectoryUnavailableError | None = None
        self._seen: tuple[int, int, int] | None = None
        self._folder_seen = 0
        self._look_at = self._forget_at = self._warn_at = -inf

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox, or None when not listed. Raises DirectoryUnavailableError."""
        return self._current().by_key(address.key)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes, the preferred first. Raises DirectoryUnavailableError."""
        snapshot = self._current()
        stored = to_stored(identifier)
        return snapshot.by_bearer(stored) if stored is not None else ()

    async def search(self, text: str, limit: int) -> tuple[Entry, ...]:
        """Return who can be written to and fits what is being typed (`Searches`)."""
        return (await self._looking(lambda index: index.search(text, limit + SPARE)))[:limit]

    async def by_description(self, sought: Description, limit: int) -> tuple[Entry, ...]:
        """Return the mailboxes of everybody who fits (`Describes`)."""
        return (await self._looking(lambda index: index.described(sought, limit + SPARE)))[:limit]

    async def near(self, address: Address) -> tuple[Address, ...]:
        """Return what a mistyped address may have been meant to be (`Suggests`)."""
        found = await self._looking(lambda index: index.near(address))
        return tuple(one.address for one in found)

    async def recall(self, who: Address | Identifier) -> tuple[Period, ...]:
        """Return what was and is said of a person's or a mailbox's standing (`Recalls`).

        Structures have no standing of their own.
        """
        snapshot, stored = self._current(), _stored(who)
        if isinstance(who, Address):
            return tuple(snapshot.asked(lambda: snapshot.past().of_mailbox(who.key)))
        if not stored.startswith(PERSON_PREFIX):
            return ()
        return tuple(snapshot.asked(lambda: snapshot.past().of_person(stored[1:])))

    async def changes(self, who: Address | Identifier) -> tuple[Change, ...]:
        """Return what imports changed for a person or a mailbox, the oldest first (`Recalls`)."""
        snapshot, stored = self._current(), _stored(who)
        return tuple(snapshot.asked(lambda: snapshot.past().changes(stored)))

    async def professional(self, identifier: Identifier) -> Professional | None:
        """Return a person with their places of work, whether they have a mailbox or not."""
        snapshot, stored = self._current(), _stored(identifier)
        return snapshot.professional(stored[1:]) if stored.startswith(PERSON_PREFIX) else None

    def held(self) -> Held:
        """Say which version answers, and whether it is too old (`Dated`)."""
        snapshot = self._current()
        at = days.moment(snapshot.oldest)
        old = self._host.clock.now() - at > self._settings.max_age
        return Held(version=f"annuaire {snapshot.version}", at=at, old=old)

    def load(self, files: Sequence[Path], progress: Progress) -> Loaded:
        """Import both extractions, and what else is given (`Loads`).

        Raises MalformedError, LimitError, and StoreError when the disk fails or another import runs.
        """
        try:
            return loading.load(self.file, self._settings, self._host, files, progress)
        finally:
            self._look_at = -inf

    def close(self) -> None:
        """Close the database."""
        if self._snapshot is not None:
            self._snapshot.close()
            self._snapshot = None

    async def _looking(self, question: Callable[[Index], list[str]]) -> tuple[Entry, ...]:
        """Ask the index, and return those who can be written to today, as the newest version has them."""
        while True:
            try:
                keys = await self._current().looking(question)
            except Gone:
                continue
            return self._current().open(keys)

    def _current(self) -> Snapshot:
        now = self._host.clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            self._look(now)
        if self._snapshot is None:
            why = self._why or faults.not_imported()
            raise DirectoryUnavailableError(why.code, why.words, **why.fields)
        if (today := self._today()) != self._snapshot.today:
            self._snapshot.forget(today)
        return self._snapshot

    def _today(self) -> date:
        return days.of(self._host.clock.now())

    def _look(self, now: float) -> None:
        try:
            status = self.file.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            self._turn_away(faults.not_imported())
            return
        except OSError as error:
            self._turn_away(faults.damaged(error))
            return
        folder = self._settings.certificates
        try:
            folder_seen = certificates.stamp(folder) if folder is not None else 0
            if seen != self._seen:
                opened = Snapshot(self.file, folder, self._today())
                self.close()
                self._snapshot, self._seen = opened, seen
                self._warn_at = -inf
            elif self._snapshot is not None and (folder_seen != self._folder_seen or now >= self._forget_at):
                self._snapshot.forget(self._today())
                self._forget_at = now + FORGET_EVERY
            self._folder_seen = folder_seen
        except DirectoryUnavailableError as error:
            self._turn_away(error)
            return
        self._warn_of_age(now)

    def _turn_away(self, why: DirectoryUnavailableError) -> None:
        self.close()
        self._why, self._seen = why, None

    def _warn_of_age(self, now: float) -> None:
        # an extraction is published every day: an old one means that nobody imports any more
        if self._snapshot is None or now < self._warn_at:
            return
        age = self._host.clock.now() - days.moment(self._snapshot.oldest)
        if age > self._settings.max_age:
            self._warn_at = now + WARN_EVERY
            self._host.log.warning(
                "directory.old",
                directory=self._host.name,
                version=self._snapshot.version,
                count=age.days,
            )


def _stored(who: Address | Identifier) -> str:
    """Return how the history names somebody; nothing for a system that it does not know."""
    return f"M{who.key}" if isinstance(who, Address) else to_stored(who) or ""


@asynccontextmanager
async def open_directory(settings: Settings, host: Host) -> AsyncIterator[Annuaire]:
    """Open the directory, imported or not; until it is, its look-ups say that it is unavailable."""
    directory = Annuaire(settings, host)
    try:
        yield directory
    finally:
        directory.close()
