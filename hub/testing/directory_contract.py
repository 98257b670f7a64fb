"""What every directory keeps, as tests that a plugin's own test file subclasses and passes.

    class TestMyDirectory(DirectoryContract):
        @pytest.fixture
        async def rig(self) -> AsyncIterator[DirectoryRig]:
            async with open_directory(settings, host) as directory:
                yield DirectoryRig(directory=directory, listed=(…), unavailable=…)

Not checked here: what an import takes and refuses. That is the plugin's own to test.
"""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pytest

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry

GUARD: Final = 60.0
"""Seconds after which a test is held to hang."""
ABSENT: Final = Address("nobody.at.all", "nowhere.example")
UNKNOWN: Final = Identifier("urn:oid:2.999.1", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRig:
    """A directory and what it should know.

    `listed` are entries that it holds, one with an identifier at least. `unavailable` is a directory
    of the same kind that can't answer now (never filled, server down). `absent` is in neither.
    """

    directory: Directory
    listed: Sequence[Entry]
    unavailable: Directory
    absent: Address = ABSENT
    unknown: Identifier = UNKNOWN


class DirectoryContract:
    """The promises of `hub.ports.directory.Directory`. A subclass gives the fixture `rig`."""

    async def test_a_listed_mailbox_is_found_as_it_is(self, rig: DirectoryRig) -> None:
        """Every word of the entry is there: name, standing, identifiers, certificates."""
        for entry in rig.listed:
            assert await rig.directory.by_address(entry.address) == entry

    async def test_any_spelling_of_an_address_finds_it(self, rig: DirectoryRig) -> None:
        """Somebody who types capitals reaches the same mailbox."""
        for entry in rig.listed:
            for spelt in (entry.address.local.upper(), entry.address.local.lower()):
                other = replace(entry.address, local=spelt)
                if other.key == entry.address.key:
                    assert await rig.directory.by_address(other) == entry

    async def test_an_address_that_is_not_listed_is_none(self, rig: DirectoryRig) -> None:
        """A clear no, which is not an error."""
        assert await rig.directory.by_address(rig.absent) is None

    async def test_a_neighbour_of_a_listed_address_is_not_found(self, rig: DirectoryRig) -> None:
        """Nothing guesses: neither a prefix, nor a pattern, nor another domain."""
        for entry in rig.listed:
            local, domain = entry.address.local, entry.address.domain
            for other in (Address(f"{local}x", domain), Address("%", domain), Address(local, f"x{domain}")):
                assert await rig.directory.by_address(other) is None

    async def test_an_identifier_gives_its_bearers_mailboxes(self, rig: DirectoryRig) -> None:
        """All are the bearer's own, each once, and in the same order every time."""
        asked = 0
        for entry in rig.listed:
            for identifier in entry.identifiers:
                found = await rig.directory.by_identifier(identifier)
                asked += 1
                assert entry in found
                assert all(identifier in one.identifiers for one in found)
                assert len({one.address.key for one in found}) == len(found)
                assert found == await rig.directory.by_identifier(identifier)
        assert asked, "the rig lists nobody with an identifier"

    async def test_by_identifier_and_by_address_agree(self, rig: DirectoryRig) -> None:
        """Whichever way somebody is found, the entry is the same."""
        for entry in rig.listed:
            for identifier in entry.identifiers:
                for one in await rig.directory.by_identifier(identifier):
                    assert await rig.directory.by_address(one.address) == one

    async def test_an_unknown_identifier_gives_nothing(self, rig: DirectoryRig) -> None:
        """Neither one of a strange system nor one that differs in its last sign."""
        assert await rig.directory.by_identifier(rig.unknown) == ()
        for entry in rig.listed:
            for identifier in entry.identifiers:
                longer = Identifier(identifier.system, f"{identifier.value}0")
                assert await rig.directory.by_identifier(longer) == ()

    async def test_many_may_ask_at_once(self, rig: DirectoryRig) -> None:
        """Look-ups that overlap don't disturb each other."""
        async with asyncio.timeout(GUARD):
            asked = [entry for entry in rig.listed for _ in range(50)]
            answers = await asyncio.gather(*(rig.directory.by_address(entry.address) for entry in asked))
        assert list(answers) == asked

    async def test_who_cannot_answer_never_says_not_listed(self, rig: DirectoryRig) -> None:
        """What depends on it waits, instead of being refused; the words say so in both languages."""
        with pytest.raises(DirectoryUnavailableError) as by_address:
            await rig.unavailable.by_address(rig.listed[0].address)
        with pytest.raises(DirectoryUnavailableError) as by_identifier:
            await rig.unavailable.by_identifier(rig.unknown)
        for caught in (by_address, by_identifier):
            assert caught.value.words.en
            assert caught.value.words.fr
            assert str(rig.listed[0].address) not in str(caught.value)
