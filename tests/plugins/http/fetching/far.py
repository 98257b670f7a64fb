"""An operator with an inbox, over TLS on the loopback address, in the three manners that differ most.

| manner | listing | messages | acknowledgement |
| --- | --- | --- | --- |
| token | pages with a token | in the listing, JSON | POST |
| parts | pages with links | raw, in parts (206), their data in headers | PUT |
| repeat | the first two, until it is empty | JSON, one by one | DELETE |
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from hub.adapters.clock import SystemChance, SystemClock
from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.ports.intake import Intake, Peer
from hub.testing.fakes import RecordingLog
from hub.testing.fetching_contract import PATIENCE, Letter
from hub_http.description.model import Description
from hub_http.fetching import polling
from hub_http.sending.opening import open_operator
from hub_http.sending.operator import Operator
from hub_http.settings import OperatorSettings, TlsSettings
from tests.servers import Papers

NAME: Final = "valbrume"
DOMAIN: Final = "valbrume.example"
PEER: Final = Peer(name=f"operator:{NAME}", operator=OperatorName(NAME), domains=frozenset({DOMAIN}))
SENDER: Final = Address.parse(f"chirurgie@{DOMAIN}")
RECIPIENT: Final = Address.parse("a.martin@city.example")
PAGE: Final = 2
PART: Final = 1000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

COMMON: Final = """
version = 1
title = "Held"
[limits]
concurrency = 4
[inbox]
every = "20ms"
least = "1ms"
"""

TOKEN: Final = """
items = { json = "$.items[*]", many = true }
id = { json = "$.id" }
paging = { by = "token", next = { json = "$.next" }, parameter = "page" }
listing = { path = "/inbox" }
acknowledge = { method = "POST", path = "/inbox/{{ item.id }}/ack" }
[[inbox.kinds]]
is = "message"
[inbox.kinds.message]
id = { json = "$.id" }
sender = { json = "$.from" }
recipients = { json = "$.to[*]", many = true }
subject = { json = "$.subject" }
[[inbox.kinds.message.documents]]
data = { json = "$.data", decode = "base64" }
name = { json = "$.name" }
sha256 = { json = "$.sha256" }
"""

PARTS: Final = """
items = { json = "$.messages[*]", many = true }
id = { json = "$" }
paging = { by = "link", next = { json = "$.links.next" } }
listing = { path = "/links" }
download = { path = "/raw/{{ item.id }}" }
more = { path = "/raw/{{ item.id }}/{{ part.number }}" }
acknowledge = { method = "PUT", path = "/inbox/{{ item.id }}/ack" }
[[inbox.kinds]]
is = "message"
[inbox.kinds.message]
id = { header = "X-Id" }
sender = { header = "X-From" }
recipients = { value = "{{ headers['X-To'] }}", many = true }
subject = { header = "X-Subject" }
documents = [{ payload = true, name = { header = "X-Name" }, media_type = { header = "Content-Type" } }]
"""

REPEAT: Final = """
items = { json = "$.list[*].id", many = true }
id = { json = "$" }
paging = { by = "repeat" }
listing = { path = "/queue" }
download = { path = "/queue/{{ item.id }}" }
acknowledge = { method = "DELETE", path = "/queue/{{ item.id }}" }
[[inbox.kinds]]
is = "message"
[inbox.kinds.message]
id = { value = "{{ item.id }}" }
sender = { json = "$.from" }
recipients = { json = "$.to[*]", many = true }
subject = { json = "$.subject" }
[[inbox.kinds.message.documents]]
each = { json = "$.documents[*]", many = true }
data = { json = "$.data", decode = "base64" }
name = { json = "$.name" }
"""

MANNERS: Final = {"token": TOKEN, "parts": PARTS, "repeat": REPEAT}


def description(text: str) -> Description:
    """Read a description."""
    return Description.model_validate(tomllib.loads(text))


def letter(number: int) -> Letter:
    """Make a letter, of a few parts."""
    data = hashlib.sha256(str(number).encode()).digest() * 70
    return Letter(
        id=f"m-{number}", sender=SENDER, recipient=RECIPIENT, subject=f"Compte rendu {number}", data=data
    )


class Far:
    """The operator (`hub.testing.fetching_contract.FarInbox`).

    `routes` are further routes, or others in the place of its own: `GET /inbox`.
    """

    def __init__(self) -> None:
        self.journal: list[tuple[str, str]] = []
        self.stalls: str | None = None
        self.loses = 0
        self.letters: dict[str, Letter] = {}
        self.routes: dict[str, Handler] = {}
        self.asked: list[str] = []
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self.url = ""

    def hold(self, one: Letter) -> None:
        """Hold one more."""
        self.letters[one.id] = one

    def held(self) -> list[str]:
        """Return the ids of those that were not acknowledged."""
        return list(self.letters)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self._news.wait()

    def happened(self) -> None:
        """Have everybody look again."""
        self._news.set()
        self._news = asyncio.Event()

    @asynccontextmanager
    async def serving(self, papers: Papers) -> AsyncIterator[None]:
        """Serve while the block lasts."""
        app = web.Application(middlewares=[self._noting])
        for route, handler in {**self._own(), **self.routes}.items():
            method, _, path = route.partition(" ")
            app.router.add_route(method, path, handler)
        runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=papers.issue().server())
            await site.start()
            self.url = f"https://localhost:{runner.addresses[0][1]}"
            yield
        finally:
            self._closing.set()
            await runner.cleanup()

    def _own(self) -> dict[str, Handler]:
        return {
            "GET /inbox": self._token,
            "GET /links": self._links,
            "GET /raw/{id}": self._part,
            "GET /raw/{id}/{part}": self._part,
            "GET /queue": self._queue,
            "GET /queue/{id}": self._one,
            "POST /inbox/{id}/ack": self._acknowledge,
            "PUT /inbox/{id}/ack": self._acknowledge,
            "DELETE /queue/{id}": self._acknowledge,
        }

    @web.middleware
    async def _noting(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        try:
            return await handler(request)
        finally:
            self.happened()

    async def _token(self, request: web.Request) -> web.StreamResponse:
        page, following = self._page(request.query.get("page", ""))
        return web.json_response({"items": [said(one) for one in page], "next": following})

    async def _links(self, request: web.Request) -> web.StreamResponse:
        page, following = self._page(request.query.get("after", ""))
        links = {} if following is None else {"next": f"/links?after={following}"}
        return web.json_response({"messages": [one.id for one in page], "links": links})

    def _page(self, after: str) -> tuple[list[Letter], str | None]:
        rest = [one for known, one in self.letters.items() if known > after]
        return rest[:PAGE], rest[PAGE - 1].id if len(rest) > PAGE else None

    async def _part(self, request: web.Request) -> web.StreamResponse:
        one = self.letters.get(request.match_info["id"])
        if one is None:
            raise web.HTTPGone
        number = int(request.match_info.get("part", "1"))
        at = (number - 1) * PART
        status = 206 if at + PART < len(one.data) else 200
        headers = {
            "X-Id": one.id,
            "X-From": str(one.sender),
            "X-To": str(one.recipient),
            "X-Subject": one.subject,
            "X-Name": "a.pdf",
            "Content-Type": "application/pdf",
        }
        return web.Response(status=status, body=one.data[at : at + PART], headers=headers)

    async def _queue(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response({"list": [{"id": one} for one in list(self.letters)[:PAGE]]})

    async def _one(self, request: web.Request) -> web.StreamResponse:
        one = self.letters.get(request.match_info["id"])
        if one is None:
            raise web.HTTPNotFound
        told = said(one)
        return web.json_response({**told, "documents": [{"name": told["name"], "data": told["data"]}]})

    async def _acknowledge(self, request: web.Request) -> web.StreamResponse:
        known = request.match_info["id"]
        stalls, self.stalls = self.stalls, None
        if stalls == "before":
            await self._stall(known)
        self.letters.pop(known, None)
        self.journal.append(("acknowledged", known))
        if stalls == "after":
            await self._stall(known)
        if self.loses:
            self.loses -= 1
            if request.transport is not None:
                request.transport.abort()
        return web.Response(status=204)

    async def _stall(self, known: str) -> None:
        self.journal.append(("stalled", known))
        self.happened()
        await self._closing.wait()


def said(one: Letter) -> dict[str, Any]:
    """Return a letter as JSON says it."""
    return {
        "id": one.id,
        "from": str(one.sender),
        "to": [str(one.recipient)],
        "subject": one.subject,
        "name": "a.pdf",
        "sha256": hashlib.sha256(one.data).hexdigest(),
        "data": base64.b64encode(one.data).decode(),
    }


@dataclass(slots=True, kw_only=True)
class Near:
    """Our side: what an operator is opened with, each time on the same ledger."""

    far: Far
    papers: Papers
    folder: Path
    described: Description
    poll: bool = True
    ledger: EphemeralLedger = field(default_factory=EphemeralLedger)
    log: RecordingLog = field(default_factory=RecordingLog)

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[Operator]:
        """Open the operator."""
        settings = OperatorSettings(
            description=self.folder / "held.toml",
            base_url=self.far.url,
            tls=TlsSettings(anchors=(self.papers.authority,)),
            networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
            poll=self.poll,
        )
        host = Host(
            name=NAME,
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=SystemClock(),
            chance=SystemChance(),
            log=self.log,
            data=self.folder,
            ledger=self.ledger,
        )
        async with open_operator(settings, host, description=self.described) as operator:
            yield operator

    @asynccontextmanager
    async def connector(self) -> AsyncIterator[Fetching]:
        """Open what receives."""
        async with self.operator() as operator:
            yield Fetching(operator)


@dataclass(frozen=True, slots=True)
class Fetching:
    """The receiving half of the connector (`hub.ports.host.Receives`)."""

    operator: Operator

    async def receive(self, intake: Intake) -> None:
        """Fetch until cancelled."""
        await polling.fetch(self.operator, intake)


@asynccontextmanager
async def near(far: Far, text: str, folder: Path, common: str = COMMON) -> AsyncIterator[Near]:
    """Serve the operator, and make ready to ask it. `common` is the beginning of its description."""
    async with AsyncExitStack() as stack:
        papers = Papers(folder / "tls")
        await stack.enter_async_context(far.serving(papers))
        yield Near(far=far, papers=papers, folder=folder, described=description(common + text))


def offline(folder: Path, text: str) -> Near:
    """Make ready for an operator whom nobody asks anything."""
    far = Far()
    far.url = "https://localhost:1"
    return Near(far=far, papers=Papers(folder / "tls"), folder=folder, described=description(text))


__all__ = ["Far", "Fetching", "Near", "description", "letter", "near", "offline"]
