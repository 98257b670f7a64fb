"""A door of any plugin: what it answers by itself, and when it stops."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web

from hub.domain.address import Address
from hub.errors import ConfigError, StoreError, Words
from hub.plugin import Table
from hub.plugin.door import settings
from hub.plugin.door.server import HttpDoor
from hub.plugin.door.settings import HttpSettings
from hub.plugin.door.upload import Upload
from hub.plugin.ledger import EphemeralLedger
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog

DEFAULTS: Any = {"max_call": "1KiB", "concurrency": 4, "max_connections": 8, "max_connections_per_host": 8}


class Log(RecordingLog):
    """A log that tells when the door listens."""

    def __init__(self) -> None:
        super().__init__()
        self.listening = asyncio.Event()

    def info(self, event: str, **fields: object) -> None:
        """Record what is normal."""
        super().info(event, **fields)
        if event == "door.listening":
            self.listening.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A door that is bound, and what a client needs."""

    door: HttpDoor
    log: Log
    context: ssl.SSLContext

    def url(self, path: str) -> str:
        """Return where a path is."""
        return f"https://localhost:{self.door.addresses[0].port}{path}"


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Return a door on loopback, bound and not yet served."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    key = tmp_path / "door.key"
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "door.pem"))
    log = Log()
    host = Host(
        name="web",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=FixedClock(),
        chance=FixedChance(),
        log=log,
        data=tmp_path,
        ledger=EphemeralLedger(),
    )
    context = ssl.create_default_context()
    authority.configure_trust(context)
    door = HttpDoor(
        HttpSettings(
            listen=(Endpoint("127.0.0.1", 0),),
            certificate=tmp_path / "door.pem",
            key=key,
            max_call=1 << 10,
            concurrency=4,
            max_connections=8,
            max_connections_per_host=8,
        ),
        host,
        retry_after={"test.later": 7},
    )
    return Opened(door=door, log=log, context=context)


async def _post(request: web.Request) -> web.StreamResponse:
    said = await Upload(request, timedelta(seconds=30)).whole(1 << 10, timedelta(seconds=30))
    if said == b"later":
        raise StoreError("test.later", Words(en="Later.", fr="Plus tard."))
    if said == b"fall":
        raise RuntimeError("what nobody may read")
    return web.Response(body=said)


async def test_a_handler_only_handles(opened: Opened) -> None:
    """Whatever it raises is an answer; other paths and methods never come to it. It can serve again."""
    for _ in range(2):
        opened.log.listening.clear()
        serving = asyncio.create_task(opened.door.serve("/call", _post))
        await opened.log.listening.wait()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=opened.context)) as client:
            for method, path, body, status, code in (
                ("POST", "/call", b"hello", 200, None),
                ("POST", "/call", b"later", 503, "test.later"),
                ("POST", "/call", b"fall", 500, "door.unexpected"),
                ("POST", "/call", b"x" * 1025, 413, "door.too_large"),
                ("GET", "/call", b"", 405, "door.method"),
                ("POST", "/elsewhere", b"", 404, "door.not_found"),
            ):
                async with client.request(method, opened.url(path), data=body) as answer:
                    assert answer.status == status
                    assert answer.headers["Server"] == "caducee"
                    assert answer.headers.get("Retry-After") == ("7" if code == "test.later" else None)
                    told = await answer.read()
                    assert b"nobody may read" not in told
                    assert (code or "hello").encode() in told
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        assert opened.door.addresses == ()


async def test_a_call_inside_finishes(opened: Opened) -> None:
    """The hub stops, nobody new comes in, and who has begun gets an answer."""
    begun, gate = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        begun.set()
        await gate.wait()
        return web.Response(body=b"done")

    serving = asyncio.create_task(opened.door.serve("/call", slow))
    await opened.log.listening.wait()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=opened.context)) as client:

        async def call() -> bytes:
            async with client.post(opened.url("/call")) as answer:
                return await answer.read()

        calling = asyncio.create_task(call())
        await begun.wait()
        serving.cancel()
        gate.set()
        assert await calling == b"done"
    await asyncio.gather(serving, return_exceptions=True)


def test_the_common_keys_are_read_with_the_plugin_s_defaults() -> None:
    """And the plugin's own keys stay in the table."""
    given = {"listen": ["127.0.0.1:0"], "certificate": "a.pem", "key": "a.key", "concurrency": 3, "own": 1}
    table = Table(given, file=Path("/etc/hub.toml"), path="receivers.web")
    found = HttpSettings(**settings.parse(table, **DEFAULTS))
    assert (found.max_call, found.concurrency, found.max_connections) == (1 << 10, 3, 8)
    assert found.key == Path("/etc/a.key")
    assert table.integer("own") == 1
    table.finish()


def test_lists_of_nobody_s_are_refused() -> None:
    """Revocation lists need the authorities that they are of."""
    given = {"listen": ["127.0.0.1:0"], "certificate": "a.pem", "key": "a.key", "crls": ["a.crl"]}
    with pytest.raises(ConfigError, match=r"receivers\.web\.crls"):
        settings.parse(Table(given, file=Path("hub.toml"), path="receivers.web"), **DEFAULTS)
