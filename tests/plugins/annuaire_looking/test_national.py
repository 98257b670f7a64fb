"""The national directory keeps what every directory keeps that can be looked around in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.ports.directory import Entry
from hub.testing.looking_contract import LookingContract, LookingRig
from hub_annuaire.directory import Annuaire, open_directory
from hub_annuaire.settings import Settings
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import Place

SHOWN = (
    places.MARTIN,
    "pr.solene.grandchamp@ch-hautmont.mssante.example",
    "dr.jean-pierre.lhermitte@valbrume.mssante.example",
    "dr.noe.uvrard@valbrume.mssante.example",
    places.REPORTS,
)


class TestAnnuaire(LookingContract):
    @pytest.fixture
    async def looking(self, tmp_path: Path) -> AsyncIterator[LookingRig]:
        """Return the sample directory, with one who was struck off and one who vanished."""
        place = Place.fill(tmp_path)
        place.load()
        async with AsyncExitStack() as stack:
            directory = await stack.enter_async_context(open_directory(Settings(), place.host))
            empty = await stack.enter_async_context(
                open_directory(Settings(file=tmp_path / "none"), place.host)
            )
            yield LookingRig(
                directory=directory,
                shown=[await _entry(directory, one) for one in SHOWN],
                hidden=[
                    await _entry(directory, one)
                    for one in (places.STRUCK_OFF, places.SUSPENDED, places.VANISHED)
                ],
                unavailable=empty,
            )


async def _entry(directory: Annuaire, address: str) -> Entry:
    entry = await directory.by_address(Address.parse(address))
    assert entry is not None, address
    return entry
