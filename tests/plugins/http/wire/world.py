"""Servers that do what a scene says, byte by byte, and the way to them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from hub_http.description.model import Limits
from hub_http.settings import TlsSettings
from hub_http.wire import tls
from hub_http.wire.egress import Egress, place_of
from hub_http.wire.exchange import Body, Bytes, Request
from hub_http.wire.session import Session
from hub_http.wire.sockets import Resolver
from hub_http.wire.transcript import Transcript
from tests.servers import Papers, Tls

HOST: Final = "api.valbrume.example"
LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PATIENCE: Final = 20.0


class Names(AbstractResolver):
    """A resolver with a list of its own; a name may lead elsewhere each time it is asked."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = {HOST: ["127.0.0.1"], **known}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return what the list says."""
        self.asked.append(host)
        if host not in self.known:
            raise OSError(None, "not known")
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for one in self.known[host]
        ]

    async def close(self) -> None:
        """End."""


class Wire:
    """One connection, as the server has it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    async def head(self) -> tuple[str, dict[str, str]]:
        """Read the head of a request. Raises EOFError when none comes."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        self.requests.append((lines[0], headers, b""))
        return lines[0], headers

    async def request(self) -> tuple[str, dict[str, str], bytes]:
        """Read a whole request."""
        line, headers = await self.head()
        body = b""
        if "content-length" in headers:
            body = await self.reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readuntil(b"\n"), 16):
                body += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        self.requests[-1] = line, headers, body
        return self.requests[-1]

    async def say(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the client has left."""
        while await self.reader.read(1 << 16):
            pass


Scene = Callable[[Wire], Awaitable[None]]


class Server:
    """A server and what it saw."""

    def __init__(self, scene: Scene, port: int = 0) -> None:
        self.scene = scene
        self.port = port
        self.wires: list[Wire] = []
        self.faults: list[BaseException] = []
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def requests(self) -> list[tuple[str, dict[str, str], bytes]]:
        """All requests, of all connections."""
        return [one for wire in self.wires for one in wire.requests]

    def url(self, path: str = "/v1/messages", host: str = HOST) -> URL:
        """Return a URL of this server."""
        return URL(f"https://{host}:{self.port}{path}", encoded=True)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the scene."""
        wire = Wire(reader, writer)
        self.wires.append(wire)
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await self.scene(wire)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.faults.append(error)
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    papers: Papers,
    scene: Scene,
    *,
    name: str = HOST,
    own: Tls | None = None,
    client: bool = False,
    host: str = "127.0.0.1",
    context: ssl.SSLContext | None = None,
    plain: bool = False,
) -> AsyncIterator[Server]:
    """Serve under TLS; with `client` it wants a certificate of the authority."""
    server = Server(scene)
    if not plain:
        context = context or (own or papers.issue(name)).server(client=client)
    listening = await asyncio.start_server(server.connected, host, 0, ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
        assert server.faults == []
    finally:
        listening.close()
        for wire in server.wires:
            # The asyncio of Python 3.11.2 fails when TLS has let go of the link already.
            with suppress(AttributeError):
                wire.writer.transport.abort()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)
        closing = [wire.writer.wait_closed() for wire in server.wires]
        await asyncio.gather(*closing, return_exceptions=True)
        await listening.wait_closed()


async def polite(wire: Wire) -> None:
    """Answer every request."""
    while True:
        await wire.request()
        await wire.say(OK)


def limits(**changed: Any) -> Limits:
    """Return limits that no test waits long for."""
    return Limits(**{"connect_timeout": "10s", "answer_timeout": "10s", "idle_timeout": "10s", **changed})


@asynccontextmanager
async def exchange(
    papers: Papers,
    *places: URL,
    names: Names | None = None,
    networks: Sequence[Any] = LOOPBACK,
    settings: TlsSettings | None = None,
    transcript: Transcript | None = None,
    **changed: Any,
) -> AsyncIterator[Session]:
    """Yield the way to these places."""
    settings = settings or TlsSettings(anchors=(papers.authority,))
    session = Session(
        context=lambda: tls.context(settings),
        limits=limits(**changed),
        gate=Egress(place_of(one) for one in places),
        networks=networks,
        resolver=Resolver(networks, names or Names()),
        transcript=transcript,
    )
    try:
        yield session
    finally:
        await session.close()


def headers(**named: str) -> CIMultiDictProxy[str]:
    """Return headers; `_` in a name is `-`."""
    return CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in named.items()}))


def get(url: URL, **more: Any) -> Request:
    """Ask for something."""
    return Request(method="GET", url=url, **more)


def post(url: URL, data: bytes = b'{"a": 1}', **more: Any) -> Request:
    """Send something."""
    more = {"method": "POST", "body": Bytes(data=data, media_type="application/json"), **more}
    return Request(url=url, **more)


class Streamed:
    """A body that comes in pieces, of a size that is announced or not."""

    data = None
    media_type = "application/octet-stream"

    def __init__(
        self,
        *given: bytes | BaseException,
        size: int | None = None,
        before: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        self.given = given
        self.size = size
        self.before = before

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield them, or raise."""
        for number, one in enumerate(self.given):
            if self.before is not None:
                await self.before(number)
            if isinstance(one, BaseException):
                raise one
            yield one


def checked(body: Body) -> Body:
    """Return it, having the type checker look at it."""
    return body


def tls_settings(papers: Papers, own: Tls | None = None, **more: Any) -> TlsSettings:
    """Return settings that trust the authority of the papers."""
    named: dict[str, Path] = {"certificate": own.certificate, "key": own.key} if own else {}
    return TlsSettings(anchors=(papers.authority,), **named, **more)


def short(milliseconds: int) -> timedelta:
    """Return a little time."""
    return timedelta(milliseconds=milliseconds)
