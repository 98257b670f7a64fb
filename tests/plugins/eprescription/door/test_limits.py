"""What the door bears: slow callers, broken ones, too many, and the end of the hub."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from hub.errors import ConfigError
from hub.plugin.listening import Endpoint
from tests.plugins.eprescription.door.world import NAME, TOKEN, World, bearer, opened

HEAD = (
    f"POST /operators/{NAME}/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    "Content-Type: application/fhir+json\r\nContent-Length: 10\r\n"
)


async def connected(world: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection."""
    return await asyncio.open_connection("localhost", world.door.addresses[0].port, ssl=world.context())


async def test_a_call_that_never_ends_is_told_so(tmp_path: Path) -> None:
    """The caller may try again; nothing was kept."""
    async with opened(tmp_path, call_timeout=timedelta(seconds=0.3)) as world:
        reader, writer = await connected(world)
        writer.write(HEAD.encode() + b"\r\n{")
        answer = await reader.read()
        writer.close()
        assert b" 408 " in answer.split(b"\r\n")[0]
        assert b"door.slow" in answer
        assert world.desk.taken == []


async def test_a_call_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """Half a document is none."""
    async with opened(tmp_path) as world:
        _, writer = await connected(world)
        writer.write(HEAD.encode() + b"\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await world.call("ping", b"", bearer()))[0] == 202
        assert world.desk.taken == []


async def test_who_asks_before_sending_is_told_to_go_on(tmp_path: Path) -> None:
    """`Expect: 100-continue` (RFC 9110, 10.1.1)."""
    async with opened(tmp_path) as world:
        reader, writer = await connected(world)
        writer.write(HEAD.encode() + b"Expect: 100-continue\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        writer.write(b"0123456789")
        await reader.readline()
        assert b" 200 " in await reader.readline()
        writer.close()
        assert len(world.desk.taken) == 1


@pytest.mark.parametrize("limit", ["max_connections", "max_connections_per_host"])
async def test_one_connection_too_many_is_closed(tmp_path: Path, limit: str) -> None:
    """The others stay."""
    async with opened(tmp_path, **{limit: 1}) as world:
        assert (await world.call("ping", b"", bearer()))[0] == 202
        context = world.context()
        with pytest.raises(aiohttp.ClientError):
            async with aiohttp.ClientSession() as other, other.post(world.url("ping"), ssl=context):
                pass
        assert "door.too_many_connections" in world.log.events()
        assert (await world.call("ping", b"", bearer()))[0] == 202


async def test_an_address_that_is_taken_is_named(tmp_path: Path) -> None:
    """The configuration's words say which, and why."""
    async with opened(tmp_path) as world:
        taken = Endpoint("127.0.0.1", world.door.addresses[0].port)
        with pytest.raises(ConfigError) as caught:
            async with opened(tmp_path, listen=(taken,)):
                pass
    assert caught.value.code == "door.listen"
    assert str(taken) in caught.value.words.en


@pytest.mark.parametrize("name", ["certificate", "key", "anchors"])
async def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    """So that whoever runs the hub can put it there."""
    missing = tmp_path / "missing.pem"
    with pytest.raises(ConfigError) as caught:
        async with opened(tmp_path, **{name: (missing,) if name == "anchors" else missing}):
            pass
    assert caught.value.code == "door.tls"
    assert str(missing) in caught.value.words.fr


async def test_a_key_that_anybody_can_read_is_refused(tmp_path: Path) -> None:
    """The words say what to run."""
    key = tmp_path / "open.key"
    key.write_bytes(b"")
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod o="):
        async with opened(tmp_path, key=key):
            pass


async def test_what_is_being_taken_is_answered_when_the_hub_stops(tmp_path: Path) -> None:
    """The service gets its answer, and need not call again."""
    async with opened(tmp_path) as world:
        world.desk.gate = asyncio.Event()
        call = asyncio.create_task(world.call("events", b"{}", bearer()))
        await world.desk.begun.wait()
        world.stop()
        world.desk.gate.set()
        assert (await call)[:2] == (200, {"taken": 1})
