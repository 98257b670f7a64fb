"""The service's pings: a Subscription, then a WebSocket on which it says that there is something new.

    → bind: <subscription>          ← bound: <subscription>          ← ping: <subscription> …

A ping has no content: it only has the hub look at once instead of at the next poll. A connection that is lost
is made again after 5 to 60 seconds, drawn by lot, so that not all clients come at once
(docs/erp_notification_avs.adoc).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from hub.errors import HubError, PeerError, Words
from hub.ports.host import Host
from hub_eprescription.gematik import fhir
from hub_eprescription.gematik.asking import Asking
from hub_eprescription.gematik.fhir import Node
from hub_eprescription.wire.session import Session

CRITERIA: Final = "MedicationDispense"
PAUSE: Final = (5.0, 60.0)
"""Seconds between two connections, at least and at most."""
_DAY: Final = 86_400.0
_FORBIDDEN: Final = 403


class Listening:
    """Listens to the pings of one service, at `url`."""

    def __init__(self, url: str, session: Session, asking: Asking, host: Host) -> None:
        self._url = url
        self._session = session
        self._asking = asking
        self._host = host

    async def run(self, look_now: Callable[[], None]) -> None:
        """Listen until cancelled, or until the service says that prescribers may not."""
        log, told = self._host.log, ""
        while True:
            try:
                if not await self._once(look_now):
                    log.info("prescription.untold", operator=self._host.name, part="Subscription")
                    return
                told = ""
            except HubError as error:
                # Polling goes on meanwhile; the same trouble is told once.
                if told != error.code:
                    log.warning("prescription.no_pings", operator=self._host.name, code=error.code)
                told = error.code
            least, most = PAUSE
            await asyncio.sleep(least + self._host.chance.fraction() * (most - least))

    async def _once(self, look_now: Callable[[], None]) -> bool:
        """Listen over one connection. Returns False when prescribers may not. Raises PeerError."""
        reply = await self._asking.ask("POST", "Subscription", body=fhir.subscribe(CRITERIA))
        if reply.status == _FORBIDDEN:
            return False
        node = reply.resource() if reply.judgement.good else None
        if node is None or node.kind != "Subscription":
            raise PeerError("prescription.service_failed", reply.words, status=reply.status)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._lasts(node)):
                await self._listen(node, look_now)
        return True

    async def _listen(self, subscription: Node, look_now: Callable[[], None]) -> None:
        name = subscription.text("id")
        given = (one.value or "" for one in subscription.all("channel", "header"))
        authorization = next((one for one in given if one.startswith("Authorization: ")), "")
        async with self._session.socket(self._url, authorization.removeprefix("Authorization: ")) as socket:
            await socket.say(f"bind: {name}")
            if await socket.hear() != f"bound: {name}":
                raise _unbound()
            # What happened while nobody listened is not pinged again.
            look_now()
            while (said := await socket.hear()) is not None:
                if said == f"ping: {name}":
                    look_now()

    def _lasts(self, subscription: Node) -> float:
        """Return for how many seconds a subscription holds."""
        try:
            end = datetime.fromisoformat(subscription.text("end"))
            left = (end - self._host.clock.now()).total_seconds()
        except (ValueError, TypeError):
            return _DAY
        return min(max(left, 0.0), _DAY)


def _unbound() -> PeerError:
    said = Words(
        en="The prescription service does not bind the hub to its pings.",
        fr="Le service de prescription ne lie pas le hub à ses signaux.",
    )
    return PeerError("prescription.service_failed", said)
