"""Directories opened for one question or one import, beside a running hub or without one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from hub.adapters.logs import setup
from hub.app.parts import Opening
from hub.app.settings import Settings
from hub.core.people import People
from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.errors import ConfigError, InputError, MalformedError, Words
from hub.ports.directory import Directory, Entry
from hub.ports.filling import Loaded, Loads, Progress

_SCHEMES: Final = {
    "rpps": (RPPS, re.compile(r"[0-9]{11}"), "8"),
    "finess": (FINESS, re.compile(r"[0-9][0-9AB][0-9]{7}"), "1"),
}
"""Systems by their short names, the form of a value, and the type digit of its national form."""


async def load(settings: Settings, name: str | None, files: Sequence[Path], progress: Progress) -> Loaded:
    """Have one directory import `files` (`Loads.load`). Raises ConfigError when it takes no files."""
    async with _opened(settings, name, one=True) as directories:
        directory = directories[0]
        if not isinstance(directory, Loads):
            raise ConfigError(
                "directory.no_import",
                Words(
                    en="This directory is not filled from files.",
                    fr="Cet annuaire ne se remplit pas par fichiers.",
                ),
            )
        return await asyncio.to_thread(directory.load, files, progress)


async def find(settings: Settings, name: str | None, who: str) -> tuple[Entry, ...]:
    """Return who is meant by an address or an identifier.

    Raises InputError when nobody is listed or `who` is neither, DirectoryUnavailableError.
    """
    target = read_target(who)
    async with _opened(settings, name) as directories:
        people = People(directories)
        if isinstance(target, Identifier):
            entries = await people.by_identifier(target)
        else:
            entry = await people.by_address(target)
            entries = () if entry is None else (entry,)
    if not entries:
        raise InputError(
            "directory.not_listed",
            Words(en=f"{who} is not listed.", fr=f"{who} ne figure pas dans l'annuaire."),
        )
    return entries


def read_target(text: str) -> Address | Identifier:
    """Read `name@domain`, `rpps:NUMBER` or `finess:NUMBER`. Raises MalformedError."""
    scheme, colon, value = text.partition(":")
    known = _SCHEMES.get(scheme.lower()) if colon else None
    if known is None:
        return Address.parse(text)
    system, form, digit = known
    if not form.fullmatch(value):
        raise MalformedError(
            "identifier.malformed",
            Words(
                en="An RPPS has 11 digits, a FINESS 9 signs: rpps:10001234567, finess:750712184.",
                fr="Un RPPS a 11 chiffres, un FINESS 9 signes : rpps:10001234567, finess:750712184.",
            ),
        )
    return Identifier(system, digit + value)


@asynccontextmanager
async def _opened(
    settings: Settings, name: str | None, *, one: bool = False
) -> AsyncIterator[Sequence[Directory]]:
    """Open the directory of that name, or all; with `one` there must be just one."""
    chosen = [part for part in settings.directories if name in (None, part.name)]
    if not chosen or (one and len(chosen) > 1):
        names = ", ".join(part.name for part in settings.directories) or "–"
        raise InputError(
            "directory.which",
            Words(
                en=f"Name one of the configured directories with --name: {names}.",
                fr=f"Désignez par --name l'un des annuaires configurés : {names}.",
            ),
        )
    async with AsyncExitStack() as stack:
        opening = Opening(replace(settings, directories=tuple(chosen)), stack, setup.get("hub"))
        directories = await opening.directories()
        for error in opening.failed.values():
            raise error
        yield directories
