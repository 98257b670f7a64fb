"""Pings without content (`/Subscription`, then a WebSocket): there is something new, look for yourself.

The service knows `Communication?received=null&recipient=<telematik id>`. Beside it the double knows
`MedicationDispense`, with which a prescriber hears that something they have issued was dispensed.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.asking import Answer, Asking
from hub_eprescription.simulator.outcomes import forbidden, invalid
from hub_eprescription.simulator.parties import Access
from hub_eprescription.simulator.tasks import Held, moment

if TYPE_CHECKING:
    from aiohttp import web

PATH: Final = "/subscription"
"""Where the WebSocket is."""
_LASTS: Final = timedelta(hours=12)
_DISPENSES: Final = "MedicationDispense"


@dataclass(slots=True, kw_only=True)
class Subscription:
    """One subscription, for whom and what. `waiting` are those who are bound to it now."""

    id: str
    token: str = field(repr=False)
    recipient: str
    kind: str
    ends_at: datetime
    waiting: set[asyncio.Queue[str]] = field(default_factory=set, repr=False)


@dataclass(slots=True, kw_only=True)
class Subscriptions:
    """All subscriptions, in memory."""

    now: Callable[[], datetime]
    _held: dict[str, Subscription] = field(default_factory=dict)

    def subscribe(self, asking: Asking, access: Access) -> Answer:
        """`POST /Subscription`."""
        body = asking.resource()
        kind, _, query = fhir.text(body, "criteria").partition("?")
        if body["resourceType"] != "Subscription" or kind not in {"Communication", _DISPENSES}:
            raise invalid("Subscription.criteria is not Communication?received=null&recipient=<id>")
        recipient = parse_qs(query).get("recipient", [access.identifier])[0]
        if recipient != access.identifier:
            raise forbidden("Subscription.criteria is for somebody else")
        made = Subscription(
            id=secrets.token_hex(16),
            token=secrets.token_urlsafe(32),
            recipient=recipient,
            kind=kind,
            ends_at=self.now() + _LASTS,
        )
        self._held[made.id] = made
        return Answer(
            resource={
                "resourceType": "Subscription",
                "id": made.id,
                "status": "active",
                "end": moment(made.ends_at),
                "reason": "communication notifications",
                "criteria": fhir.text(body, "criteria"),
                "channel": {"type": "websocket", "header": [f"Authorization: Bearer {made.token}"]},
            }
        )

    def arrived(self, recipient: str) -> None:
        """Ping who waits for messages."""
        self._ping(recipient, "Communication")

    def changed(self, held: Held) -> None:
        """Ping the prescriber of a prescription of which something was dispensed."""
        if held.dispensed:
            self._ping(held.prescriber, _DISPENSES)

    def _ping(self, recipient: str, kind: str) -> None:
        for one in self._held.values():
            if one.recipient == recipient and one.kind == kind and self.now() < one.ends_at:
                for queue in one.waiting:
                    queue.put_nowait(f"ping: {one.id}")

    async def serve(self, request: web.BaseRequest, closing: asyncio.Event) -> web.StreamResponse:
        """Answer `bind: <id>` with `bound: <id>`, then ping until either side hangs up."""
        from aiohttp import WSMsgType, web  # noqa: PLC0415 - heavy

        socket = web.WebSocketResponse(heartbeat=30)
        if not socket.can_prepare(request):
            return web.Response(status=426, headers={"Upgrade": "websocket"})
        given = request.headers.get("Authorization", "").partition(" ")[2]
        known = [one for one in self._held.values() if compare_digest(one.token.encode(), given.encode())]
        if not known:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="simulator"'})
        await socket.prepare(request)
        queue: asyncio.Queue[str] = asyncio.Queue()
        bound: list[Subscription] = []
        sending = asyncio.create_task(_send(socket, queue))
        ending = asyncio.create_task(_close(socket, closing))
        try:
            async for said in socket:
                word, _, name = (said.data if said.type is WSMsgType.TEXT else "").partition(": ")
                if word != "bind" or name != known[0].id:
                    break
                known[0].waiting.add(queue)
                bound.append(known[0])
                queue.put_nowait(f"bound: {name}")
        finally:
            for one in bound:
                one.waiting.discard(queue)
            for task in (sending, ending):
                task.cancel()
            await asyncio.gather(sending, ending, return_exceptions=True)
            with contextlib.suppress(ConnectionError):
                await socket.close()
        return socket


async def _send(socket: web.WebSocketResponse, queue: asyncio.Queue[str]) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await socket.send_str(await queue.get())


async def _close(socket: web.WebSocketResponse, closing: asyncio.Event) -> None:
    await closing.wait()
    await socket.close()
