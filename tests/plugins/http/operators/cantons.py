"""A two-phase operator in the manner of sedex, written from its public guide and knowing nothing of the hub.

A message is registered, then its payload is uploaded; receipts and messages lie in two lists until they are
deleted. It is strict: an id that it has seen is a double (201), and an unknown recipient bars the others
(313).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.servers import HOST, free_port

PARTICIPANT = "T1-HUB-1"
PASSWORD = "the participant's password"
OK, DOUBLE, UNKNOWN, OTHERS, TRANSMITTED = 100, 201, 301, 313, 100


@dataclass(slots=True)
class Message:
    """One message, registered; `payload` is what was uploaded."""

    id: str
    ours: str
    recipients: tuple[str, ...]
    payload: dict[str, Any] | None = field(default=None, repr=False)


class Cantons:
    """The operator. `known` are its users; `held` and `receipts` what lies in the hub's two lists."""

    def __init__(self, tls: ssl.SSLContext, *known: str) -> None:
        self.messages: dict[str, Message] = {}
        self.known = frozenset(known)
        self.held: dict[str, bytes] = {}
        self.receipts: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.lose: set[str] = set()
        self.awake = asyncio.Event()
        self.awake.set()
        self._tls = tls
        self._port = free_port()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"https://{HOST}:{self._port}/v1"

    @property
    def sent(self) -> list[Message]:
        """What was uploaded."""
        return [one for one in self.messages.values() if one.payload is not None]

    async def open(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=100 << 20, middlewares=[self._guard])
        app.add_routes(
            [
                web.post("/v1/send/messages/register", self._register),
                web.post("/v1/send/messages/{id}/payload", self._upload),
                web.get("/v1/send/receipts", self._list_receipts),
                web.delete("/v1/send/receipts/{id}", self._drop_receipt),
                web.get("/v1/receive/messages", self._list_messages),
                web.get("/v1/receive/messages/{id}/payload", self._download),
                web.delete("/v1/receive/messages/{id}", self._drop_message),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls).start()

    async def close(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        await self.awake.wait()
        proof = aiohttp.encode_basic_auth(PARTICIPANT, PASSWORD)
        if request.headers.get("Authorization") != proof:
            return web.Response(status=401)
        self.requests.append((request.method, request.path))
        response: web.StreamResponse = await handler(request)
        if request.path in self.lose or request.path.rpartition("/")[2] in self.lose:
            self.lose.clear()
            assert request.transport is not None
            request.transport.abort()
        return response

    async def _register(self, request: web.Request) -> web.Response:
        said = await request.json()
        ours, recipients = said["message-id"], tuple(said["recipients"])
        assert PARTICIPANT == said["sender-id"]
        if any(one.ours == ours and one.payload is not None for one in self.messages.values()):
            return _authorised(DOUBLE, "duplicate message id")
        unknown = [one for one in recipients if one not in self.known]
        if unknown:
            each = [{"recipient-id": one, "code": UNKNOWN, "info": "unknown recipient"} for one in unknown]
            return _authorised(OTHERS, "others are not allowed", recipients=each)
        message = Message(f"USM{len(self.messages):05}", ours, recipients)
        self.messages[message.id] = message
        return _authorised(OK, "allowed", unique=message.id)

    async def _upload(self, request: web.Request) -> web.Response:
        message = self.messages.get(request.match_info["id"])
        if message is None:
            return web.json_response({"error": "not registered"}, status=404)
        if message.payload is not None:
            return web.json_response({"error": "uploaded already"}, status=409)
        message.payload = json.loads(await request.read())
        for recipient in message.recipients:
            self.receipt(message, recipient, TRANSMITTED, "message correctly transmitted")
        return web.json_response({"state": "accepted"}, status=202)

    def receipt(self, message: Message, recipient: str, code: int, info: str) -> None:
        """Put a receipt into the hub's list."""
        id_ = f"R{len(self.receipts):05}"
        self.receipts[id_] = {
            "receipt-id": id_,
            "message-id": message.ours,
            "recipient-id": recipient,
            "code": code,
            "info": info,
        }

    async def _list_receipts(self, _request: web.Request) -> web.Response:
        return web.json_response({"receipt-list": list(self.receipts.values())})

    async def _drop_receipt(self, request: web.Request) -> web.Response:
        return web.Response(status=204 if self.receipts.pop(request.match_info["id"], None) else 404)

    async def _list_messages(self, _request: web.Request) -> web.Response:
        return web.json_response({"message-list": [{"unique-message-id": one} for one in self.held]})

    async def _download(self, request: web.Request) -> web.Response:
        held = self.held.get(request.match_info["id"])
        return web.Response(status=404) if held is None else web.Response(body=held, content_type=_JSON)

    async def _drop_message(self, request: web.Request) -> web.Response:
        return web.Response(status=204 if self.held.pop(request.match_info["id"], None) else 404)


_JSON = "application/json"


def _authorised(code: int, info: str, *, unique: str | None = None, recipients: Any = None) -> web.Response:
    said: dict[str, Any] = {"authorisation": {"code": code, "info": info}}
    if recipients:
        said["authorisation"]["recipients"] = recipients
    if unique is not None:
        said["unique-message-id"] = unique
    return web.json_response(said)


def payload(sender: str, recipients: tuple[str, ...], subject: str, document: bytes) -> bytes:
    """Write a message as another participant does."""
    said = {
        "sender": sender,
        "recipients": list(recipients),
        "subject": subject,
        "text": "Cher confrère,",
        "documents": [
            {
                "name": "bilan.pdf",
                "media-type": "application/pdf",
                "sha256": hashlib.sha256(document).hexdigest(),
                "data": base64.b64encode(document).decode(),
            }
        ],
    }
    return json.dumps(said).encode()


@asynccontextmanager
async def running(tls: ssl.SSLContext, *known: str) -> AsyncIterator[Cantons]:
    """Run the operator while the block lasts."""
    operator = Cantons(tls, *known)
    await operator.open()
    try:
        yield operator
    finally:
        operator.awake.set()
        await operator.close()
