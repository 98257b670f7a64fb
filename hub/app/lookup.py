"""Directories opened for one question or one import, beside a running hub or without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.adapters.clock import SystemClock
from hub.adapters.logs import setup
from hub.app.parts import Opening, operator
from hub.app.settings import Settings
from hub.core import explain as explaining
from hub.core.explain import Explanation
from hub.core.operators import Operators
from hub.core.people import People
from hub.core.register import Register
from hub.core.resolve import MOST_DESCRIBED
from hub.core.trust import Trust
from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description, Target, read_target
from hub.errors import ConfigError, InputError, Words
from hub.ports.directory import Directory, Entry, Standing
from hub.ports.filling import Loaded, Loads, Progress, Synchronises
from hub.ports.looking import Change, Period, Recalls


async def load(settings: Settings, name: str | None, files: Sequence[Path], progress: Progress) -> Loaded:
    """Have one directory import `files` (`Loads.load`). Raises ConfigError when it takes no files."""
    async with _one(settings, name, Loads) as directory:
        if not isinstance(directory, Loads):
            raise ConfigError(
                "directory.no_import",
                Words(
                    en="This directory is not filled from files.",
                    fr="Cet annuaire ne se remplit pas par fichiers.",
                ),
            )
        return await asyncio.to_thread(directory.load, files, progress)


async def synchronise(settings: Settings, name: str | None, progress: Progress) -> Loaded:
    """Have one directory fetch what is new (`Synchronises`). Raises ConfigError when it has no server."""
    async with _one(settings, name, Synchronises) as directory:
        if not isinstance(directory, Synchronises):
            raise ConfigError(
                "directory.no_sync",
                Words(
                    en="This directory is not copied from a server.",
                    fr="Cet annuaire n'est pas copié d'un serveur.",
                ),
            )
        return await directory.synchronise(progress)


async def find(settings: Settings, name: str | None, who: str) -> tuple[Entry, ...]:
    """Return who is meant by an address, an identifier or a description.

    Raises MalformedError, InputError when nobody is listed, DirectoryUnavailableError.
    """
    target = read_target(who)
    async with _opened(settings, name) as named:
        entries = await _found(People([directory for _, directory in named]), target)
    if not entries:
        raise InputError(
            "directory.not_listed",
            Words(en=f"{who} is not listed.", fr=f"{who} ne figure pas dans l'annuaire."),
        )
    return entries


async def search(settings: Settings, name: str | None, text: str, limit: int) -> Sequence[Entry]:
    """Search as one types (`Searches`). Raises DirectoryUnavailableError when none can answer."""
    async with _opened(settings, name) as named:
        return await People([directory for _, directory in named]).search(text, limit)


async def explain(settings: Settings, text: str) -> Explanation:
    """Say what every part of the hub thinks of a recipient. Raises MalformedError, ConfigError."""
    target = read_target(text)
    async with AsyncExitStack() as stack:
        opening = Opening(settings, stack, setup.get("hub"))
        directories = await opening.directories()
        register = Register(
            directory=People(directories),
            operators=Operators(operator(one, None) for one in settings.operators),
            trust=Trust(await opening.trust()),
            preference=settings.hub.preference,
        )
        named = [(part.name, one) for part, one in zip(settings.directories, directories, strict=True)]
        return await explaining.explain(target, named, register, SystemClock(), spaces=bool(settings.trust))


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a directory remembers of somebody.

    With a moment asked for, `then` is what the hub's directory answered at that moment, and
    `now_known` what is known today about that day: a striking-off may be learned days later.
    """

    periods: Sequence[Period]
    changes: Sequence[Change]
    then: Period | None = None
    now_known: Period | None = None


async def history(settings: Settings, name: str | None, who: str, at: datetime | None = None) -> Memory:
    """Return what the first directory that remembers knows of somebody.

    Raises MalformedError, InputError (nobody of that description, or several), ConfigError when no
    directory remembers, DirectoryUnavailableError.
    """
    target = read_target(who)
    async with _opened(settings, name) as named:
        remembering = [directory for _, directory in named if isinstance(directory, Recalls)]
        if not remembering:
            raise ConfigError(
                "directory.no_history",
                Words(en="No directory keeps a history.", fr="Aucun annuaire ne garde d'historique."),
            )
        one = await _alone(People([directory for _, directory in named]), target, who)
        for directory in remembering:
            periods, changes = await directory.recall(one), await directory.changes(one)
            if periods or changes:
                return Memory(
                    periods=periods,
                    changes=changes,
                    then=answered(periods, at) if at else None,
                    now_known=holding(periods, at) if at else None,
                )
    return Memory(periods=(), changes=())


def answered(periods: Sequence[Period], at: datetime) -> Period | None:
    """Return what the hub's directory answered at a moment; None when it did not know them then."""
    held = [
        one for one in periods if one.known_from <= at and (one.known_until is None or at < one.known_until)
    ]
    # A source may have said already what was to hold later, or no longer held.
    day = at.date()
    begun = [one for one in held if (one.since or day) <= day <= (one.until or day)]
    known = begun or held
    return known[-1] if known else None


def holding(periods: Sequence[Period], at: datetime) -> Period | None:
    """Return what is known by now of the day of a moment: the latest word whose days include it.

    That somebody may practise holds no longer than the directory held to it; that they may not, until
    it says otherwise.
    """
    day = at.date()
    for one in reversed(periods):
        begins = one.since or one.known_from.date()
        given_up = one.known_until if one.standing is Standing.ACTIVE else None
        ends = one.until or (given_up.date() if given_up else day)
        if begins <= day <= ends:
            return one
    return None


async def _alone(people: People, target: Target, who: str) -> Address | Identifier:
    """Return the one person that is meant."""
    if not isinstance(target, Description):
        return target
    entries = await people.by_description(target, MOST_DESCRIBED)
    bearers = {one.identifiers[:1] or one.address for one in entries}
    if len(bearers) != 1:
        raise InputError(
            "directory.not_one",
            Words(
                en=f"“{who}” fits {len(bearers)} people; give an address or an identifier.",
                fr=f"« {who} » convient à {len(bearers)} personnes ; donnez une adresse ou un identifiant.",
            ),
        )
    return entries[0].identifiers[0] if entries[0].identifiers else entries[0].address


async def _found(people: People, target: Target) -> tuple[Entry, ...]:
    match target:
        case Address():
            entry = await people.by_address(target)
            return () if entry is None else (entry,)
        case Identifier():
            return await people.by_identifier(target)
        case Description():
            return tuple(await people.by_description(target, MOST_DESCRIBED))


@asynccontextmanager
async def _one(settings: Settings, name: str | None, able: type) -> AsyncIterator[Directory]:
    """Open the directory of that name; without one, the only one that is `able` to."""
    async with _opened(settings, name) as named:
        fitting = [one for one in named if isinstance(one[1], able)] or named
        if len(fitting) > 1:
            raise _which([label for label, _ in fitting])
        yield fitting[0][1]


@asynccontextmanager
async def _opened(settings: Settings, name: str | None) -> AsyncIterator[Sequence[tuple[str, Directory]]]:
    """Open the directory of that name, or all. Raises what one that can't be opened says."""
    chosen = tuple(part for part in settings.directories if name in (None, part.name))
    if not chosen:
        raise _which([part.name for part in settings.directories])
    async with AsyncExitStack() as stack:
        opening = Opening(replace(settings, directories=chosen), stack, setup.get("hub"))
        directories = await opening.directories()
        for error in opening.failed.values():
            raise error
        yield [(part.name, directory) for part, directory in zip(chosen, directories, strict=True)]


def _which(names: Sequence[str]) -> InputError:
    listed = ", ".join(names) or "–"
    return InputError(
        "directory.which",
        Words(
            en=f"Name one of the configured directories with --name: {listed}.",
            fr=f"Désignez par --name l'un des annuaires configurés : {listed}.",
        ),
    )
