"""The directory itself: any well-formed INS at the citizen operators' domains is a mailbox.

An address says everything about it, so nothing is stored but the list of who is blocked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from hub.domain import target
from hub.domain.address import Address
from hub.domain.party import INS_NIA, INS_NIR, INS_TEST, Identifier
from hub.errors import HubError, MalformedError, Words
from hub.plugin.days import Days
from hub.plugin.watched import Watched
from hub.ports.directory import DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.ports.filling import Held
from hub.ports.host import Host
from hub_annuaire.patients import blocking
from hub_annuaire.patients.blocking import Blocked
from hub_annuaire.patients.settings import Settings

NAME: Final = "Patient"
"""What a patient is called, in both languages: the number says who it is, and is not repeated."""


class Patients:
    """`Directory` and `Dated`.

    It can't be searched, and suggests nothing: a number near to another is somebody else's.
    """

    def __init__(self, settings: Settings, host: Host) -> None:
        self._settings = settings
        self._host = host
        self._days = Days(host.clock, settings.zone)
        self._systems = {INS_NIR, INS_NIA, *([INS_TEST] if settings.test else [])}
        self._watched: Watched[Blocked] = Watched(
            lambda seen: blocking.read(settings, seen),
            part=f"directories.{host.name}",
            host=host,
            unavailable=_unavailable,
        )

    async def by_address(self, address: Address) -> Entry | None:
        """Return the patient's mailbox, None for another domain or what is no INS.

        Raises DirectoryUnavailableError while the list of the blocked was never read.
        """
        blocked = await self._watched.current()
        if address.domain not in self._settings.domains:
            return None
        return self._entry(address.local, address.domain, blocked)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the mailboxes of a number. Raises DirectoryUnavailableError.

        A number of the test range has none unless the directory is one for tests, where those are all.
        """
        blocked = await self._watched.current()
        if identifier.system not in self._systems:
            return ()
        found = (self._entry(identifier.value, domain, blocked) for domain in self._settings.domains)
        return tuple(one for one in found if one is not None)

    def held(self) -> Held:
        """Say which list of the blocked answers."""
        blocked = self._watched.held()
        return Held(version=_version(blocked), at=blocked.at or self._host.clock.now())

    async def load(self) -> None:
        """Read the list for the first time."""
        await self._watched.load()

    async def close(self) -> None:
        """Let everything go."""
        await self._watched.close()

    def _entry(self, local: str, domain: str, blocked: Blocked) -> Entry | None:
        try:
            identifier = target.ins(local)
        except MalformedError:
            return None
        days = blocked.on(identifier.value, self._days.today())
        since, until = days or (None, None)
        return Entry(
            address=Address(identifier.value, domain),
            mailbox=MailboxKind.PATIENT,
            name=NAME,
            identifiers=(Identifier(INS_TEST, identifier.value) if self._settings.test else identifier,),
            standing=Standing.ACTIVE if days is None else Standing.CEASED,
            source=_version(blocked),
            since=since,
            until=until,
            unlisted=True,
        )


@asynccontextmanager
async def open_directory(settings: Settings, host: Host) -> AsyncIterator[Patients]:
    """Open the directory; while its list can't be read its look-ups say that it is unavailable."""
    directory = Patients(settings, host)
    await directory.load()
    try:
        yield directory
    finally:
        await directory.close()


def _version(blocked: Blocked) -> str:
    return f"patients {blocked.version}".rstrip()


def _unavailable(error: HubError) -> DirectoryUnavailableError:
    words = error.words
    return DirectoryUnavailableError(
        "patients.not_read",
        Words(
            en=f"The list of patients who are not to be written to can't be read: {words.en}",
            fr=f"La liste des patients à qui ne pas écrire est illisible : {words.fr}",
        ),
        reason=error.code,
    )
