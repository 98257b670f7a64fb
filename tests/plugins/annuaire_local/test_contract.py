"""An establishment's own directory keeps the promises of every directory."""

from __future__ import annotations

import pytest

import hub_annuaire
from hub.domain.address import Address
from hub.plugin import Registry
from hub.ports.directory import Entry
from hub.ports.filling import Dated
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub.testing.looking_contract import LookingContract, LookingRig
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


class TestLocalLooking(LookingContract):
    @pytest.fixture
    async def looking(self, house: House) -> LookingRig:
        """Return the same; who is unlisted or suspended is shown to nobody."""
        directory = await house.open()
        hidden = (houses.SECRET, "jean.sorbier@hautmont.example")
        return LookingRig(
            directory=directory,
            shown=[await _entry(directory, one) for one in (houses.AUBEPINE, houses.SURGERY, houses.REPORTS)],
            hidden=[await _entry(directory, one) for one in hidden],
            unavailable=await house.open(files=["none.csv"]),
        )


async def _entry(directory: Local, address: str) -> Entry:
    entry = await directory.by_address(Address.parse(address))
    assert entry is not None
    return entry


async def test_its_age_is_told(house: House) -> None:
    """So `hub check` says which version answers."""
    assert isinstance(await house.open(), Dated)


def test_the_plugin_offers_the_kind() -> None:
    """Under the name that the configuration uses."""
    registry = Registry("annuaire")
    hub_annuaire.hub_register_directories(registry)
    assert ("directories", "local") in [(offer.type.value, offer.kind) for offer in registry.offers]
