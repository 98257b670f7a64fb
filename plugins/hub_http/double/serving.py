"""Answers what is asked of a double: route, fault, proof, checks, deed, calls, in this order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from hub.errors import HubError
from hub.plugin.double.faults import EVERYWHERE
from hub_http.description.simulation import INCOMING, Route, Simulation
from hub_http.double import asking as reading
from hub_http.double import control, faults, spoiling
from hub_http.double.acting import Acted, Acts
from hub_http.double.asking import Asking, TooLargeError
from hub_http.double.calls import Calls
from hub_http.double.faults import CONNECTIONS, UNDONE, Fault, Plan
from hub_http.double.listening import Port
from hub_http.double.paths import fitting
from hub_http.double.proofs import Proofs
from hub_http.double.replying import Said, said
from hub_http.double.store import Held, Store
from hub_http.mapping import picking

_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that came: what it was for, and what it got.

    `status` is None when it got no answer. `why` is the proof that did not hold, or what kept a description
    from answering.
    """

    method: str
    route: str | None
    status: int | None
    fault: str | None = None
    why: str | None = None


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything that answering needs. `lent` is what all templates see; `told` hears of each request."""

    simulation: Simulation
    proofs: Proofs
    plan: Plan
    port: Port
    now: Callable[[], datetime]
    lent: Mapping[str, Any] = field(repr=False)
    unknown: Collection[str] = ()
    calls: Calls | None = None
    told: Callable[[Seen], None] | None = None
    store: Store = field(default_factory=Store)
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=_KEPT))
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    server: web.Server | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.path.startswith(control.PATH):
            return await control.handle(self, request)
        try:
            asking = await reading.read(request)
        except (TooLargeError, ValueError) as error:
            status = 413 if isinstance(error, TooLargeError) else 400
            return self._done(request, None, Said(status=status), None, None)
        found = fitting(self.simulation.routes, asking.method, asking.path)
        if isinstance(found, int):
            return self._done(request, None, Said(status=found), None, None)
        route, path = found
        fault = self.plan.next(route.name)
        if fault is not None and fault.kind in UNDONE:
            return await self._spoilt(request, route, Said(status=200), fault, None)
        scope = asking.scope(self.lent, path, self.now())
        try:
            acted, why = self._act(route, asking, scope)
            if acted.message is not None and self.calls is not None:
                await self.calls.after(route.name, {**scope, "message": acted.message})
        except HubError as error:
            acted, why = Acted(said=_broken(error)), error.code
        return await self._spoilt(request, route, acted.said, fault, why)

    async def incoming(self, body: bytes, headers: Mapping[str, str]) -> Held:
        """Take a message that another user sends to the hub. Raises HubError when no call can tell of it."""
        asking = reading.asking("POST", control.INCOMING, "", headers, body)
        held = Acts(self.store, ()).received(self.simulation.routes, asking)
        if self.calls is not None:
            scope = asking.scope(self.lent, {}, self.now())
            await self.calls.after(INCOMING, {**scope, "message": held})
        return held

    def commit(self, fault: Fault) -> None:
        """Ask for a fault. Raises InputError (`double.fault`) when nothing here has the name of its route."""
        calls = (one.webhook for one in self.simulation.calls)
        known = dict.fromkeys((EVERYWHERE, *(one.name for one in self.simulation.routes), *calls))
        if fault.route not in known:
            raise faults.nowhere(fault.route, known)
        if fault.kind in CONNECTIONS and fault.route == EVERYWHERE:
            self._strike(fault, None)
        else:
            self.plan.add(fault)

    async def heal(self) -> None:
        """Commit no more faults."""
        self.plan.clear()
        await self.port.heal()

    def _act(self, route: Route, asking: Asking, scope: dict[str, Any]) -> tuple[Acted, str | None]:
        now = self.now()
        if route.auth and (missing := self.proofs.missing(asking, now)) is not None:
            return Acted(said=said(self.simulation.forbidden, scope)), missing
        for check in route.checks:
            if not picking.holds(check.when, asking.answered, scope):
                return Acted(said=said(check.otherwise, scope)), "checks"
        if route.does == "token":
            return Acted(said=self.proofs.token(asking, now)), None
        return Acts(self.store, self.unknown).do(route, asking, scope), None

    async def _spoilt(
        self, request: web.BaseRequest, route: Route, answer: Said, fault: Fault | None, why: str | None
    ) -> web.StreamResponse:
        if fault is None or fault.kind in CONNECTIONS:
            response = self._done(request, route, answer, fault, why)
            if fault is not None:
                response.force_close()
                self._strike(fault, request)
            return response
        made = spoiling.told_of(fault, answer)
        self._note(Seen(method=request.method, route=route.name, status=made, fault=fault.kind, why=why))
        return await spoiling.spoil(fault, request, answer, self.closing)

    def _strike(self, fault: Fault, request: web.BaseRequest | None) -> None:
        """Strike connections: those to come, and those that are open but not busy with this request."""
        if fault.kind == "refused":
            self.port.refuse(fault.times)
        else:
            self.port.fail(fault.times)
        for one in self.server.connections if self.server is not None else ():
            if request is None or one is not request.protocol:
                one.force_close()

    def _done(
        self,
        request: web.BaseRequest,
        route: Route | None,
        answer: Said,
        fault: Fault | None,
        why: str | None,
    ) -> web.Response:
        name, kind = (None if route is None else route.name), (None if fault is None else fault.kind)
        self._note(Seen(method=request.method, route=name, status=answer.status, fault=kind, why=why))
        return spoiling.plain(answer)

    def _note(self, seen: Seen) -> None:
        self.seen.append(seen)
        if self.told is not None:
            self.told(seen)


def _broken(error: HubError) -> Said:
    """Answer for a description of an answer that can't be filled in: its words hold no value."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return Said(status=500, headers=headers, body=error.words.en.encode())
