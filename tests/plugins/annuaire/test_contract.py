"""The national directory keeps the promises of every directory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.ports.directory import Entry
from hub.ports.filling import Loads
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub_annuaire.directory import Annuaire, open_directory
from hub_annuaire.settings import Settings
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import Place


class TestAnnuaire(DirectoryContract):
    @pytest.fixture
    async def rig(self, place: Place, tmp_path: Path) -> AsyncIterator[DirectoryRig]:
        """Return the sample directory, and one that was never filled."""
        stack = AsyncExitStack()
        place.load()
        directory = await stack.enter_async_context(open_directory(Settings(), place.host))
        addresses = (places.MARTIN, places.STRUCK_OFF, places.SUSPENDED, places.VANISHED, places.REPORTS)
        listed = [await _entry(directory, one) for one in addresses]
        empty = await stack.enter_async_context(open_directory(Settings(file=tmp_path / "none"), place.host))
        yield DirectoryRig(directory=directory, listed=listed, unavailable=empty)
        await stack.aclose()


async def _entry(directory: Annuaire, address: str) -> Entry:
    entry = await directory.by_address(Address.parse(address))
    assert entry is not None
    return entry


def test_it_is_filled_from_files(place: Place) -> None:
    """So `hub directory import` finds it."""
    assert isinstance(place.directory(), Loads)
