"""The directory itself: look-ups from memory, in files that may change at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.errors import HubError, Words
from hub.plugin.days import Days
from hub.plugin.watched import Watched
from hub.ports.directory import DirectoryUnavailableError, Entry
from hub.ports.filling import Held
from hub.ports.host import Host
from hub_annuaire.local import roster
from hub_annuaire.local.roster import Roster
from hub_annuaire.local.settings import Settings


class Local:
    """`Directory`, `Searches`, `Describes`, `Suggests` and `Dated` over files of people's own.

    Files that can't be read at opening make every look-up wait; once they were read, what they said
    goes on until they can be read again.
    """

    def __init__(self, settings: Settings, host: Host) -> None:
        self._settings = settings
        self._host = host
        self._days = Days(host.clock, settings.zone)
        self._watched: Watched[Roster] = Watched(
            lambda seen: roster.read(settings, seen),
            part=f"directories.{host.name}",
            host=host,
            unavailable=_unavailable,
            discard=Roster.close,
        )

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox as it is today, or None. Raises DirectoryUnavailableError."""
        return (await self._watched.current()).entry(address.key, self._days.today())

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes, the preferred first. Raises DirectoryUnavailableError."""
        return (await self._watched.current()).of_bearer(identifier, self._days.today())

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Return mailboxes by the beginnings of their words. Raises DirectoryUnavailableError."""
        held = await self._watched.current()
        try:
            return held.search(text, limit, self._days.today())
        except sqlite3.Error as error:
            raise _index_failed(error) from error

    async def by_description(self, sought: Description, limit: int) -> Sequence[Entry]:
        """Return everybody who fits. Raises DirectoryUnavailableError."""
        held = await self._watched.current()
        try:
            return held.described(sought, limit, self._days.today())
        except sqlite3.Error as error:
            raise _index_failed(error) from error

    async def near(self, address: Address) -> Sequence[Address]:
        """Return what a mistyped address may have been meant to be. Raises DirectoryUnavailableError."""
        held = await self._watched.current()
        try:
            return held.near(address, self._days.today())
        except sqlite3.Error as error:
            raise _index_failed(error) from error

    def held(self) -> Held:
        """Say which version answers, and whether its files have been left alone for too long."""
        held = self._watched.held()
        most = self._settings.max_age
        old = most is not None and self._host.clock.now() - held.at > most
        return Held(version=held.version, at=held.at, old=old)

    async def load(self) -> None:
        """Read the files for the first time."""
        await self._watched.load()

    async def close(self) -> None:
        """Let everything go."""
        await self._watched.close()


@asynccontextmanager
async def open_directory(settings: Settings, host: Host) -> AsyncIterator[Local]:
    """Open the directory; while its files can't be read its look-ups say that it is unavailable."""
    directory = Local(settings, host)
    await directory.load()
    try:
        yield directory
    finally:
        await directory.close()


def _unavailable(error: HubError) -> DirectoryUnavailableError:
    words = error.words
    return DirectoryUnavailableError(
        "local.not_read",
        Words(
            en=f"The establishment's own directory can't be read: {words.en}",
            fr=f"L'annuaire propre de l'établissement est illisible : {words.fr}",
        ),
        reason=error.code,
    )


def _index_failed(error: sqlite3.Error) -> DirectoryUnavailableError:
    return DirectoryUnavailableError(
        "local.index",
        Words(
            en="The establishment's own directory can't be searched now; try again later.",
            fr="L'annuaire propre de l'établissement ne peut être consulté ; réessayez plus tard.",
        ),
        error=type(error).__name__,
    )
