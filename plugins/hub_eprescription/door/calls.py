"""One call of a service: proved, read, handed to its desk, answered.

`ping` says that something happened and not what; whatever it holds is thrown away. `events` brings a
document that says what. A call whose proof is a digest of it is taken once; other calls may come again,
since the desk knows events by their ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from aiohttp import web

from hub.plugin.crowd import Crowd
from hub.plugin.door.connection import certificate_of
from hub.plugin.door.faults import UnprovedError, busy
from hub.plugin.door.proofs import Forgeries
from hub.plugin.door.upload import Upload
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
        # Somebody who sends slowly and proves nothing must not keep everybody else out.
        self._running = Crowd(settings.concurrency, max(settings.concurrency * 3 // 4, 1))
        self._forgeries = Forgeries(host)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, or raise the HubError that says why not."""
        host = request.remote or ""
        if not self._running.enters(host):
            raise busy()
        try:
            return await self._proved(request)
        finally:
            self._running.leaves(host)

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
            except UnprovedError:
                await self._drain(request)
                raise
            limit = PING if what == "ping" else self._settings.max_call
            body = await self._upload(request).whole(limit, self._settings.call_timeout)
            await verifier.with_body(shown, body)
        except UnprovedError as error:
            self._forgeries.note(error, "-" if verifier is None else name)
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
        await self._upload(request).drain(self._settings.max_call, self._settings.call_timeout)

    def _upload(self, request: web.Request) -> Upload:
        return Upload(request, self._settings.idle_timeout)


def _shown(request: web.Request) -> Shown:
    return Shown(
        authorization=request.headers.get("Authorization", ""),
        signatures=request.headers.getall(SIGNATURE, []),
        timestamp=request.headers.get(TIMESTAMP, ""),
        certificate=certificate_of(request),
    )


def _key(operator: str, timestamp: str, body: bytes) -> str:
    digest = hashlib.sha256(f"{operator}\x1f{timestamp}\x1f".encode())
    digest.update(body)
    return f"call:{digest.hexdigest()}"


def _taken(count: int) -> web.Response:
    return web.Response(body=json.dumps({"taken": count}).encode(), content_type="application/json")
