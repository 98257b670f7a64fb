"""A directory asked by LDAP keeps the promises of every directory, against OpenLDAP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub_annuaire.ldap.directory import open_directory
from tests.plugins.annuaire_ldap import people, slapd
from tests.plugins.annuaire_ldap.slapd import Authority, Server


class TestLdap(DirectoryContract):
    @pytest.fixture(params=["ldaps", "start-tls"])
    async def rig(
        self, request: pytest.FixtureRequest, by: Authority, server: Server, folder: Path
    ) -> AsyncIterator[DirectoryRig]:
        """Return a directory on a living server, and one whose server is not there."""
        url = server.ldaps if request.param == "ldaps" else server.ldap
        gone = f"ldaps://localhost:{slapd.free_port()}"
        async with AsyncExitStack() as stack:
            directory = await stack.enter_async_context(
                open_directory(people.settings(by, folder, url), people.host(folder))
            )
            unavailable = await stack.enter_async_context(
                open_directory(people.settings(by, folder, gone), people.host(folder))
            )
            addresses = (
                people.DUPONT, people.DUPONT_AT_WORK, people.DUPRE, people.SUSPENDED, people.STRUCK_OFF,
                people.LEAVING, people.UNLISTED, people.SERVICE, "x.double@medecin.mssante.example",
            )  # fmt: skip
            listed = []
            for one in addresses:
                entry = await directory.by_address(Address.parse(one))
                assert entry is not None, one
                listed.append(entry)
            yield DirectoryRig(directory=directory, listed=listed, unavailable=unavailable)
