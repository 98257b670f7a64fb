"""A server that stands before an operator, passes everything on, and spoils what a test tells it to.

It gives operators that speak only http a TLS front, it remembers what went by, and it loses answers that the
operator has given, which the operator itself can't be made to do.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

import aiohttp
from aiohttp import web

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
    """The server, in a thread of its own."""

    def __init__(self, upstream: str, port: int) -> None:
        self.url = f"https://{HOST}:{port}"
        self.seen: list[Seen] = []
        self.spoils: list[Spoil] = []
        self._upstream = upstream
        self._port = port

    def spoil(self, method: str, path: str, what: Literal["cut", "drop"] | int, times: int = 1) -> None:
        """Spoil the next requests of this method whose whole path (with its query) matches."""
        self.spoils.append(Spoil(method, path, what, times))

    def asked(self, method: str, path: str) -> list[Seen]:
        """Return the requests of this method whose whole path (with its query) matches."""
        return [one for one in list(self.seen) if one.method == method and re.fullmatch(path, one.path)]

    async def serve(
        self, server: ssl.SSLContext, client: ssl.SSLContext, ready: Future[None], stop: asyncio.Event
    ) -> None:
        """Serve until told to stop."""
        connector = aiohttp.TCPConnector(ssl=client)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

            async def passing(request: web.Request) -> web.StreamResponse:
                return await self._pass(session, request)

            # the raw form: requests are passed on as they came, compressed ones too
            runner = web.ServerRunner(web.Server(passing, auto_decompress=False))  # type: ignore[arg-type]
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self._port, ssl_context=server).start()
            ready.set_result(None)
            await stop.wait()
            await runner.cleanup()

    async def _pass(self, session: aiohttp.ClientSession, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        spoil = self._spoilt(request)
        status, answered, said = 0, {}, b""
        if spoil is None or spoil.what == "cut":
            async with session.request(
                request.method,
                f"{self._upstream}{request.raw_path}",
                headers=headers,
                data=body or None,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
            ) as answer:
                status, said = answer.status, await answer.read()
                answered = {k: v for k, v in answer.headers.items() if k.lower() not in _OWN}
        self.seen.append(Seen(request.method, request.raw_path, headers, body, status))
        if spoil is not None and isinstance(spoil.what, int):
            return web.Response(status=spoil.what, headers=spoil.headers, body=spoil.body)
        if spoil is not None and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 500, headers=answered, body=said)

    def _spoilt(self, request: web.BaseRequest) -> Spoil | None:
        for one in self.spoils:
            if one.times and one.method == request.method and re.fullmatch(one.path, request.raw_path):
                one.times -= 1
                return one
        return None


@contextmanager
def front(upstream: str, tls: Tls, *, client: bool = False) -> Iterator[Front]:
    """Run one before an operator; with `client` it wants certificates, and shows its own upstream."""
    one = Front(upstream, free_port())
    ready: Future[None] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    serving = one.serve(tls.server(client=client), tls.client(), ready, stop)

    def serve() -> None:
        try:
            loop.run_until_complete(serving)
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=serve, name="front", daemon=True)
    thread.start()
    ready.result(30)
    try:
        yield one
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
