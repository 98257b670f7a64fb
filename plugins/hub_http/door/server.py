"""The door (`hub.ports.host.Receives`): listens over TLS, limits who comes in, lets calls inside finish."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from hub.errors import ConfigError, Words
from hub.plugin import listening, reasons
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub_http.door import faults, problem, tls
from hub_http.door.frame import HEADERS, Frame
from hub_http.door.settings import DoorSettings
from hub_http.door.webhook import Webhooks
from hub_http.sending.operator import Operators

PATH: Final = "/operators/{operator}/{webhook}"
"""Where a webhook is called."""
_BACKLOG: Final = 512


@asynccontextmanager
async def open_receiver(settings: DoorSettings, operators: Operators, host: Host) -> AsyncIterator[Door]:
    """Bind every address and yield the door; calls are taken while `receive` runs.

    Raises ConfigError when an address can't be bound or the TLS files can't be used.
    """
    door = Door(settings, operators, host, tls.context_of(settings))
    try:
        yield door
    finally:
        door.unbind()


class Door:
    """One `[receivers.<name>]`. `addresses` are those it is bound to, in the configured order."""

    def __init__(
        self, settings: DoorSettings, operators: Operators, host: Host, context: ssl.SSLContext
    ) -> None:
        self._settings = settings
        self._operators = operators
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
        self._warn()
        app = web.Application(middlewares=[Frame(self._host).middleware()])
        app.router.add_post(
            PATH,
            Webhooks(self._settings, self._operators, self._host, intake).post,
            expect_handler=_expected,
        )
        runner = web.AppRunner(app, shutdown_timeout=self._settings.drain.total_seconds())
        await runner.setup()
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

        servers = []
        try:
            for one in self._sockets:
                server = await loop.create_server(
                    connect,
                    sock=one,
                    ssl=self._context,
                    ssl_handshake_timeout=self._settings.handshake_timeout.total_seconds(),
                    backlog=_BACKLOG,
                )
                servers.append(server)
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

    def _warn(self) -> None:
        """Say what can't be meant: a door that nobody may use, or proofs that nobody can give."""
        webhooks = [(one.name, hook) for one in self._operators for hook in one.description.webhooks.values()]
        if not webhooks:
            self._host.log.warning("door.no_webhooks", receiver=self._host.name)
        if self._settings.anchors:
            return
        for name in dict.fromkeys(name for name, hook in webhooks if hook.verify.client_certificate):
            self._host.log.warning("door.no_anchors", receiver=self._host.name, operator=name)

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
        error = (
            faults.malformed("This is not a request of HTTP/1.1.", "Ceci n'est pas une requête HTTP/1.1.")
            if status < 500  # noqa: PLR2004 - the caller's fault or ours
            else faults.unexpected("-")
        )
        response = problem.answer(error, "en")
        response.headers.update(HEADERS)
        response.force_close()
        return response
