"""The directory that keeps a copy of the server's and answers from that (`mode = "copy"`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from math import inf
from typing import Final

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.errors import HubError
from hub.ports.directory import DirectoryUnavailableError, Entry, Standing
from hub.ports.filling import Held, Loaded, Progress
from hub.ports.host import Host
from hub_annuaire import certificates
from hub_annuaire.fhir import faults, synchronising
from hub_annuaire.fhir.files import Files
from hub_annuaire.fhir.joining import Bearing, entry, preferred
from hub_annuaire.fhir.searching import Search
from hub_annuaire.fhir.settings import Settings
from hub_annuaire.fhir.snapshot import Snapshot
from hub_annuaire.fhir.synchronising import Synchroniser

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at whether another process has brought the copy up to date."""
SETTLE: Final = timedelta(seconds=15)
"""How long a directory is open before it synchronises by itself: one question needs no new copy."""
WARN_EVERY: Final = 86400.0


class Copying:
    """`Directory`, `Synchronises`, `Dated`, `Searches`, `Describes` and `Suggests` over a copy."""

    def __init__(self, settings: Settings, host: Host, search: Search) -> None:
        self._settings = settings
        self._host = host
        self._files = Files(host.data)
        self._synchroniser = Synchroniser(settings=settings, host=host, search=search, files=self._files)
        self._snapshot: Snapshot | None = None
        self._pointer_seen: tuple[int, int] | None = None
        self._why: HubError = faults.never()
        self._look_at = self._warn_at = -inf
        self._synchronising = 0

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox, or None when not listed. Raises DirectoryUnavailableError."""
        snapshot = self._current()
        found = snapshot.by_key(address.key)
        return None if found is None else self._entry(found, snapshot)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes, the preferred first. Raises DirectoryUnavailableError."""
        snapshot = self._current()
        return preferred(self._entry(one, snapshot) for one in snapshot.by_bearer(identifier))

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Search as one types (`Searches`). Raises DirectoryUnavailableError."""
        snapshot = self._current()
        return self._open(await snapshot.looking(lambda index: index.search(text, limit)))

    async def by_description(self, sought: Description, limit: int) -> Sequence[Entry]:
        """Return everybody who fits (`Describes`). Raises DirectoryUnavailableError."""
        snapshot = self._current()
        return self._open(await snapshot.looking(lambda index: index.described(sought, limit)))

    async def near(self, address: Address) -> Sequence[Address]:
        """Return what a mistyped address may have been meant to be (`Suggests`)."""
        snapshot = self._current()
        keys = await snapshot.looking(lambda index: index.near(address))
        return [one.address for one in self._open(keys)]

    def held(self) -> Held:
        """Say which version answers, and whether it is too old (`Dated`)."""
        snapshot = self._current()
        return Held(version=snapshot.version, at=snapshot.begun, old=self._old(snapshot))

    async def synchronise(self, progress: Progress) -> Loaded:
        """Bring the copy up to date (`Synchronises`). Raises as `Synchroniser.run`."""
        self._synchronising += 1
        try:
            loaded = await self._synchroniser.run(progress)
        finally:
            self._synchronising -= 1
        self._look_at = -inf
        return loaded

    async def follow(self) -> None:
        """Synchronise again and again, until cancelled; what fails is logged and tried again."""
        failed = 0
        delay = max(self._until_due(), self._settle())
        while True:
            await asyncio.sleep(delay.total_seconds())
            # whoever else has the copy open may have done it meanwhile, or be at it
            due = self._until_due()
            if due > timedelta(0) or self._synchronising:
                delay = max(due, self._settle())
                continue
            failed = 0 if await self._attempt() else failed + 1
            delay = synchronising.next_delay(self._settings, failed, self._host.chance.fraction())

    async def _attempt(self) -> bool:
        """Synchronise, unseen; whether it went well."""
        try:
            await self.synchronise(_unseen)
        except HubError as error:
            if error.code == "fhir.sync_running":
                return True
            self._host.log.warning("directory.sync_failed", directory=self._host.name, code=error.code)
        except Exception as error:  # noqa: BLE001 - the hub goes on without: what is held still answers
            self._host.log.warning("directory.sync_failed", directory=self._host.name, error=error)
        else:
            return True
        return False

    def close(self) -> None:
        """Close the database."""
        if self._snapshot is not None:
            self._snapshot.close()
            self._snapshot = None

    def _settle(self) -> timedelta:
        return min(SETTLE, self._settings.refresh) * (0.5 + self._host.chance.fraction() / 2)

    def _until_due(self) -> timedelta:
        """Return how long the copy is still fresh, by our own clock; 0 when it is not, or there is none.

        A little short of `refresh`: whoever waits for as long finds it due.
        """
        try:
            age = self._host.clock.now() - self._current().applied
        except DirectoryUnavailableError:
            return timedelta(0)
        fresh = self._settings.refresh * 0.8
        return fresh - age if timedelta(0) <= age < fresh else timedelta(0)

    def _entry(self, found: Bearing, snapshot: Snapshot) -> Entry:
        folder = self._settings.certificates
        return entry(
            found,
            snapshot.version,
            self._host.clock.now().date(),
            certificates.of(folder, found.key) if folder is not None else (),
        )

    def _open(self, keys: Iterable[str]) -> list[Entry]:
        """Return the mailboxes of keys that the index gave, as they are now."""
        snapshot = self._current()
        found = [one for key in keys if (one := snapshot.by_key(key)) is not None and not one.unlisted]
        entries = [self._entry(one, snapshot) for one in found]
        return [one for one in entries if one.standing is Standing.ACTIVE]

    def _current(self) -> Snapshot:
        now = self._host.clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            self._look()
            self._warn_of_age(now)
        elif self._snapshot is not None:
            self._follow_up(self._snapshot)
        if self._snapshot is None:
            raise faults.unavailable(self._why)
        return self._snapshot

    def _look(self) -> None:
        try:
            status = self._files.pointer.stat()
            seen = (status.st_ino, status.st_mtime_ns)
            if seen != self._pointer_seen or self._snapshot is None:
                path = self._files.current()
                if path is None:
                    raise faults.never()
                opened = Snapshot(path, str(self._settings.url))
                self.close()
                self._snapshot, self._pointer_seen = opened, seen
                self._warn_at = -inf
            else:
                self._snapshot.look()
        except FileNotFoundError:
            self._turn_away(faults.never())
        except OSError as error:
            self._turn_away(faults.damaged(error))
        except DirectoryUnavailableError as error:
            self._turn_away(error)

    def _follow_up(self, snapshot: Snapshot) -> None:
        try:
            snapshot.look()
        except DirectoryUnavailableError as error:
            self._turn_away(error)

    def _turn_away(self, why: DirectoryUnavailableError) -> None:
        self.close()
        self._why, self._pointer_seen = why, None

    def _old(self, snapshot: Snapshot) -> bool:
        return self._host.clock.now() - snapshot.begun > self._settings.max_age

    def _warn_of_age(self, now: float) -> None:
        snapshot = self._snapshot
        if snapshot is None or now < self._warn_at or not self._old(snapshot):
            return
        self._warn_at = now + WARN_EVERY
        age = self._host.clock.now() - snapshot.begun
        self._host.log.warning(
            "directory.old", directory=self._host.name, version=snapshot.version, count=age.days
        )


@asynccontextmanager
async def following(directory: Copying) -> AsyncIterator[Copying]:
    """Keep a copy up to date while it is in use, and close it."""
    task = asyncio.create_task(directory.follow(), name="fhir directory")
    try:
        yield directory
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        directory.close()


def _unseen(_what: str, _done: int, _all: int) -> None:
    """Show nobody the progress of what goes on by itself."""
