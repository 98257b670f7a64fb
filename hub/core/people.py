"""All configured directories as one, and the words for those who may not practise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from hub.domain.address import Address
from hub.domain.envelope import normal
from hub.domain.ids import OperatorName
from hub.domain.outcome import Refused
from hub.domain.party import Identifier, Party, Role
from hub.errors import Words
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry, Standing

T = TypeVar("T")

PATIENCE: Final = 30.0
"""Seconds that a directory has to answer one question."""

_WHY: Final = {
    Standing.CEASED: ("no longer practises", "n'exerce plus"),
    Standing.SUSPENDED: ("is suspended from practice", "est suspendu d'exercice"),
    Standing.STRUCK_OFF: ("was struck off the register", "a été radié du tableau"),
    Standing.DECEASED: ("is deceased", "est décédé"),
    Standing.UNKNOWN: ("has no known right to practise", "n'a pas de droit d'exercice connu"),
}


class People:
    """Asks the directories in their configured order; the first that knows answers (`Directory`).

    One that fails, or says nothing for `PATIENCE` seconds, counts as unavailable.
    """

    def __init__(self, directories: Sequence[Directory]) -> None:
        self._directories = tuple(directories)

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox. 'Not listed' only when every directory could answer."""
        return await self._first(lambda directory: _entry(directory, address))

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes from the first directory that knows the bearer."""
        return await self._first(lambda directory: _entries(directory, identifier)) or ()

    async def _first(self, ask: Callable[[Directory], Awaitable[T]]) -> T | None:
        unavailable = None
        for directory in self._directories:
            try:
                if answer := await _answer(ask, directory):
                    return answer
            except DirectoryUnavailableError as error:
                unavailable = error
        if unavailable is not None:
            raise unavailable
        return None


async def _entry(directory: Directory, address: Address) -> Entry | None:
    answer: object = await directory.by_address(address)
    if answer is None or isinstance(answer, Entry):
        return answer
    raise TypeError("a directory answers with an entry or None")


async def _entries(directory: Directory, identifier: Identifier) -> tuple[Entry, ...]:
    answer = tuple(await directory.by_identifier(identifier))
    if all(isinstance(one, Entry) for one in answer):
        return answer
    raise TypeError("a directory answers with entries")


async def _answer(ask: Callable[[Directory], Awaitable[T]], directory: Directory) -> T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await ask(directory)
    except DirectoryUnavailableError:
        raise
    except TimeoutError:
        raise DirectoryUnavailableError(
            "directory.silent",
            Words(
                en="The directory did not answer in time; try again later.",
                fr="L'annuaire n'a pas répondu à temps ; réessayez plus tard.",
            ),
        ) from None
    except Exception as error:
        kind = type(error).__name__
        raise DirectoryUnavailableError(
            "directory.failed",
            Words(
                en=f"The directory failed ({kind}); try again later.",
                fr=f"L'annuaire a échoué ({kind}) ; réessayez plus tard.",
            ),
        ) from error


def party(entry: Entry, operator: OperatorName | None, role: Role | None = None) -> Party:
    """Make a party out of what the directory says, in the one form that an envelope takes.

    A mailbox without a name is called by its address.
    """
    name = " ".join(_printable(entry.name).split())
    return Party(
        kind=entry.kind,
        name=name or str(entry.address),
        address=entry.address,
        identifiers=tuple(
            Identifier(_printable(one.system), _printable(one.value))
            for one in entry.identifiers
            if one.system and one.value
        ),
        operator=operator,
        role=role,
    )


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return normal("".join(one if one.isprintable() else " " for one in text))


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
