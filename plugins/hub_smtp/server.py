"""The SMTP door (`hub.ports.host.Receives`): listens, limits how many come in, lets those inside finish."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from hub.plugin.addresses import Addresses
from hub.plugin.crowd import Crowd
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
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._crowd = Crowd(settings.max_connections, settings.max_connections_per_host)
        self._addresses = Addresses(settings.listen, host.name, "smtp.listen")

    @property
    def addresses(self) -> tuple[Endpoint, ...]:
        """Where it can be reached."""
        return self._addresses.bound

    async def receive(self, intake: Intake) -> None:
        """Serve until cancelled; then take nothing new, and let mails on their way in finish."""
        self._addresses.bind()
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

        try:
            async with self._addresses.served(factory, backlog=_BACKLOG):
                for endpoint in self.addresses:
                    self._host.log.info("smtp.listening", receiver=self._host.name, port=endpoint.port)
                await asyncio.Event().wait()
        finally:
            await self._drain()

    def unbind(self) -> None:
        """Let go of the addresses."""
        self._addresses.unbind()

    def _begin(self, link: Link, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        peername = link.about("peername")
        host = str(peername[0]) if peername else ""
        if not self._crowd.enters(host):
            self._host.log.warning("smtp.too_many_connections", receiver=self._host.name)
            link.write(replies.TOO_MANY_CONNECTIONS.encode(self._settings.language))
            link.close()
            return
        session = Session(link, desk)
        task = loop.create_task(_serve(session, link), name=f"smtp session {self._host.name}")
        self._sessions[task] = session
        task.add_done_callback(lambda done: self._end(done, host))

    def _end(self, task: asyncio.Task[None], host: str) -> None:
        del self._sessions[task]
        self._crowd.leaves(host)

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
