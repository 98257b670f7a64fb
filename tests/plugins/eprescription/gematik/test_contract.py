"""gematik's adapter keeps what every e-prescription service's adapter keeps, against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.ports.prescription import Signing
from hub.testing.prescription_contract import PrescriptionContract, Rig
from tests.plugins.eprescription.gematik.practice import SimulatorRig, practice


class TestHubSigns(PrescriptionContract):
    """The hub signs with the prescriber's key."""

    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Return the adapter and the simulator."""
        async with practice(tmp_path) as one:
            yield SimulatorRig(one)


class TestWorkstationSigns(PrescriptionContract):
    """The prescriber's workstation signs."""

    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Return the adapter and the simulator."""
        async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
            yield SimulatorRig(one)
