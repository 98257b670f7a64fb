"""What a connector asks by itself: all that its description names, unless the configuration says not to."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from hub.errors import ConfigError
from hub.ports.ledger import Line
from hub.testing.fakes import RecordingIntake
from hub.testing.fetching_contract import Watched
from tests.plugins.http.fetching.far import COMMON, PEER, TOKEN, Far, letter, near
from tests.plugins.http.fetching.rig import rig_of

RECEIPTS = """
[receipts]
every = "20ms"
least = "1ms"
items = { json = "$.list[*]", many = true }
id = { json = "$" }
listing = { path = "/receipts" }
kinds = [{ is = "ignored" }]
"""


async def stopped(task: asyncio.Task[None]) -> None:
    """Stop what receives."""
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_a_hub_that_does_not_poll_asks_nothing(tmp_path: Path) -> None:
    """Its door stays open all the same: another node polls, or webhooks do."""
    far = Far()
    far.hold(letter(0))
    async with near(far, TOKEN, tmp_path) as our:
        our.poll = False
        async with our.connector() as connector:
            task = asyncio.ensure_future(connector.receive(Watched(rig_of(far, our))))
            done, _ = await asyncio.wait({task}, timeout=0.2)
            assert not done
            await stopped(task)
    assert far.asked == []


async def test_receipts_are_looked_at_beside_messages(tmp_path: Path) -> None:
    """An inbox that fails holds up no receipt."""
    far = Far()

    async def failing(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    async def receipts(_: web.Request) -> web.StreamResponse:
        return web.json_response({"list": []})

    far.routes |= {"GET /inbox": failing, "GET /receipts": receipts}
    async with near(far, TOKEN + RECEIPTS, tmp_path) as our, our.connector() as connector:
        task = asyncio.ensure_future(connector.receive(Watched(rig_of(far, our))))
        await far.until(lambda: far.asked.count("GET /receipts") >= 5)
        await stopped(task)
    assert our.log.lines[0] == (
        "warning",
        "fetch.failed",
        {"operator": "valbrume", "part": "inbox", "code": "http.transient", "count": 1},
    )


async def test_an_operator_that_works_again_is_said_to(tmp_path: Path) -> None:
    """After how many failures; meanwhile it was asked more and more seldom."""
    far = Far()
    far.hold(letter(0))
    own = far._own()["GET /inbox"]

    async def listing(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503) if len(far.asked) <= 2 else await own(request)

    far.routes["GET /inbox"] = listing
    async with near(far, TOKEN, tmp_path) as our, our.connector() as connector:
        task = asyncio.ensure_future(connector.receive(Watched(rig_of(far, our))))
        await far.until(lambda: not far.held())
        await far.until(lambda: "fetch.recovered" in our.log.events())
        await stopped(task)
    assert our.log.lines[-1][2]["count"] == 2


async def test_a_look_just_before_a_restart_counts(tmp_path: Path) -> None:
    """An operator that wants an hour between two looks gets it."""
    far = Far()
    common = COMMON.replace('"20ms"', '"1h"')
    async with near(far, TOKEN, tmp_path, common) as our:
        known = {"looked": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()}
        until = datetime.now(UTC) + timedelta(days=1)
        await our.ledger.put(Line(key="inbox", value=json.dumps(known), until=until))
        async with our.connector() as connector:
            task = asyncio.ensure_future(connector.receive(Watched(rig_of(far, our))))
            await asyncio.wait({task}, timeout=0.2)
            await stopped(task)
    assert far.asked == []


async def test_when_a_look_does_not_take_all_the_next_follows_at_once(tmp_path: Path) -> None:
    """A pause of an hour is no reason to leave the rest for an hour."""
    far = Far()
    for number in range(9):
        far.hold(letter(number))
    common = COMMON.replace('every = "20ms"', 'every = "1h"\nlongest = "2h"')
    text = TOKEN.replace('parameter = "page" }', 'parameter = "page", most = 1 }')
    async with near(far, text, tmp_path, common) as our:
        long_ago = {"looked": (datetime.now(UTC) - timedelta(days=1)).isoformat()}
        until = datetime.now(UTC) + timedelta(days=1)
        await our.ledger.put(Line(key="inbox", value=json.dumps(long_ago), until=until))
        async with our.connector() as connector:
            task = asyncio.ensure_future(connector.receive(Watched(rig_of(far, our))))
            await far.until(lambda: not far.held())
            await stopped(task)


async def test_an_operator_whom_the_hub_does_not_know_is_an_error(tmp_path: Path) -> None:
    """The configuration is wrong: whoever runs the hub is told by the door that fails."""
    assert PEER.operator is not None
    async with near(Far(), TOKEN, tmp_path) as our, our.connector() as connector:
        with pytest.raises(ConfigError, match="valbrume"):
            await connector.receive(RecordingIntake())
