"""One call of a service: proved, read, handed to its desk, answered.

`ping` says that something happened and not what; whatever it holds is thrown away. `events` brings a
document that says what. A call whose proof is a digest of it is taken once; other calls may come again,
since the desk knows events by their ids.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

from aiohttp import web
from aiohttp.client_exceptions import ClientError
from aiohttp.http import HttpVersion11

from hub.errors import InputError
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub.ports.ledger import Line
from hub_eprescription.door import faults
from hub_eprescription.door.desk import Desk, Desks
from hub_eprescription.door.proofs import SIGNATURE, TIMESTAMP, Shown, Verifier
from hub_eprescription.door.settings import DoorSettings

KEPT: Final = timedelta(days=1)
"""How long a call is remembered at least."""
PING: Final = 64 << 10
"""Bytes of a ping that are borne."""
_ACCEPTED: Final = 202


class Calls:
    """Takes the calls of every service."""

    def __init__(
        self,
        settings: DoorSettings,
        verifiers: Mapping[str, Verifier],
        desks: Desks,
        host: Host,
        intake: Intake,
    ) -> None:
        self._settings = settings
        self._verifiers = verifiers
        self._desks = desks
        self._host = host
        self._intake = intake
        self._running: Counter[str] = Counter()
        self._forged: Counter[str] = Counter()

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, or raise the HubError that says why not."""
        host, most = request.remote or "", self._settings.concurrency
        # Somebody who sends slowly and proves nothing must not keep everybody else out.
        if self._running.total() >= most or self._running[host] >= max(most * 3 // 4, 1):
            raise faults.busy()
        self._running[host] += 1
        try:
            return await self._proved(request)
        finally:
            self._running[host] -= 1
            if not self._running[host]:
                del self._running[host]

    async def _proved(self, request: web.Request) -> web.StreamResponse:
        name, what = request.match_info["operator"], request.match_info["what"]
        verifier = self._verifiers.get(name)
        shown = _shown(request)
        try:
            if verifier is None:
                await self._drain(request)
                raise faults.unproved("nobody")
            try:
                await verifier.before_body(shown, self._intake)
            except faults.UnprovedError:
                await self._drain(request)
                raise
            body = await self._body(request, PING if what == "ping" else self._settings.max_call)
            await verifier.with_body(shown, body)
        except faults.UnprovedError as error:
            known = "-" if verifier is None else name
            self._forged[known] += 1
            self._host.log.warning(
                "door.unproved",
                receiver=self._host.name,
                operator=known,
                reason=error.fields["proof"],
                count=self._forged[known],
            )
            raise
        desk = self._desks.named(name)
        if desk is None:
            raise faults.closed()
        if what == "ping":
            desk.look_now()
            return web.Response(status=_ACCEPTED)
        return await self._take(request, verifier, desk, shown, body)

    async def _take(
        self, request: web.Request, verifier: Verifier, desk: Desk, shown: Shown, body: bytes
    ) -> web.StreamResponse:
        media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if "/" not in media_type or encoding != "identity":
            raise faults.media_type()
        key = None if not verifier.reads_body else _key(verifier.operator, shown.timestamp, body)
        if key is not None and await self._knows(key):
            return _taken(0)
        count = await desk.take(media_type, body)
        if key is not None:
            now = self._host.clock.now()
            # A call may be as early as it may be late.
            until = now + max(KEPT, verifier.proofs.tolerance * 2)
            await self._host.ledger.put(Line(key=key, value="", until=until))
        return _taken(count)

    async def _knows(self, key: str) -> bool:
        line = await self._host.ledger.get(key)
        return line is not None and line.until > self._host.clock.now()

    async def _drain(self, request: web.Request) -> None:
        """Read a call that proves nothing like any other, so that nobody learns which services there are."""
        with suppress(InputError):
            await self._body(request, self._settings.max_call, keep=False)

    async def _body(self, request: web.Request, limit: int, *, keep: bool = True) -> bytes:
        """Return the body. Raises LimitError, InputError `door.slow`, MalformedError `door.aborted`."""
        if (request.content_length or 0) > limit:
            raise faults.too_large(limit)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.call_timeout.total_seconds()
        idle = self._settings.idle_timeout.total_seconds()
        await _continue(request)
        found, left = bytearray(), limit
        while True:
            try:
                async with asyncio.timeout(max(min(idle, until - loop.time()), 0)):
                    piece = await request.content.readany()
            except TimeoutError:
                raise faults.slow() from None
            except (OSError, ClientError, web.RequestPayloadError) as error:
                raise faults.aborted() from error
            if not piece:
                return bytes(found)
            left -= len(piece)
            if left < 0:
                raise faults.too_large(limit)
            if keep:
                found += piece


def _shown(request: web.Request) -> Shown:
    secured = request.get_extra_info("ssl_object")
    return Shown(
        authorization=request.headers.get("Authorization", ""),
        signatures=request.headers.getall(SIGNATURE, []),
        timestamp=request.headers.get(TIMESTAMP, ""),
        certificate=None if secured is None else secured.getpeercert(binary_form=True),
    )


def _key(operator: str, timestamp: str, body: bytes) -> str:
    digest = hashlib.sha256(f"{operator}\x1f{timestamp}\x1f".encode())
    digest.update(body)
    return f"call:{digest.hexdigest()}"


def _taken(count: int) -> web.Response:
    return web.Response(body=json.dumps({"taken": count}).encode(), content_type="application/json")


async def _continue(request: web.Request) -> None:
    """Let a caller go on that asked before it sends its body (RFC 9110, 10.1.1)."""
    if request.version == HttpVersion11 and request.headers.get("Expect"):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
