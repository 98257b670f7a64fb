"""Serves a simulation over HTTPS: route, fault, token, deed, in this order."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from hub.errors import ConfigError, Words
from hub.plugin import listening, reasons
from hub.plugin.double import papers
from hub.plugin.listening import Endpoint
from hub_eprescription.simulator import asking as reading
from hub_eprescription.simulator import control, fhir, routes, spoiling, subscribing
from hub_eprescription.simulator.asking import Asking
from hub_eprescription.simulator.faults import UNDONE
from hub_eprescription.simulator.fhir import Form
from hub_eprescription.simulator.outcomes import DeclinedError, Said
from hub_eprescription.simulator.parties import Access
from hub_eprescription.simulator.routes import NotAllowedError, Route
from hub_eprescription.simulator.simulation import Seen, Simulation
from hub_eprescription.simulator.spine_names import BASE

ANYWHERE: Final = Endpoint("127.0.0.1", 0)
"""Loopback, at a port that the system chooses."""
_DRAIN: Final = 0.1
_HANDSHAKE: Final = 10.0


class Served:
    """A simulation that listens.

    `url` is the base URL of the E-Rezept service, `eps_url` that of EPS, `pings` where the WebSocket is.
    """

    def __init__(self, simulation: Simulation, url: str) -> None:
        self.simulation = simulation
        self.url = url
        self.eps_url = f"{url}{BASE}"
        self.pings = f"{url.replace('https:', 'wss:', 1)}{subscribing.PATH}"


@asynccontextmanager
async def serve(
    simulation: Simulation,
    listen: Endpoint = ANYWHERE,
    *,
    certificate: Path,
    key: Path,
    clients: Path | None = None,
    host: str = "localhost",
) -> AsyncIterator[Served]:
    """Yield a simulation that listens; `host` is its name in URLs, for which the certificate is.

    `clients` are authorities of certificates that callers must show. Raises ConfigError
    (`simulator.listen`) when the address is taken or a file is unusable.
    """
    try:
        context = papers.server(certificate, key, clients)
        held = listening.bound(listen.host, listen.port)
    except (OSError, ssl.SSLError) as error:
        raise _unable(listen, error) from error
    port: int = held.getsockname()[1]
    served = Served(simulation, f"https://{host}:{port}")
    simulation.gematik.base = served.url
    desk = _Desk(simulation)
    server = web.Server(desk.handle, handler_cancellation=True, access_log=None)
    listener = await asyncio.get_running_loop().create_server(
        server, sock=held, ssl=context, ssl_handshake_timeout=_HANDSHAKE
    )
    try:
        yield served
    finally:
        desk.closing.set()
        listener.close()
        await server.shutdown(_DRAIN)


class _Desk:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.closing = asyncio.Event()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(control.PATH):
            return await control.handle(self._simulation, request)
        if request.path == subscribing.PATH:
            return await self._simulation.subscriptions.serve(request, self.closing)
        try:
            asking = await reading.read(request)
        except reading.TooLargeError:
            return self._done(request, None, Said(status=413))
        access = self._simulation.accesses.of(asking.headers.get("authorization"))
        form = _form(asking, access)
        try:
            route, found = routes.fitting(self._simulation.routes, asking)
        except DeclinedError as error:
            return self._done(request, None, _refused(error, form))
        fault = self._simulation.plan.next(route.name)
        if fault is not None and fault.kind in UNDONE:
            said = Said(status=200)
        else:
            said = await self._do(route, found, asking, access, form)
        if fault is None:
            return self._done(request, route, said)
        status = spoiling.heard(fault, said, form)
        self._simulation.note(Seen(method=request.method, route=route.name, status=status, fault=fault.kind))
        return await spoiling.spoil(fault, request, said, form, self.closing)

    async def _do(self, route: Route, found: str, asking: Asking, access: Access | None, form: Form) -> Said:
        if access is None:
            return Said(status=401, headers={"WWW-Authenticate": 'Bearer realm="simulator"'})
        try:
            form = asking.form(access)
            answer = await route.does(asking, access, found)
        except DeclinedError as error:
            return _refused(error, form)
        if answer.resource is None:
            return Said(status=answer.status, headers=dict(answer.headers))
        return Said(
            status=answer.status,
            headers={"Content-Type": f"{form.value}; charset=utf-8", **answer.headers},
            body=fhir.write(answer.resource, form),
        )

    def _done(self, request: web.BaseRequest, route: Route | None, said: Said) -> web.Response:
        name = None if route is None else route.name
        self._simulation.note(Seen(method=request.method, route=name, status=said.status))
        return spoiling.plain(said)


def _form(asking: Asking, access: Access | None) -> Form:
    try:
        return asking.form(access)
    except DeclinedError:
        return Form.XML


def _refused(error: DeclinedError, form: Form) -> Said:
    headers = {"Content-Type": f"{form.value}; charset=utf-8"}
    if isinstance(error, NotAllowedError):
        headers["Allow"] = error.allowed
    return Said(status=error.status, headers=headers, body=fhir.write(error.outcome, form))


def _unable(listen: Endpoint, error: OSError) -> ConfigError:
    why = reasons.tls(error) if isinstance(error, ssl.SSLError) else reasons.why(error)
    return ConfigError(
        "simulator.listen",
        Words(
            en=f"The simulator can't listen on {listen}, or its certificate or key can't be used: {why.en}.",
            fr=f"Le simulateur ne peut pas écouter sur {listen}, ou son certificat ou sa clé sont "
            f"inutilisables : {why.fr}.",
        ),
    )
