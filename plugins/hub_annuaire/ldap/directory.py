"""A directory that is asked by LDAP (`hub.ports.directory`), nothing of which is copied here.

Not done: referrals are not followed (what lies behind one is not found), aliases are not dereferenced,
and nothing is suggested for a mistyped address, since LDAP has no notion of nearness.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.ports.directory import DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.ports.host import Host
from hub_annuaire.ldap import asking, faults, folding, reading
from hub_annuaire.ldap.cache import Cache
from hub_annuaire.ldap.channel import Answers
from hub_annuaire.ldap.messages import Code, Found, Search
from hub_annuaire.ldap.pool import Pool, open_pool
from hub_annuaire.ldap.settings import Settings

MAX_WORDS: Final = 8
"""Words of a search that are sent to the server; there are never that many in a name."""
MAX_PER_ADDRESS: Final = 50
"""Entries for one address: one for each place of work."""

_BREATH: Final = 25
"""Entries read before others get their turn."""


class LdapDirectory:
    """Asks the servers of one `[directories.<name>]`; close its pool when it is no longer needed."""

    def __init__(self, settings: Settings, host: Host, pool: Pool) -> None:
        self._settings = settings
        self._host = host
        self._pool = pool
        self._addresses: Cache[tuple[Entry, ...]] = Cache(host.clock, settings.cache, settings.max_cached)
        self._identifiers: Cache[tuple[Address, ...]] = Cache(host.clock, settings.cache, settings.max_cached)

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox, or None when the servers list none. Raises DirectoryUnavailableError."""
        if (known := self._addresses.get(address.key)) is None:
            found = await self._whole(asking.by_address(self._settings, address), MAX_PER_ADDRESS)
            entries = [one for one in self._entries(found) if one.address.key == address.key]
            known = (reading.merged(entries),) if entries else ()
            self._addresses.put(address.key, known)
        return known[0] if known else None

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's mailboxes, the preferred first. Raises DirectoryUnavailableError."""
        identifier = Identifier(identifier.system, reading.national(identifier.system, identifier.value))
        if (addresses := self._identifiers.get(identifier)) is None:
            search = asking.by_identifier(self._settings, identifier)
            if search is None:
                # nobody has one here; but only who can answer may say so
                await self._whole(asking.whether_there(self._settings), 1)
                return ()
            whole = await self._whole(search, self._settings.max_answers, self._settings.page)
            named = [one for one in self._entries(whole) if identifier in one.identifiers]
            addresses = tuple({one.address.key: one.address for one in named}.values())
            self._identifiers.put(identifier, addresses)
        # one and the same entry whichever way it is found: it may be made of several on the server
        entries = await asyncio.gather(*map(self.by_address, addresses))
        found = [one for one in entries if one is not None and identifier in one.identifiers]
        return tuple(sorted(found, key=_preference))

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Search as one types (`Searches`). Accents that are held count as they do on the server.

        Raises DirectoryUnavailableError.
        """
        sought = folding.spelt(text)[:MAX_WORDS]
        if limit < 1 or not sought:
            return ()
        answers = await self._ask(sought)
        found: dict[str, Entry] = {}
        for count, raw in enumerate(answers.found, 1):
            if count % _BREATH == 0:
                await asyncio.sleep(0)
            if folding.begin(sought, reading.texts(raw, self._settings.attributes.searched)):
                # one entry that can't be understood must not hide all others
                with suppress(DirectoryUnavailableError):
                    for one in filter(_shown, self._reader().read(raw)):
                        found.setdefault(one.address.key, one)
        # the likeliest: those whose own name has what was typed
        ordered = sorted(found.values(), key=lambda one: not folding.begin(sought, (one.name,)))
        return tuple(ordered[:limit])

    async def by_description(self, sought: Description, limit: int) -> Sequence[Entry]:
        """Return everybody who fits, by whole words (`Describes`). Raises DirectoryUnavailableError."""
        asked = folding.spelt(f"{sought.name} {sought.specialty} {sought.town}")[:MAX_WORDS]
        if limit < 1 or not asked:
            return ()
        answers = await self._ask(asked)
        found: dict[str, Entry] = {}
        for one in self._entries(answers.found):
            trade = [each.label for each in (one.profession, *one.specialties) if each is not None]
            fits = (
                folding.has(sought.name, (one.name,))
                and folding.has(sought.specialty, trade)
                and folding.has(sought.town, (one.town,))
            )
            if fits and _shown(one):
                found.setdefault(one.address.key, one)
        # fewer than asked for, of an answer that was cut: who is missing may be the one who is meant
        if answers.result.code and len(found) < limit:
            raise faults.refused(self._host.name, answers.result.code)
        return tuple(found.values())[:limit]

    async def _whole(self, search: Search, most: int, page: int = 0) -> Sequence[Found]:
        """Return all that there is: what was cut would be taken for everything."""
        # a server need not look for more than would be taken
        search = search if page else replace(search, size=most + 1)
        answers = await self._pool.search(search, most, page)
        if answers.result.code:
            raise faults.refused(self._host.name, answers.result.code)
        return answers.found

    async def _ask(self, words: Sequence[str]) -> Answers:
        """Ask for entries with these words; as many as there may be when there are more."""
        answers = await self._pool.search(
            asking.by_words(self._settings, words), self._settings.max_answers, self._settings.page
        )
        if answers.result.code not in {Code.SUCCESS, Code.SIZE_LIMIT, Code.TIME_LIMIT}:
            raise faults.refused(self._host.name, answers.result.code)
        return answers

    def _entries(self, found: Sequence[Found]) -> list[Entry]:
        reader = self._reader()
        return [entry for one in found for entry in reader.read(one)]

    def _reader(self) -> reading.Reader:
        return reading.Reader(
            name=self._host.name,
            attributes=self._settings.attributes,
            meanings=self._settings.meanings,
            today=self._host.clock.now().astimezone(self._settings.zone).date(),
            zone=self._settings.zone,
        )


@asynccontextmanager
async def open_directory(settings: Settings, host: Host) -> AsyncIterator[LdapDirectory]:
    """Open the directory. No server is asked before somebody asks the hub. Raises ConfigError."""
    async with open_pool(settings, host) as pool:
        yield LdapDirectory(settings, host, pool)


def _preference(entry: Entry) -> tuple[int, str]:
    return entry.rank if entry.rank is not None else 1 << 31, entry.address.key


def _shown(entry: Entry) -> bool:
    return (
        entry.standing is Standing.ACTIVE and not entry.unlisted and entry.mailbox is not MailboxKind.PATIENT
    )
