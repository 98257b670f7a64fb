"""The SMTP door (`hub.ports.host.Receives`): listens, limits how many come in, lets those inside finish."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from hub.errors import ConfigError, Words
from hub.plugin import listening, reasons
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub_smtp import replies, tls
from hub_smtp.handshake import Desk
from hub_smtp.link import Link
from hub_smtp.session import Session
from hub_smtp.settings import ReceiverSettings
from hub_smtp.taking import Reader

_BACKLOG: Final = 512
_GOODBYE: Final = 5.0
"""Seconds for a client to take our last words."""


@asynccontextmanager
async def open_receiver(settings: ReceiverSettings, reader: Reader, host: Host) -> AsyncIterator[Receiver]:
    """Bind every address and yield the door; mail is taken while `receive` runs.

    Raises ConfigError when an address can't be bound or the TLS files can't be used.
    """
    receiver = Receiver(settings, reader, host, tls.server_context(settings.tls))
    try:
        yield receiver
    finally:
        receiver.unbind()


class Receiver:
    """One `[receivers.<name>]`. `addresses` are those it is bound to, in the configured order."""

    def __init__(
        self, settings: ReceiverSettings, reader: Reader, host: Host, context: ssl.SSLContext
    ) -> None:
        self._settings = settings
        self._reader = reader
        self._host = host
        self._context = context
        self._sockets: list[socket.socket] = []
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._hosts: Counter[str] = Counter()
        self._bind()

    @property
    def addresses(self) -> tuple[Endpoint, ...]:
        """Where it can be reached."""
        return tuple(Endpoint(*one.getsockname()[:2]) for one in self._sockets)

    async def receive(self, intake: Intake) -> None:
        """Serve until cancelled; then take nothing new, and let mails on their way in finish."""
        if not self._sockets:
            self._bind()
        loop = asyncio.get_running_loop()
        desk = Desk(
            settings=self._settings,
            context=self._context,
            host=self._host,
            intake=intake,
            reader=self._reader,
        )

        def factory() -> Link:
            return Link(loop, lambda link: self._begin(link, desk, loop))

        servers = []
        try:
            for one in self._sockets:
                servers.append(await loop.create_server(factory, sock=one, backlog=_BACKLOG))  # noqa: PERF401 - those that stand are closed if one fails
            for endpoint in self.addresses:
                self._host.log.info("smtp.listening", receiver=self._host.name, port=endpoint.port)
            await asyncio.Event().wait()
        finally:
            for server in servers:
                server.close()
            self._sockets.clear()
            await self._drain()

    def unbind(self) -> None:
        """Let go of the addresses."""
        for one in self._sockets:
            one.close()
        self._sockets.clear()

    def _bind(self) -> None:
        for endpoint in self._settings.listen:
            try:
                self._sockets.append(listening.bound(endpoint.host, endpoint.port))
            except OSError as error:
                self.unbind()
                why = reasons.why(error)
                raise ConfigError(
                    "smtp.listen",
                    Words(
                        en=f"Receiver {self._host.name} can't listen on {endpoint}: {why.en}.",
                        fr=f"Le récepteur {self._host.name} ne peut pas écouter sur {endpoint} : {why.fr}.",
                    ),
                    address=str(endpoint),
                ) from error

    def _begin(self, link: Link, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        peername = link.about("peername")
        host = str(peername[0]) if peername else ""
        settings = self._settings
        if (
            len(self._sessions) >= settings.max_connections
            or self._hosts[host] >= settings.max_connections_per_host
        ):
            self._host.log.warning("smtp.too_many_connections", receiver=self._host.name)
            link.write(replies.TOO_MANY_CONNECTIONS.encode(settings.language))
            link.close()
            return
        session = Session(link, desk)
        task = loop.create_task(_serve(session, link), name=f"smtp session {self._host.name}")
        self._sessions[task] = session
        self._hosts[host] += 1
        task.add_done_callback(lambda done: self._end(done, host))

    def _end(self, task: asyncio.Task[None], host: str) -> None:
        del self._sessions[task]
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]

    async def _drain(self) -> None:
        for session in self._sessions.values():
            session.stop()
        if self._sessions:
            await asyncio.wait(tuple(self._sessions), timeout=self._settings.drain.total_seconds())
        late = tuple(self._sessions)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _serve(session: Session, link: Link) -> None:
    try:
        await session.run()
        await link.closed(_GOODBYE)
    except asyncio.CancelledError:
        link.abort()
        raise
