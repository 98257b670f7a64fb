"""A real operator over TLS for the tests of sending, with mailboxes that can be looked into.

It speaks three APIs, each described below: one call in JSON, register and upload, and draft, attach, send.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.connector_contract import Rig, Seen
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog, entry
from hub_http.description.model import Description
from hub_http.sending import connector
from hub_http.sending.opening import open_operator
from hub_http.sending.operator import Operator
from hub_http.settings import OperatorSettings, TlsSettings
from tests.servers import HOST, Papers, Tls, free_port

JSON: dict[str, Any] = {
    "version": 1,
    "title": "One call, read back when the answer was lost",
    "limits": {"max_message": "32MiB"},
    "send": {
        "idempotency": "recover",
        "steps": [
            {
                "name": "post",
                "method": "POST",
                "path": "/messages",
                "remote": {"json": "$.id"},
                "json": {
                    "ours": "{{ delivery.id }}",
                    "to": "{{ recipient.address }}",
                    "subject": "{{ message.subject }}",
                    "documents": {
                        "$each": "{{ documents }}",
                        "$as": "document",
                        "$item": {"name": "{{ document.name }}", "data": "{{ document | base64 }}"},
                    },
                },
            }
        ],
    },
    "recover": {
        "request": {"path": "/messages/{{ delivery.id }}"},
        "findings": [{"status": 200, "is": "arrived"}, {"status": 404, "is": "absent"}],
        "remote": {"json": "$.id"},
        "absent_after": "2m",
    },
}
TWO_PHASE: dict[str, Any] = {
    "version": 1,
    "title": "Register, then upload",
    "classes": {"conflict": {"means": "delivered"}},
    "send": {
        "idempotency": "transaction",
        "steps": [
            {
                "name": "register",
                "effect": "draft",
                "method": "POST",
                "path": "/register",
                "remote": {"json": "$.ref"},
                "json": {"ours": "{{ delivery.id }}", "to": "{{ recipient.address }}"},
            },
            {
                "name": "upload",
                "method": "PUT",
                "path": "/upload/{{ remote }}",
                "multipart": [
                    {"name": "subject", "text": "{{ message.subject }}"},
                    {
                        "name": "document",
                        "filename": "{{ item.name }}",
                        "media_type": "{{ item.media_type }}",
                        "raw": "{{ item }}",
                        "each": "{{ documents }}",
                    },
                ],
            },
        ],
    },
}
DRAFT: dict[str, Any] = {
    "version": 1,
    "title": "Draft, attach, send; one message for many",
    "send": {
        "idempotency": "none",
        "recipients": "many",
        "steps": [
            {
                "name": "draft",
                "effect": "draft",
                "method": "POST",
                "path": "/drafts",
                "remote": {"header": "location", "pattern": "/drafts/([^/]+)$"},
                "json": {
                    "ours": "{{ delivery.id }}",
                    "subject": "{{ message.subject }}",
                    "to": {"$each": "{{ recipients }}", "$as": "one", "$item": "{{ one.address }}"},
                },
            },
            {
                "name": "attach",
                "effect": "draft",
                "method": "POST",
                "each": "{{ documents }}",
                "path": "/drafts/{{ remote }}/attachments",
                "query": {"name": "{{ item.name }}"},
                "raw": "{{ item }}",
            },
            {"name": "send", "method": "POST", "path": "/drafts/{{ remote }}/send"},
        ],
        "per_recipient": {
            "step": "draft",
            "each": {"json": "$.recipients[*]", "many": True},
            "recipient": {"json": "$.to"},
            "answers": [
                {
                    "when": {"json": "$.code", "equals": "unknown"},
                    "class": "refused",
                    "code": {"json": "$.code"},
                }
            ],
        },
    },
}


@dataclass(slots=True)
class Message:
    """What the operator holds. `documents` are SHA-256."""

    id: str
    ours: str
    to: tuple[str, ...]
    subject: str | None = None
    documents: list[str] = field(default_factory=list)


class Service:
    """The operator. `awake` is cleared to make it silent; `requests` are method and path of what came.

    `script` holds what becomes of the next requests, the first of the next: an answer in place of its own;
    "cut" does what was asked and ends the connection, "drop" ends it before, "hang" never answers; None is
    its own answer.
    """

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self.port = free_port()
        self.awake = asyncio.Event()
        self.awake.set()
        self._never = asyncio.Event()
        self.messages: list[Message] = []
        self.drafts: dict[str, Message] = {}
        self.requests: list[tuple[str, str]] = []
        self.chunks: list[bytes] = []
        self.tokens = 0
        self.shown: list[str | None] = []
        self.script: list[web.Response | str | None] = []

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"https://{HOST}:{self.port}"

    async def open(self) -> None:
        """Listen, on the same port as before."""
        app = web.Application(client_max_size=64 << 20, middlewares=[self._before])
        app.add_routes(
            [
                web.post("/messages", self._post),
                web.get("/messages/{ours}", self._find),
                web.post("/register", self._register),
                web.put("/upload/{id}", self._upload),
                web.post("/drafts", self._draft),
                web.post("/drafts/{id}/attachments", self._attach),
                web.post("/drafts/{id}/send", self._send),
                web.get("/", self._hello),
                web.post("/token", self._token),
                web.route("*", "/chunked{rest:.*}", self._chunk),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        self._never = asyncio.Event()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._tls.server())
        await site.start()

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        self._never.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _before(self, request: web.Request, handler: Any) -> web.StreamResponse:
        await self.awake.wait()
        self.requests.append((request.method, request.raw_path))
        self.shown.append(request.headers.get("Authorization"))
        said = self.script.pop(0) if self.script else None
        if isinstance(said, web.Response):
            await request.read()
            return said
        if said == "hang":
            await request.read()
            await self._never.wait()
        answer: web.StreamResponse = web.Response() if said == "drop" else await handler(request)
        if said is not None and request.transport is not None:
            request.transport.abort()
        return answer

    async def _chunk(self, request: web.Request) -> web.Response:
        number, count = request.headers["X-Chunk"].split(":")
        data = await request.read()
        self.chunks.append(data)
        if number == count:
            return self._kept("", (request.headers["X-To"],), "", [_digest(b"".join(self.chunks))])
        return web.json_response({"id": "C1"}, status=202)

    async def _token(self, request: web.Request) -> web.Response:
        await request.read()
        self.tokens += 1
        return web.json_response({"access_token": f"token-{self.tokens}", "token_type": "Bearer"})

    async def _hello(self, _request: web.Request) -> web.Response:
        return web.Response()

    async def _post(self, request: web.Request) -> web.Response:
        said = await request.json()
        if said["to"].startswith("unknown@"):
            return _no_such_mailbox()
        digests = [_digest(base64.b64decode(one["data"], validate=True)) for one in said["documents"]]
        return self._kept(said["ours"], (said["to"],), said["subject"], digests)

    async def _find(self, request: web.Request) -> web.Response:
        for one in self.messages:
            if one.ours == request.match_info["ours"]:
                return web.json_response({"id": one.id})
        return web.Response(status=404)

    async def _register(self, request: web.Request) -> web.Response:
        said = await request.json()
        if any(one.ours == said["ours"] for one in (*self.drafts.values(), *self.messages)):
            return web.Response(status=409)
        if said["to"].startswith("unknown@"):
            return _no_such_mailbox()
        return web.json_response({"ref": self._drafted(said["ours"], (said["to"],), None)})

    async def _upload(self, request: web.Request) -> web.Response:
        draft, documents, subject = self.drafts.get(request.match_info["id"]), [], None
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "subject":
                subject = await part.text()
            else:
                documents.append(_digest(bytes(await part.read())))
        if draft is None:
            return web.Response(status=404)
        draft.subject, draft.documents = subject, documents
        self.messages.append(self.drafts.pop(draft.id))
        return web.Response(status=202)

    async def _draft(self, request: web.Request) -> web.Response:
        said = await request.json()
        id_ = self._drafted(said["ours"], tuple(said["to"]), said["subject"])
        told = [{"to": one, "code": "unknown" if one.startswith("unknown@") else "ok"} for one in said["to"]]
        return web.json_response(
            {"recipients": told}, status=201, headers={"Location": f"{self.url}/drafts/{id_}"}
        )

    async def _attach(self, request: web.Request) -> web.Response:
        draft, data = self.drafts.get(request.match_info["id"]), await request.read()
        if draft is None or "name" not in request.query:
            return web.Response(status=404)
        draft.documents.append(_digest(data))
        return web.Response(status=204)

    async def _send(self, request: web.Request) -> web.Response:
        draft = self.drafts.pop(request.match_info["id"], None)
        if draft is None:
            return web.Response(status=404)
        self.messages.append(draft)
        return web.Response(status=202)

    def _drafted(self, ours: str, to: tuple[str, ...], subject: str | None) -> str:
        id_ = f"R{len(self.drafts) + len(self.messages) + 1}"
        self.drafts[id_] = Message(id_, ours, to, subject)
        return id_

    def _kept(self, ours: str, to: tuple[str, ...], subject: str, documents: list[str]) -> web.Response:
        one = Message(f"M{len(self.messages) + 1}", ours, to, subject, documents)
        self.messages.append(one)
        return web.json_response({"id": one.id}, status=201)


class HttpRig(Rig):
    """Our connector and the operator."""

    sender = Address.parse("labo@hautmont.mssante.example")
    good = tuple(entry(f"dr.{name}@valbrume.mssante.example") for name in ("a", "b", "c"))
    unknown = entry("unknown@valbrume.mssante.example")

    def __init__(self, service: Service, operator: Operator, papers: Papers) -> None:
        self.papers = papers
        self.service = service
        self.operator = operator
        self.connector = connector.of(operator, _fetch)

    async def seen(self) -> Sequence[Seen]:
        """Look into the mailboxes."""
        return [
            Seen(recipient=Address.parse(to), digests=frozenset(one.documents), subject=one.subject)
            for one in self.service.messages
            for to in one.to
        ]

    async def stall(self) -> None:
        """Answer nothing."""
        self.service.awake.clear()

    async def resume(self) -> None:
        """Answer again."""
        self.service.awake.set()

    async def shut(self) -> None:
        """Go away."""
        await self.service.close()

    async def reopen(self) -> None:
        """Come back."""
        await self.service.open()

    @property
    def log(self) -> RecordingLog:
        """What the connector told the log."""
        log = self.operator.host.log
        assert isinstance(log, RecordingLog)
        return log

    @property
    def clock(self) -> FixedClock:
        """The hub's clock."""
        clock = self.operator.host.clock
        assert isinstance(clock, FixedClock)
        return clock


def described(source: dict[str, Any], **changes: Any) -> Description:
    """Return a description; `changes` are merged into it, tables into tables."""
    return Description.model_validate(_merged(source, changes))


def _merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: _merged(one.get(key), other[key]) if key in other else one[key] for key in {**one, **other}
        }
    return other


def host_of(folder: Path, ledger: EphemeralLedger | None = None) -> Host:
    """Lend a hub."""
    return Host(
        name="valbrume",
        hub_name="hub.hautmont.example",
        address=Address.parse("hub@hautmont.mssante.example"),
        clock=FixedClock(),
        chance=FixedChance(),
        log=RecordingLog(),
        data=folder,
        ledger=ledger or EphemeralLedger(),
    )


@asynccontextmanager
async def rig_of(
    folder: Path,
    description: Description,
    *,
    ledger: EphemeralLedger | None = None,
    anchored: Sequence[Papers] = (),
) -> AsyncIterator[HttpRig]:
    """Yield both ends. A parameter `here` is where the operator is; each secret is its own name."""
    papers = Papers(folder / "tls")
    service = Service(papers.issue())
    await service.open()
    try:
        settings = OperatorSettings(
            description=folder / "unused.toml",
            base_url=service.url,
            tls=TlsSettings(anchors=(papers.authority, *(one.authority for one in anchored))),
            networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
            parameters={"here": service.url} if "here" in description.parameters else {},
            secrets={name: _secret(folder / name) for name in description.secrets},
        )
        host = host_of(folder, ledger)
        async with open_operator(settings, host, description=description) as operator:
            yield HttpRig(service, operator, papers)
    finally:
        service.awake.set()
        await service.close()


def _secret(path: Path) -> Path:
    path.touch(mode=0o600)
    path.write_text(path.name)
    return path


async def _fetch(_operator: Operator, _intake: Any) -> None:
    await asyncio.Event().wait()


def _no_such_mailbox() -> web.Response:
    return web.json_response(
        {"title": "No such mailbox"}, status=422, content_type="application/problem+json"
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
