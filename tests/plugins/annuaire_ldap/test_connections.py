"""The client's connections: kept, replaced, abandoned, and never the reason for a wrong answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.ports.directory import DirectoryUnavailableError
from hub_annuaire.ldap.directory import LdapDirectory, open_directory
from hub_annuaire.ldap.shape import Attributes
from tests.plugins.annuaire_ldap import door, people
from tests.plugins.annuaire_ldap.door import Door
from tests.plugins.annuaire_ldap.slapd import Authority

ADDRESS = Address.parse(door.DUPONT)


@asynccontextmanager
async def _asking(by: Authority, folder: Path, one: Door, **more: object) -> AsyncIterator[LdapDirectory]:
    settings = people.settings(
        by, folder, f"ldap://localhost:{one.port()}", base=door.BASE, bind="anonymous",
        attributes=Attributes(), cache=timedelta(0), **more,
    )  # fmt: skip
    async with open_directory(settings, people.host(folder)) as directory:
        yield directory


async def test_a_search_that_nobody_waits_for_is_abandoned(by: Authority, folder: Path) -> None:
    """The server stops working on it, and the connection is good for the next."""
    async with (
        door.opened(by, folder, anonymous=True) as one,
        _asking(by, folder, one, connections=1) as directory,
    ):
        one.catalogue.wait = asyncio.Event()
        asked = asyncio.create_task(directory.by_address(ADDRESS))
        await door.until(lambda: one.catalogue.waiting == 1)
        asked.cancel()
        await door.until(lambda: one.catalogue.waiting == 0)
        one.catalogue.wait.set()
        assert await directory.by_address(ADDRESS) is not None
        assert one.log.events().count("ldap.too_many_connections") == 0


async def test_a_connection_that_the_server_has_ended_is_replaced(by: Authority, folder: Path) -> None:
    """Whoever asks next notices nothing."""
    quick = timedelta(milliseconds=50)
    async with (
        door.opened(by, folder, anonymous=True, idle_timeout=quick) as one,
        _asking(by, folder, one) as directory,
    ):
        for _ in range(3):
            assert await directory.by_address(ADDRESS) is not None
            await door.until(lambda: not one.receiver._sessions)


async def test_a_server_that_stops_ends_what_it_was_asked(by: Authority, folder: Path) -> None:
    """At once, and as unavailable."""
    async with door.opened(by, folder, anonymous=True) as one, _asking(by, folder, one) as directory:
        one.catalogue.wait = asyncio.Event()
        asked = [asyncio.create_task(directory.by_address(ADDRESS)) for _ in range(5)]
        await door.until(lambda: one.catalogue.waiting == 5)
        one.serving.cancel()
        for each in asked:
            with pytest.raises(DirectoryUnavailableError):
                await each


async def test_many_searches_share_few_connections(by: Authority, folder: Path) -> None:
    """Another one is opened only when those that stand are full, and never more than allowed."""
    async with (
        door.opened(by, folder, anonymous=True, max_pending=100) as one,
        _asking(by, folder, one, connections=2, pipeline=10) as directory,
    ):
        one.catalogue.wait = asyncio.Event()
        asked = [asyncio.create_task(directory.by_address(ADDRESS)) for _ in range(50)]
        await door.until(lambda: one.catalogue.waiting == 50)
        assert len(one.receiver._sessions) == 2
        one.catalogue.wait.set()
        assert all(await asyncio.gather(*asked))


async def test_a_server_that_cannot_answer_says_so(by: Authority, folder: Path) -> None:
    """Unavailable there is unavailable here, never 'not listed'."""
    async with door.opened(by, folder, anonymous=True) as one, _asking(by, folder, one) as directory:
        one.catalogue.available = False
        with pytest.raises(DirectoryUnavailableError) as caught:
            await directory.by_address(ADDRESS)
        assert "it is shutting down or not ready" in caught.value.words.en
