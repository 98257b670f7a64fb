"""The door (`hub.ports.host.Receives`): listens over TLS, limits who comes in, lets calls inside finish."""

from __future__ import annotations

import asyncio
import socket
import ssl
import stat
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from hub.errors import ConfigError, HubError, Words
from hub.plugin import contexts, listening, reasons
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub_eprescription.door import faults, frame, problem, proofs
from hub_eprescription.door.calls import Calls
from hub_eprescription.door.desk import Desks
from hub_eprescription.door.proofs import Verifier
from hub_eprescription.door.settings import DoorSettings

PATH: Final = "/operators/{operator}/{what:ping|events}"
"""Where a service calls."""
_TLS: Final = "door.tls"
_BACKLOG: Final = 256


@asynccontextmanager
async def open_receiver(settings: DoorSettings, desks: Desks, host: Host) -> AsyncIterator[Door]:
    """Bind every address and yield the door; calls are taken while `receive` runs.

    Raises ConfigError when an address can't be bound, or the TLS files or a secret can't be used.
    """
    async with proofs.open_verifiers(settings, host) as verifiers:
        door = Door(settings, verifiers, desks, host, _context(settings))
        try:
            yield door
        finally:
            door.unbind()


class Door:
    """One `[receivers.<name>]`. `addresses` are those it is bound to, in the configured order."""

    def __init__(
        self,
        settings: DoorSettings,
        verifiers: Mapping[str, Verifier],
        desks: Desks,
        host: Host,
        context: ssl.SSLContext,
    ) -> None:
        self._settings = settings
        self._verifiers = verifiers
        self._desks = desks
        self._host = host
        self._context = context
        self._sockets: list[socket.socket] = []
        self._connections: Counter[str] = Counter()
        self._bind()

    @property
    def addresses(self) -> tuple[Endpoint, ...]:
        """Where it can be reached."""
        return tuple(Endpoint(*one.getsockname()[:2]) for one in self._sockets)

    async def receive(self, intake: Intake) -> None:
        """Serve until cancelled; then take nothing new, and let calls that have begun finish."""
        if not self._sockets:
            self._bind()
        for name in self._verifiers:
            if self._desks.named(name) is None:
                self._host.log.warning("door.no_service", receiver=self._host.name, operator=name)
        calls = Calls(self._settings, self._verifiers, self._desks, self._host, intake)
        app = web.Application(middlewares=[frame.middleware(self._host)])
        app.router.add_post(PATH, calls.post, expect_handler=_expected)
        runner = web.AppRunner(app, shutdown_timeout=self._settings.drain.total_seconds())
        await runner.setup()
        servers: list[asyncio.Server] = []
        try:
            servers += [await self._listen(runner, one) for one in self._sockets]
            for endpoint in self.addresses:
                self._host.log.info("door.listening", receiver=self._host.name, port=endpoint.port)
            await asyncio.Event().wait()
        finally:
            for server in servers:
                server.close()
            self._sockets.clear()
            await runner.cleanup()

    def unbind(self) -> None:
        """Let go of the addresses."""
        for one in self._sockets:
            one.close()
        self._sockets.clear()

    def enters(self, host: str) -> bool:
        """Count one connection more; False when there are too many."""
        if (
            self._connections.total() >= self._settings.max_connections
            or self._connections[host] >= self._settings.max_connections_per_host
        ):
            self._host.log.warning("door.too_many_connections", receiver=self._host.name)
            return False
        self._connections[host] += 1
        return True

    def leaves(self, host: str) -> None:
        """Count one connection less."""
        self._connections[host] -= 1
        if not self._connections[host]:
            del self._connections[host]

    async def _listen(self, runner: web.AppRunner, one: socket.socket) -> asyncio.Server:
        manager = runner.server
        assert manager is not None  # noqa: S101 - set up just now
        loop = asyncio.get_running_loop()

        def connect() -> _Connection:
            """Make what speaks HTTP on one connection."""
            return _Connection(
                self,
                manager,
                loop=loop,
                keepalive_timeout=self._settings.idle_timeout.total_seconds(),
                access_log=None,
                auto_decompress=False,
                lingering_time=2.0,
            )

        return await loop.create_server(
            connect,
            sock=one,
            ssl=self._context,
            ssl_handshake_timeout=self._settings.handshake_timeout.total_seconds(),
            backlog=_BACKLOG,
        )

    def _bind(self) -> None:
        for endpoint in self._settings.listen:
            try:
                self._sockets.append(listening.bound(endpoint.host, endpoint.port))
            except OSError as error:
                self.unbind()
                why = reasons.why(error)
                raise ConfigError(
                    "door.listen",
                    Words(
                        en=f"Receiver {self._host.name} can't listen on {endpoint}: {why.en}.",
                        fr=f"Le récepteur {self._host.name} ne peut pas écouter sur {endpoint} : {why.fr}.",
                    ),
                    address=str(endpoint),
                ) from error


def _context(settings: DoorSettings) -> ssl.SSLContext:
    """Make the context to listen with: who shows a certificate shows one that leads to `anchors`."""
    context = contexts.server()
    context.set_alpn_protocols(["http/1.1"])
    _check_mode(settings.key)
    contexts.fill(
        context,
        _TLS,
        certificate=settings.certificate,
        key=settings.key,
        anchors=settings.anchors,
        crls=settings.crls,
    )
    if settings.anchors:
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _check_mode(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise contexts.unusable(_TLS, (path,), error) from error
    if mode & stat.S_IRWXO:
        raise ConfigError(
            _TLS,
            Words(
                en=f"{path} can be read or changed by anybody (mode {mode:04o}); run: chmod o= {path}",
                fr=f"{path} est accessible à tous (mode {mode:04o}) ; lancez : chmod o= {path}",
            ),
            file=str(path),
        )


async def _expected(_request: web.Request) -> None:
    """Do nothing yet: `100 Continue` is said when the body is wanted, not before."""


class _Connection(web.RequestHandler):
    """A connection that is counted, and whose answer to what is not HTTP quotes nothing of it."""

    def __init__(self, door: Door, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type] # aiohttp's own, passed on
        self._door = door
        self._from: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come in, or be shut out."""
        peername = transport.get_extra_info("peername")
        host = str(peername[0]) if peername else ""
        super().connection_made(transport)
        if self._door.enters(host):
            self._from = host
        else:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Leave."""
        if self._from is not None:
            self._door.leaves(self._from)
            self._from = None
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not even be parsed."""
        del exc, message
        if request.writer.output_size > 0:
            raise ConnectionError("an answer had begun")
        ours = status >= problem.FAILED
        error: HubError = faults.unexpected("-") if ours else faults.malformed()
        response = problem.answer(error, "en")
        response.headers.update(frame.HEADERS)
        response.force_close()
        return response
