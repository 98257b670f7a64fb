"""EPS's adapter keeps what every e-prescription service's adapter keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.ports.prescription import ReadsDispensing, Signing
from hub.testing.prescription_contract import PrescriptionContract, Rig
from hub_eprescription.eps import names
from tests.plugins.eprescription.eps import examples
from tests.plugins.eprescription.eps.practice import DoubleRig, practice
from tests.plugins.eprescription.eps.simulated import simulated

NOTIFICATION = "spec/dispensing/dispense-notification/acute-primary-example-03-req.json"


class EpsContract(PrescriptionContract):
    """EPS tells prescribers of no events: what happened comes as a message, or is asked for."""

    __test__ = False

    async def test_every_dispensing_is_told(self, rig: Rig) -> None:
        """A notification that comes twice is the same event; the service itself is not asked for any."""
        assert isinstance(rig.service, ReadsDispensing)
        data = examples.read(NOTIFICATION)
        (first,) = rig.service.dispensings(names.MEDIA_TYPE, data)
        (again,) = rig.service.dispensings(names.MEDIA_TYPE, data)
        assert first == again
        assert first.text.en
        assert first.text.fr
        assert (await rig.service.events("here")).cursor == "here"
        assert not (await rig.service.events(None)).events


class TestHubSigns(EpsContract):
    """The hub signs with the prescriber's key."""

    __test__ = True

    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Return the adapter and the double."""
        async with practice(tmp_path) as one:
            yield DoubleRig(one)


class TestWorkstationSigns(EpsContract):
    """The prescriber's workstation signs, several items, with the old algorithm."""

    __test__ = True

    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Return the adapter and the double."""
        how = {"signing": Signing.WORKSTATION, "algorithm": "RS1", "accepts_sha1": True}
        async with practice(tmp_path, **how) as one:
            yield DoubleRig(one, items=3)


class TestSimulator(EpsContract):
    """The hub signs, several items, against the simulator that practice-software makers use."""

    __test__ = True

    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Return the adapter and the simulator."""
        async with simulated(tmp_path, items=3) as one:
            yield one
