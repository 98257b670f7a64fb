"""One hub's directory, asked by another hub over LDAP: our client in front of our own door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.domain.target import Description
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub_annuaire.ldap.directory import open_directory
from tests.plugins.annuaire_ldap import door, people, slapd
from tests.plugins.annuaire_ldap.slapd import Authority


def _settings(by: Authority, folder: Path, url: str, **more: object) -> people.Settings:
    settings = people.settings(by, folder, url, base=door.BASE, bind_dn=door.ACCOUNT, **more)
    assert settings.password_file is not None
    settings.password_file.write_text(door.PASSWORD)
    return settings


class TestHubToHub(DirectoryContract):
    @pytest.fixture
    async def rig(self, by: Authority, folder: Path) -> AsyncIterator[DirectoryRig]:
        """Return a directory on another hub's door; without the standard names nothing is configured."""
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(door.opened(by, folder))
            settings = _settings(
                by, folder, f"ldaps://localhost:{one.port(1)}", attributes=people.Attributes()
            )
            directory = await stack.enter_async_context(open_directory(settings, people.host(folder)))
            gone = _settings(by, folder, f"ldaps://localhost:{slapd.free_port()}")
            unavailable = await stack.enter_async_context(open_directory(gone, people.host(folder)))
            listed = []
            for address in (door.DUPONT, door.DUPRE, door.SERVICE):
                entry = await directory.by_address(Address.parse(address))
                assert entry is not None
                listed.append(entry)
            yield DirectoryRig(directory=directory, listed=listed, unavailable=unavailable)


async def test_what_is_shown_is_what_was_known(by: Authority, folder: Path) -> None:
    """Name, kind, identifiers, profession, place and certificate arrive; codes of nomenclatures don't."""
    async with door.opened(by, folder) as one:
        settings = _settings(by, folder, f"ldap://localhost:{one.port()}", attributes=people.Attributes())
        async with open_directory(settings, people.host(folder)) as directory:
            for known in one.catalogue.entries[:3]:
                seen = await directory.by_address(known.address)
                assert seen is not None
                for field in (
                    "address", "name", "mailbox", "standing", "certificates", "structure", "service", "town",
                ):  # fmt: skip
                    assert getattr(seen, field) == getattr(known, field)
                assert set(seen.identifiers) == set(known.identifiers)


async def test_a_person_is_searched_for_in_another_hub(by: Authority, folder: Path) -> None:
    """As one types, and by description; who must not be seen there is not seen here."""
    async with door.opened(by, folder) as one:
        settings = _settings(by, folder, f"ldaps://localhost:{one.port(1)}", attributes=people.Attributes())
        async with open_directory(settings, people.host(folder)) as directory:
            found = await directory.search("dupont jeanne", 10)
            assert [str(each.address) for each in found] == [door.DUPONT]
            found = await directory.search("dupre", 10)
            assert [str(each.address) for each in found] == [door.DUPRE]
            described = await directory.by_description(Description(name="jeanne dupont", town="valbrume"), 10)
            assert [str(each.address) for each in described] == [door.DUPONT]
            assert await directory.by_address(Address.parse(door.UNLISTED)) is None
