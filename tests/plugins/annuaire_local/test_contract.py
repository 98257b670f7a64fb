"""An establishment's own directory keeps the promises of every directory."""

from __future__ import annotations

import pytest

import hub_annuaire
from hub.domain.address import Address
from hub.plugin import Registry
from hub.ports.directory import Entry
from hub.ports.filling import Dated
from hub.ports.looking import Describes, Searches, Suggests
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub_annuaire.local.directory import Local
from tests.plugins.annuaire_local import house as houses
from tests.plugins.annuaire_local.house import House


class TestLocal(DirectoryContract):
    @pytest.fixture
    async def rig(self, house: House) -> DirectoryRig:
        """Return a directory of four people and two services, and one without its file."""
        directory = await house.open()
        addresses = (
            houses.AUBEPINE,
            "e.aubepine@valbrume.example",
            "jean.sorbier@hautmont.example",
            houses.SECRET,
            houses.SURGERY,
            houses.REPORTS,
        )
        listed = [await _entry(directory, one) for one in addresses]
        return DirectoryRig(
            directory=directory, listed=listed, unavailable=await house.open(files=["none.csv"])
        )


async def _entry(directory: Local, address: str) -> Entry:
    entry = await directory.by_address(Address.parse(address))
    assert entry is not None
    return entry


async def test_it_can_be_looked_around_in(house: House) -> None:
    """The hub searches it, resolves descriptions in it, and tells its age."""
    directory = await house.open()
    assert isinstance(directory, Searches)
    assert isinstance(directory, Describes)
    assert isinstance(directory, Suggests)
    assert isinstance(directory, Dated)


def test_the_plugin_offers_the_kind() -> None:
    """Under the name that the configuration uses."""
    registry = Registry("annuaire")
    hub_annuaire.hub_register_directories(registry)
    assert ("directories", "local") in [(offer.type.value, offer.kind) for offer in registry.offers]
