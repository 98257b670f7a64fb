"""All configured directories as one, and the words for those who may not practise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import Identifier
from hub.errors import Words
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry, Standing

_WHY: Final = {
    Standing.CEASED: ("no longer practises", "n'exerce plus"),
    Standing.SUSPENDED: ("is suspended from practice", "est suspendu d'exercice"),
    Standing.STRUCK_OFF: ("was struck off the register", "a été radié du tableau"),
    Standing.DECEASED: ("is deceased", "est décédé"),
    Standing.UNKNOWN: ("has no known right to practise", "n'a pas de droit d'exercice connu"),
}


class People:
    """Asks the directories in their configured order; the first that knows answers (`Directory`)."""

    def __init__(self, directories: Sequence[Directory]) -> None:
        self._directories = tuple(directories)

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox. 'Not listed' only when every directory could answer."""
        unavailable = None
        for directory in self._directories:
            try:
                if (entry := await directory.by_address(address)) is not None:
                    return entry
            except DirectoryUnavailableError as error:
                unavailable = error
        if unavailable is not None:
            raise unavailable
        return None

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes from the first directory that knows the bearer."""
        unavailable = None
        for directory in self._directories:
            try:
                if entries := await directory.by_identifier(identifier):
                    return entries
            except DirectoryUnavailableError as error:
                unavailable = error
        if unavailable is not None:
            raise unavailable
        return ()


def barred(entry: Entry, whom: str) -> Refused | None:
    """Say why the bearer of a mailbox may not exchange today; None when they may."""
    if entry.standing is Standing.ACTIVE:
        return None
    en, fr = _WHY[entry.standing]
    since_en = f" since {entry.since.isoformat()}" if entry.since else ""
    since_fr = f" depuis le {entry.since.isoformat()}" if entry.since else ""
    return Refused(
        code=f"{whom}.{entry.standing.value}",
        reason=Words(
            en=f"{entry.address}: according to the directory, this professional {en}{since_en}.",
            fr=f"{entry.address} : selon l'annuaire, ce professionnel {fr}{since_fr}.",
        ),
    )


def unknown(address: Address, whom: str) -> Refused:
    """Make the refusal for an address that no directory lists."""
    return Refused(
        code=f"{whom}.unknown",
        reason=Words(
            en=f"{address} is not listed in the directory of professionals.",
            fr=f"{address} ne figure pas dans l'annuaire des professionnels.",
        ),
    )
