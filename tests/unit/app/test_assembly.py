"""A hub put together: connectors that fetch are doors too, and what a part remembers lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.config.read import read
from hub.adapters.keys.issue import KeyType
from hub.app import founding
from hub.app.assembly import open_hub, open_records
from hub.app.reading import parse
from hub.app.settings import Settings
from hub.domain.ids import OperatorName
from hub.plugin.registry import Offer, PartType
from hub.ports.host import Host
from hub.ports.intake import Intake, Peer
from hub.testing.fakes import RecordingLog, ScriptedOperator
from hub.testing.ledger_contract import line
from tests.unit.app.test_reading import HUB, plugins

NAME = "hub.valbrume.example"


class Fetching(ScriptedOperator):
    """A connector that fetches what its operator holds, until the hub stops."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.peers: list[Peer | None] = []
        self.fetching, self.ended = asyncio.Event(), asyncio.Event()

    async def receive(self, intake: Intake) -> None:
        """Serve until cancelled."""
        self.peers += [intake.standing_for(OperatorName(one)) for one in (self.host.name, "nobody")]
        self.fetching.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


class Opened:
    """Settings with an operator `mesh` that fetches and an operator `mute` that does not."""

    def __init__(self, folder: Path) -> None:
        made = founding.found(folder, name=NAME, address=f"hub@{NAME}", title="Caducée", kind=KeyType.ED25519)
        tables = (
            f'[operators.{one}]\nkind = "pigeon"\ndomains = ["{one}.example"]\n' for one in ("mesh", "mute")
        )
        made.file.write_text("".join((HUB, *tables)))
        offer: Offer[Any] = Offer(
            plugin="loft", type=PartType.OPERATOR, kind="pigeon", parse=lambda _table: None, open=self._open
        )
        loaded = parse(read(made.file), plugins(offers={(PartType.OPERATOR, "pigeon"): offer}))
        self.settings: Settings = replace(loaded, api=None)
        self.mesh: list[Fetching] = []

    @asynccontextmanager
    async def _open(self, _own: None, host: Host) -> AsyncIterator[ScriptedOperator]:
        if host.name == "mesh":
            self.mesh.append(Fetching(host))
            yield self.mesh[-1]
        else:
            yield ScriptedOperator()


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Make a hub's folder."""
    return Opened(tmp_path / "hub")


async def test_a_connector_that_fetches_is_run_as_a_door(opened: Opened) -> None:
    """It is given the way in, where its operator is known by name, and is ended when the hub stops."""
    stop = asyncio.Event()
    async with open_hub(opened.settings, RecordingLog()) as hub:
        (mesh,) = opened.mesh
        assert [(name, one) for name, one in hub.receivers] == [("operators.mesh", mesh)]
        running = asyncio.create_task(hub.run(stop))
        await mesh.fetching.wait()
        stop.set()
        await running
    assert mesh.ended.is_set()
    peer = Peer(name="operator:mesh", operator=OperatorName("mesh"), domains=frozenset({"mesh.example"}))
    assert mesh.peers == [peer, None]


async def test_what_a_part_remembers_is_there_after_a_restart(opened: Opened) -> None:
    """In its own ledger of the hub's store; a command beside the running hub reads it too."""
    for turn in range(2):
        async with open_hub(opened.settings, RecordingLog()):
            ledger = opened.mesh[-1].host.ledger
            if not turn:
                await ledger.put(line(alias="REMOTE-1"))
            assert line(alias="REMOTE-1") == await ledger.named("REMOTE-1")
            async with open_records(opened.settings) as beside:
                assert line(alias="REMOTE-1") == await beside.ledger("operators.mesh").get("d:1")
                assert await beside.ledger("operators.mute").get("d:1") is None
