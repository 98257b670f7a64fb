"""All configured directories as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TypeVar

from hub.domain.address import Address
from hub.domain.envelope import normal
from hub.domain.ids import OperatorName
from hub.domain.party import Identifier, Party, Role
from hub.domain.target import Description
from hub.errors import Words
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.ports.filling import Dated, Held
from hub.ports.looking import Describes, Searches, Suggests

T = TypeVar("T")
D = TypeVar("D")

PATIENCE: Final = 30.0
"""Seconds that a directory has to answer one question."""
LOOKING: Final = 5.0
"""The same for a search, which a person waits for while typing."""
SUGGESTIONS: Final = 3
"""Addresses that a mistyped one is answered with."""


class People:
    """Asks the directories in their configured order; the first that knows answers.

    It is a `Directory` and a `Catalogue`. One that fails, or says nothing for `PATIENCE` seconds,
    counts as unavailable.
    """

    def __init__(self, directories: Sequence[Directory]) -> None:
        self._directories = tuple(directories)

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox as the first directory that knows it has it. Raises DirectoryUnavailableError.

        'Not listed' only when every directory could answer.
        """
        return await self._first(lambda directory: _entry(directory, address))

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes from the first directory that knows the bearer."""
        return await self._first(lambda directory: _entries(directory, identifier)) or ()

    async def by_description(self, sought: Description, limit: int) -> Sequence[Entry]:
        """Return every mailbox that fits, of all directories that can be asked so (`Describes`).

        All of them: that one knows a Dr Dupont does not mean that there is no other.
        """
        return await self._all(
            [one for one in self._directories if isinstance(one, Describes)],
            lambda directory: directory.by_description(sought, limit),
            limit,
            patient=False,
        )

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Search every directory that can be (`Searches`), each address once.

        None that is unlisted, and no patient's: that is their INS.
        """
        return await self._all(
            [one for one in self._directories if isinstance(one, Searches)],
            lambda directory: directory.search(text, limit),
            limit,
            patient=True,
        )

    async def near(self, address: Address) -> Sequence[Address]:
        """Return what a mistyped address may have been meant to be; nothing from who can't tell now."""
        found: dict[str, Address] = {}
        for directory in self._directories:
            if isinstance(directory, Suggests):
                with suppress(DirectoryUnavailableError):
                    for one in await _answer(lambda asked: _addresses(asked, address), directory, LOOKING):
                        found.setdefault(one.key, one)
        return tuple(found.values())[:SUGGESTIONS]

    def held(self) -> Held:
        """Say from which versions answers come (`Dated`). `at` is the oldest's."""
        held = []
        for directory in self._directories:
            if isinstance(directory, Dated):
                with suppress(Exception):
                    held.append(directory.held())
        return Held(
            version="; ".join(one.version for one in held),
            at=min((one.at for one in held), default=datetime.min.replace(tzinfo=UTC)),
            old=any(one.old for one in held),
        )

    async def _all(
        self,
        directories: Sequence[D],
        ask: Callable[[D], Awaitable[Sequence[Entry]]],
        limit: int,
        *,
        patient: bool,
    ) -> Sequence[Entry]:
        """Ask all at once; `patient` with those that can't answer as long as one can."""
        answers = await asyncio.gather(
            *(_answer(lambda asked: _listed(ask(asked)), one, LOOKING) for one in directories),
            return_exceptions=True,
        )
        failed = [one for one in answers if isinstance(one, BaseException)]
        if failed and not (patient and len(failed) < len(answers)):
            raise failed[0]
        found: dict[str, Entry] = {}
        for answer in answers:
            if not isinstance(answer, BaseException):
                for entry in answer:
                    found.setdefault(entry.address.key, entry)
        return tuple(found.values())[:limit]

    async def _first(self, ask: Callable[[Directory], Awaitable[T]]) -> T | None:
        """Ask one after the other, and pass over none: one that can't answer might bar whom a later lists."""
        for directory in self._directories:
            if answer := await _answer(ask, directory):
                return answer
        return None


async def _entry(directory: Directory, address: Address) -> Entry | None:
    answer: object = await directory.by_address(address)
    if answer is None:
        return None
    (found,) = _sound([answer])
    if found.address.key != address.key:
        raise TypeError("a directory answers with the mailbox that it was asked for")
    return found


async def _entries(directory: Directory, identifier: Identifier) -> tuple[Entry, ...]:
    return _sound(await directory.by_identifier(identifier))


async def _listed(asked: Awaitable[Sequence[Entry]]) -> tuple[Entry, ...]:
    found = _sound(await asked)
    return tuple(one for one in found if not one.unlisted and one.mailbox is not MailboxKind.PATIENT)


def _sound(answer: Iterable[object]) -> tuple[Entry, ...]:
    """Return entries that are sound in all that is decided by: a plugin may be of any making."""
    found = []
    for one in answer:
        if not (
            isinstance(one, Entry)
            and isinstance(one.address, Address)
            and isinstance(one.mailbox, MailboxKind)
            and isinstance(one.standing, Standing)
            and isinstance(one.name, str)
            and isinstance(one.source, str)
            and all(isinstance(each, Identifier) for each in one.identifiers)
        ):
            raise TypeError("a directory answers with entries")
        found.append(one)
    return tuple(found)


async def _addresses(directory: Suggests, address: Address) -> tuple[Address, ...]:
    answer = tuple(await directory.near(address))
    if all(isinstance(one, Address) for one in answer):
        return answer
    raise TypeError("a directory suggests addresses")


async def _answer(ask: Callable[[D], Awaitable[T]], directory: D, patience: float | None = None) -> T:
    try:
        async with asyncio.timeout(PATIENCE if patience is None else patience):
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
