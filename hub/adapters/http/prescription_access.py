"""What the answers about prescriptions share: whose one is, how long a body and a client may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

from aiohttp import web

from hub.adapters.http import asking, faults, preferences
from hub.adapters.http.asking import Places
from hub.adapters.http.clients import Clients
from hub.adapters.http.frame import CLIENT
from hub.adapters.http.settings import ApiLimits
from hub.adapters.http.upload import Upload
from hub.domain.ids import EnvelopeId, OperatorName, check_uuid7
from hub.errors import MalformedError
from hub.ports.intake import Peer
from hub.ports.prescribing import Prescriptions, Progress

ROOM: Final = 256 << 10
"""Bytes of the JSON around a prescription, or of a signature around what it signs."""
USUAL_BYTES: Final = 1 << 20
"""What a prescription may weigh where no service says."""


class Access:
    """The way to a client's own prescriptions."""

    def __init__(
        self, prescriptions: Prescriptions, clients: Clients, limits: ApiLimits, places: Places
    ) -> None:
        self.prescriptions = prescriptions
        self.limits = limits
        self.places = places
        self._clients = clients
        self._waiting = Places(limits.concurrency)
        self._closing = asyncio.Event()

    async def close(self, _app: web.Application) -> None:
        """Let nobody wait any longer: the API closes."""
        self._closing.set()

    def most_bytes(self, name: OperatorName | None) -> int:
        """Return what a service takes; of one that is not known, or not named: the most that any takes."""
        services = self.prescriptions.services()
        if name is not None and name in services:
            return services[name].max_bytes
        return max((one.max_bytes for one in services.values()), default=USUAL_BYTES)

    async def body(self, request: web.Request, limit: int) -> bytes:
        """Read a body of at most `limit` bytes, within its time."""
        asking.check_encoding(request)
        asking.check_expectation(request)
        upload = Upload(request, min(limit, self.limits.body))
        with self.places.one():
            return await asking.in_time(request, self.limits.upload, lambda: upload.whole(limit))

    async def waited(self, request: web.Request, peer: Peer, prescription: EnvelopeId) -> Progress:
        """Give it the time that the client has; who finds no place to wait is told how it stands now."""
        seconds = preferences.wait_of(request.headers.getall("Prefer", []))
        if seconds and self._waiting.free:
            with self._waiting.one():
                await self._either(self.prescriptions.wait(peer, prescription, seconds))
        return await self.prescriptions.standing(peer, prescription)

    async def _either(self, waiting: Awaitable[None]) -> None:
        """Wait for its end, or for the API to close."""
        tasks = (asyncio.ensure_future(waiting), asyncio.ensure_future(self._closing.wait()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                await tasks[0]
        finally:
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def peer(self, request: web.Request) -> Peer:
        """Return who asks. Raises TrustError."""
        peer = self._clients.asking(request)
        request[CLIENT] = peer.name
        return peer

    def asked(self, request: web.Request) -> tuple[Peer, EnvelopeId]:
        """Return who asks, and for which prescription. Raises TrustError, InputError `http.not_found`."""
        peer = self.peer(request)
        try:
            return peer, EnvelopeId(check_uuid7(request.match_info["id"]))
        except MalformedError:
            raise faults.not_found() from None


def choice(request: web.Request, name: str, choices: tuple[str, ...]) -> str | None:
    """Return the one parameter of a query; None when it is not there. Raises MalformedError `http.query`."""
    if set(request.query) - {name}:
        raise faults.query(f"Known is {name}, nothing else.", f"Seul {name} est connu.")
    given = request.query.getall(name, [])
    if not given:
        return None
    if len(given) > 1 or given[0] not in choices:
        listed = ", ".join(choices)
        raise faults.query(f"{name} is one of {listed}.", f"{name} est l'un de {listed}.")
    return given[0]
