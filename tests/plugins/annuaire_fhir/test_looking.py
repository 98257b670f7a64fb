"""A copy is looked around in as every directory is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.testing.looking_contract import LookingContract, LookingRig
from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir.place import Place
from tests.plugins.annuaire_fhir.resources import Resource, mailbox, organization, practitioner, role


def _person(number: int, family: str, given: str, address: str, **more: Any) -> list[Resource]:
    name = [{"use": "usual", "family": family, "given": [given], "suffix": ["DR"]}]
    box = mailbox(address, **more.pop("box", {}))
    return [
        practitioner(f"x{number}", f"{10000002000 + number}", box, name=name, **more),
        role(f"y{number}", f"x{number}", "z1"),
    ]


class TestLooking(LookingContract):
    @pytest.fixture
    async def looking(self, place: Place, tmp_path: Path) -> LookingRig:
        """Return a copy of a server with some very different people."""
        place.server.resources.clear()
        place.server.put(
            organization(
                "z1", "670000009",
                mailbox("chirurgie.ambulatoire@ch-hautmont.mssante.example", "ORG", service="Chirurgie"),
            ),
            *_person(1, "D’Hermitte-Ozanam", "Clémence", "clemence.ozanam@hautmont.mssante.example"),
            *_person(2, "Quéméneur", "Yves-Marie", "ym.quemeneur@port-lioret.mssante.example"),
            *_person(3, "Wagner", "Björn", "bjorn.wagner@cabinet-lilas.mssante.example"),
            *_person(
                4, "Cachet", "Ursule", "ursule.cachet@hautmont.mssante.example", box={"listeRouge": True}
            ),
            *_person(5, "Finistère", "Ignace", "ignace.finistere@ancien.mssante.example", active=False),
            *_person(6, "Muet", "Oscar", "oscar.muet@silence.mssante.example", active=None),
        )  # fmt: skip
        directory = await place.copying()
        await directory.synchronise(places.silent)
        shown = (
            "clemence.ozanam@hautmont.mssante.example",
            "ym.quemeneur@port-lioret.mssante.example",
            "bjorn.wagner@cabinet-lilas.mssante.example",
            "chirurgie.ambulatoire@ch-hautmont.mssante.example",
        )
        hidden = (
            "ursule.cachet@hautmont.mssante.example",
            "ignace.finistere@ancien.mssante.example",
            "oscar.muet@silence.mssante.example",
        )
        return LookingRig(
            directory=directory,
            shown=[await places.found(directory, one) for one in shown],
            hidden=[await places.found(directory, one) for one in hidden],
            unavailable=await place.copying(tmp_path / "empty"),
        )
