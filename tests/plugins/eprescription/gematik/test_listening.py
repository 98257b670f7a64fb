"""A ping without content has the hub look at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.testing.prescription_contract import GUARD, issued
from hub_eprescription.gematik import listening
from hub_eprescription.gematik.listening import Listening
from tests.plugins.eprescription.gematik import practice
from tests.plugins.eprescription.gematik.practice import Practice, SimulatorRig


class Looks:
    """Counts how often it was told to look."""

    def __init__(self) -> None:
        self._told: asyncio.Queue[None] = asyncio.Queue()

    def __call__(self) -> None:
        """Take note."""
        self._told.put_nowait(None)

    async def next(self) -> None:
        """Return when it is told to look."""
        async with asyncio.timeout(GUARD):
            await self._told.get()


def ear(one: Practice) -> Listening:
    """Return who can listen to a practice's service."""
    url = one.served.url.replace("https:", "wss:") + "/subscription"
    asking = one.service._asking
    return Listening(url, asking._session, asking, practice.host(Path(), one.clock, one.log))


@asynccontextmanager
async def listening_to(one: Practice) -> AsyncIterator[Looks]:
    """Listen to a practice's service."""
    looks = Looks()
    task = asyncio.create_task(ear(one).run(looks))
    try:
        yield looks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_dispensing_is_heard_of_at_once(tmp_path: Path) -> None:
    """First of all the hub looks; then once for each ping."""
    async with practice.practice(tmp_path) as one, listening_to(one) as looks:
        await looks.next()
        rig = SimulatorRig(one)
        await rig.dispense(await issued(rig))
        await looks.next()
        assert "prescription.no_pings" not in one.log.events()


async def test_a_lost_connection_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trouble is told once; when the service is back, the hub listens, and looks."""
    monkeypatch.setattr(listening, "PAUSE", (0.01, 0.02))
    async with practice.practice(tmp_path) as one:
        one.simulation.fault("subscribe", "status:503", 3)
        async with listening_to(one) as looks:
            await looks.next()
        assert one.log.events().count("prescription.no_pings") == 1


async def test_who_may_not_listen_is_not_in_the_way(tmp_path: Path) -> None:
    """The service forbids it: the hub polls, and asks for pings no more."""
    async with practice.practice(tmp_path) as one:
        one.simulation.fault("subscribe", "status:403", 2)
        async with asyncio.timeout(GUARD):
            await ear(one).run(Looks())
        assert one.simulation.asked["subscribe"] == 1
        assert one.log.events() == ["prescription.untold"]


async def test_without_an_address_nobody_listens(tmp_path: Path) -> None:
    """The hub polls."""
    async with practice.practice(tmp_path) as one:
        await one.service.listen(Looks())
        assert one.simulation.asked["subscribe"] == 0
