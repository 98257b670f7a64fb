"""The API's door: the routes table, and listening until closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Final

from aiohttp import web

from hub.adapters.http import faults, problem, tls
from hub.adapters.http.asking import Places
from hub.adapters.http.clients import Clients, NamesOf
from hub.adapters.http.directory import Listings
from hub.adapters.http.frame import HEADERS, Frame
from hub.adapters.http.health import Health
from hub.adapters.http.prescription_access import Access
from hub.adapters.http.prescription_papers import Papers
from hub.adapters.http.prescriptions import PrescriptionDesk
from hub.adapters.http.reports import Reports
from hub.adapters.http.settings import ApiSettings
from hub.adapters.http.submissions import Submissions
from hub.errors import ConfigError, Words
from hub.plugin.door.connection import Connection, let_handler_ask
from hub.plugin.door.problem import FAILED
from hub.ports.clock import Chance, Clock
from hub.ports.host import Log
from hub.ports.intake import Intake
from hub.ports.prescribing import CodeForm, Prescriptions
from hub.ports.records import Records

GRACE: Final = 20.0
"""Seconds that requests in flight have to end when the API closes."""
HANDSHAKE: Final = 10.0
"""Seconds for a TLS handshake."""
_BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API that listens. `url` is where, with the port that the machine chose for port 0."""

    url: str


@asynccontextmanager
async def open_api(
    settings: ApiSettings,
    *,
    intake: Intake,
    records: Records,
    names_of: NamesOf,
    log: Log,
    clock: Clock,
    chance: Chance,
    prescriptions: Prescriptions | None = None,
) -> AsyncIterator[Api]:
    """Serve the API until the context ends; then take nothing new and finish what was begun.

    `names_of` gives the names that a client certificate speaks for. Without `prescriptions` their paths
    are as unknown as any. Raises ConfigError when the address or the certificate can't be used.
    """
    context = tls.context_of(settings)
    clients = Clients(settings.clients, names_of)
    app = web.Application(middlewares=[Frame(log, clock, chance).middleware()])
    places = Places(settings.limits.concurrency)
    _add_routes(
        app,
        Submissions(intake, clients, settings.limits, places),
        Reports(records, clients),
        Listings(intake, clients, settings.limits),
        Health(records, log),
    )
    if prescriptions is not None:
        access = Access(prescriptions, clients, settings.limits, places)
        app.on_shutdown.append(access.close)
        _add_prescriptions(app, PrescriptionDesk(access, intake), Papers(access))
    runner = web.AppRunner(app, shutdown_timeout=GRACE)
    await runner.setup()
    manager = runner.server
    assert manager is not None  # noqa: S101 - set up just now
    loop = asyncio.get_running_loop()

    def connect() -> Connection:
        """Make what speaks HTTP on one connection."""
        return Connection(manager, _unread, idle=settings.limits.idle)

    try:
        try:
            listener = await loop.create_server(
                connect,
                settings.listen.host,
                settings.listen.port,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE if context else None,
                backlog=_BACKLOG,
            )
        except OSError as error:
            raise _not_listening(settings) from error
        port = listener.sockets[0].getsockname()[1]
        host = f"[{settings.listen.host}]" if ":" in settings.listen.host else settings.listen.host
        log.info("http.listening", port=port, tls=context is not None)
        try:
            yield Api(url=f"{'https' if context else 'http'}://{host}:{port}")
        finally:
            listener.close()
    finally:
        await runner.cleanup()


def _add_routes(
    app: web.Application, submissions: Submissions, reports: Reports, listings: Listings, health: Health
) -> None:
    document = resources.files(__package__).joinpath("openapi.json").read_bytes()

    async def openapi(_request: web.Request) -> web.Response:
        """Answer with the description."""
        return web.Response(body=document, content_type="application/json")

    app.router.add_post("/v1/messages", submissions.post, expect_handler=let_handler_ask)
    for path, handler in (
        ("/v1/messages/{id}", reports.message),
        ("/v1/messages/{id}/envelope", reports.envelope),
        ("/v1/directory", listings.search),
        ("/v1/directory/{address}", listings.entry),
        ("/v1/openapi.json", openapi),
        ("/healthz", health.alive),
        ("/readyz", health.ready),
    ):
        app.router.add_get(path, handler, expect_handler=let_handler_ask)


def _add_prescriptions(app: web.Application, desk: PrescriptionDesk, papers: Papers) -> None:
    one = "/v1/prescriptions/{id}"
    for method, path, handler in (
        ("POST", "/v1/prescriptions", desk.post),
        ("GET", one, desk.get),
        ("DELETE", one, desk.delete),
        ("POST", f"{one}/hand-over", desk.hand_over),
        ("GET", f"{one}/to-sign", papers.to_sign),
        ("PUT", f"{one}/signed", papers.put_signed),
        ("GET", f"{one}/signed", papers.signed),
        ("GET", f"{one}/code.png", papers.code(CodeForm.PNG)),
        ("GET", f"{one}/code.svg", papers.code(CodeForm.SVG)),
        ("GET", f"{one}/print.pdf", papers.printed),
    ):
        if method == "GET":
            app.router.add_get(path, handler, expect_handler=let_handler_ask)
        else:
            app.router.add_route(method, path, handler, expect_handler=let_handler_ask)


def _unread(status: int) -> web.Response:
    """Answer what could not even be parsed, in our own words, which quote nothing of it."""
    error = (
        faults.malformed("This is not a request of HTTP/1.1.", "Ceci n'est pas une requête HTTP/1.1.")
        if status < FAILED
        else faults.unexpected("-")
    )
    response = problem.answer(error, "en")
    response.headers.update(HEADERS)
    return response


def _not_listening(settings: ApiSettings) -> ConfigError:
    where = f"{settings.listen.host}:{settings.listen.port}"
    return ConfigError(
        "http.listen",
        Words(
            en=f"api.listen: {where} can't be listened on; is it this machine's, and free?",
            fr=f"api.listen : impossible d'écouter sur {where} ; est-ce à cette machine, et libre ?",
        ),
    )
