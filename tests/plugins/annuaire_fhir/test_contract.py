"""Both modes keep the promises of every directory, against a real server over TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
from yarl import URL

from hub.domain.party import INS_NIR, RPPS, Identifier
from hub.ports.filling import Dated, Synchronises
from hub.ports.looking import Describes, Searches, Suggests
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub_annuaire.fhir.asking import Asking
from hub_annuaire.fhir.copying import Copying
from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir import resources
from tests.plugins.annuaire_fhir.place import Place

NOWHERE = URL("https://localhost:9/fhir/v2/")
LISTED = (
    "dr3@valbrume.mssante.example",
    "dr3@ch-0.mssante.example",
    "secretariat@ch-1.mssante.example",
    "Cabinet.Lilas@cabinet-lilas.mssante.example",
    "davidchatelier@pro.mssante.fr",
    "exemple.address@address.mssante.fr",
)


def _fill(place: Place) -> None:
    practice = resources.mailbox("Cabinet.Lilas@cabinet-lilas.mssante.example", "CAB", description="Lilas")
    for number in (900, 901):
        place.server.put(resources.practitioner(f"p{number}", f"{10000000000 + number}", practice))


class TestAsking(DirectoryContract):
    @pytest.fixture
    async def rig(self, place: Place) -> DirectoryRig:
        """Return a directory that asks, and one whose server is down."""
        _fill(place)
        directory = await place.asking()
        listed = [await places.found(directory, one) for one in LISTED]
        return DirectoryRig(
            directory=directory,
            listed=listed,
            unavailable=await place.asking(url=NOWHERE),
            # of a system that the server has: it is asked about no other
            unknown=Identifier(RPPS, "810999999999"),
        )


class TestCopying(DirectoryContract):
    @pytest.fixture
    async def rig(self, place: Place, tmp_path: Path) -> DirectoryRig:
        """Return a copy, and one that was never made."""
        _fill(place)
        directory = await place.copying()
        await directory.synchronise(places.silent)
        listed = [await places.found(directory, one) for one in LISTED]
        empty = await place.copying(tmp_path / "empty")
        return DirectoryRig(directory=directory, listed=listed, unavailable=empty)


async def test_a_copy_can_be_looked_around_in(place: Place) -> None:
    """So the hub offers search, description and suggestion over it, and asking offers none."""
    copying: object = await place.copying()
    asking: object = await place.asking()
    for port in (Synchronises, Dated, Searches, Describes, Suggests):
        assert isinstance(copying, port)
        assert not isinstance(asking, port)
    assert isinstance(copying, Copying)
    assert isinstance(asking, Asking)


async def test_both_modes_say_the_same(place: Place) -> None:
    """But for the version, which names when the server was asked, or copied."""
    _fill(place)
    asking, copying = await place.asking(), await place.copying()
    await copying.synchronise(places.silent)
    for address in LISTED:
        assert await places.found(asking, address) == await places.found(copying, address)


async def test_a_patients_identity_is_never_sent(place: Place) -> None:
    """The server knows professionals and structures; nobody tells it who is whose patient."""
    directory = await place.asking()
    assert await directory.by_identifier(Identifier(INS_NIR, "255069999999934")) == ()
    assert place.server.asked == []
