"""Checkers on a clock of the test's own, and a server on the loopback that behaves as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub_smtp.revocation.checker import Revocation, open_revocation
from hub_smtp.revocation.places import Place
from hub_smtp.revocation.settings import OnNoAnswer, RevocationSettings

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def host(folder: Path, later: timedelta = timedelta(0)) -> Host:
    """Return what the hub lends, with a clock that can be moved and a log that can be read.

    It begins now: OpenSSL dates what it makes by the real time.
    """
    return Host(
        name="valbrume",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=FixedClock(datetime.now(UTC) + later),
        chance=FixedChance(),
        log=RecordingLog(),
        data=folder,
        ledger=EphemeralLedger(),
    )


def settings(port: int, policy: OnNoAnswer = OnNoAnswer.REQUIRE, **more: Any) -> RevocationSettings:
    """Return settings that allow one port of the loopback."""
    urls = (Place.parse(f"http://127.0.0.1:{port}/"),)
    return RevocationSettings(policy=policy, urls=urls, **({"timeout": timedelta(seconds=20)} | more))


@asynccontextmanager
async def checker(what: RevocationSettings, lent: Host) -> AsyncIterator[Revocation]:
    """Open what answers."""
    async with open_revocation(what, lent) as opened:
        yield opened


@dataclass(slots=True)
class Server:
    """Answers each path by its bytes or its behaviour, and counts; anything else is 404."""

    answers: dict[str, bytes | Behaviour] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    port: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            size = next(
                (
                    int(line[15:])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            await reader.readexactly(size)
            self.asked[path] += 1
            answer = self.answers.get(path, http(b"", "404 Not Found"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def silent(self, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        """Say nothing until the test is over."""
        await self.release.wait()

    async def slow(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin an answer and never end it."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0")
        await writer.drain()
        await self.release.wait()


@asynccontextmanager
async def serving(answers: dict[str, bytes | Behaviour] | None = None) -> AsyncIterator[Server]:
    """Run a server on the loopback."""
    made = Server(dict(answers or {}))
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.release.set()
        listening.close()
        await listening.wait_closed()


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Return an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join((*lines, "", "")).encode() + body
