"""A server that stands before an operator, passes everything on, and spoils what a test tells it to.

It gives operators that speak only http a TLS front, it remembers what went by, and it loses answers that the
operator has given, which the operator itself can't be made to do.
"""

from __future__ import annotations

import asyncio
import io
import re
import ssl
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from tests.servers import HOST, Tls, free_port

_OWN: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "date", "server", "host"})
"""Headers of one link, which are not passed on."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came by, and the operator's answer: its status, 0 when it was not asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    status: int


@dataclass(slots=True)
class Spoil:
    """What is spoilt: requests of a method whose path matches, as often as `times` says.

    `cut` asks the operator and ends the connection in place of its answer; `drop` ends it before the
    operator is asked; a number is answered in the operator's place.
    """

    method: str
    path: str
    what: Literal["cut", "drop"] | int
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Front:
    """The server, in a thread of its own. Whatever a test tells it is so when the call returns."""

    def __init__(self, upstream: str, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
        self.seen: list[Seen] = []
        self.spoils: list[Spoil] = []
        self._upstream = upstream
        self._contexts = (server, client)
        self._port = free_port()
        self._loop = asyncio.new_event_loop()
        self._awake = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """Its own base URL."""
        return f"https://{HOST}:{self._port}"

    def spoil(self, method: str, path: str, what: Literal["cut", "drop"] | int, times: int = 1) -> None:
        """Spoil the next requests of this method whose whole path (with its query) matches."""
        self.spoils.append(Spoil(method, path, what, times))

    def asked(self, method: str, path: str) -> list[Seen]:
        """Return the requests of this method whose whole path (with its query) matches."""
        return [one for one in list(self.seen) if one.method == method and re.fullmatch(path, one.path)]

    def stall(self) -> None:
        """Answer nobody any more, while still listening."""
        self._loop.call_soon_threadsafe(self._awake.clear)

    def resume(self) -> None:
        """Answer again, those who wait too."""
        self._loop.call_soon_threadsafe(self._awake.set)

    def shut(self) -> None:
        """Listen no more, and drop every link."""
        self._do(self._close())

    def reopen(self) -> None:
        """Listen again, on the same port."""
        self._do(self._listen())

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it while the block lasts."""
        thread = threading.Thread(target=self._loop.run_forever, name="front", daemon=True)
        thread.start()
        try:
            self._awake.set()
            self.reopen()
            yield
        finally:
            self.resume()
            self._do(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(30)
            self._loop.close()

    def _do(self, what: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    async def _listen(self) -> None:
        server, client = self._contexts
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=client)
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        # requests are passed on as they came, compressed ones too
        handlers = web.Server(self._pass, auto_decompress=False)
        self._runner = web.ServerRunner(handlers, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=server).start()

    async def _close(self) -> None:
        if self._runner is None or self._runner.server is None:
            return
        links = [one.transport for one in self._runner.server.connections]
        await self._runner.cleanup()
        self._runner = None
        for link in links:
            if link is not None:
                # Without waiting for the other side's close_notify; Python 3.11.2 fails when it has come.
                with suppress(AttributeError):
                    link.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _end(self) -> None:
        await self._close()
        if self._session is not None:
            await self._session.close()

    async def _pass(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        await self._awake.wait()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        spoil = self._spoilt(request)
        status, answered, said = 0, CIMultiDict[str](), b""
        if spoil is None or spoil.what == "cut":
            status, answered, said = await self._upstream_says(request, headers, body)
        self.seen.append(Seen(request.method, request.raw_path, headers, body, status))
        if spoil is not None and isinstance(spoil.what, int):
            return web.Response(status=spoil.what, headers=spoil.headers, body=spoil.body)
        if spoil is not None and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 500, headers=answered, body=said)

    async def _upstream_says(
        self, request: web.BaseRequest, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, CIMultiDict[str], bytes]:
        assert self._session is not None
        async with self._session.request(
            request.method,
            f"{self._upstream}{request.raw_path}",
            headers=headers,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        ) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OWN]
            return answer.status, CIMultiDict(kept), await answer.read()

    def _spoilt(self, request: web.BaseRequest) -> Spoil | None:
        for one in self.spoils:
            if one.times and one.method == request.method and re.fullmatch(one.path, request.raw_path):
                one.times -= 1
                return one
        return None


@contextmanager
def front(upstream: str, tls: Tls, *, client: bool = False) -> Iterator[Front]:
    """Run one before an operator; with `client` it wants certificates, and shows its own upstream."""
    one = Front(upstream, tls.server(client=client), tls.client())
    with one.running():
        yield one
