"""The LDAP door (`hub.ports.host.Receives`): listens, and limits how many come in."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from hub.plugin import addresses, listening
from hub.plugin.crowd import Crowd
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub_annuaire.ldap import codec, secure
from hub_annuaire.ldap.face import words
from hub_annuaire.ldap.face.accounts import Accounts
from hub_annuaire.ldap.face.searching import Finder
from hub_annuaire.ldap.face.session import Desk, Session
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.link import Link
from hub_annuaire.ldap.messages import DISCONNECTION, Answer, Code, Op, Result
from hub_annuaire.ldap.places import Endpoint

_BACKLOG: Final = 128


@asynccontextmanager
async def open_receiver(settings: Settings, host: Host) -> AsyncIterator[Receiver]:
    """Bind every address and yield the door; searches are answered while `receive` runs.

    Raises ConfigError when an address, the accounts or the TLS files can't be used.
    """
    context = None
    if settings.identity is not None:
        context = secure.server_context(settings.identity, settings.client_authorities)
    receiver = Receiver(settings, host, Accounts(settings.accounts, host), context)
    try:
        yield receiver
    finally:
        receiver.unbind()


class Receiver:
    """One `[receivers.<name>]` of kind `ldap`. No message comes in by it: it shows the directory."""

    def __init__(
        self, settings: Settings, host: Host, accounts: Accounts, context: ssl.SSLContext | None
    ) -> None:
        self._settings = settings
        self._host = host
        self._accounts = accounts
        self._context = context
        self._sockets: list[tuple[socket.socket, bool]] = []
        self._sessions: set[asyncio.Task[None]] = set()
        self._crowd = Crowd(settings.max_connections, settings.max_connections_per_host)
        self._bind()

    @property
    def addresses(self) -> tuple[Endpoint, ...]:
        """Where it can be reached: those of `listen`, then those of `listen_tls`."""
        return tuple(Endpoint(*one.getsockname()[:2]) for one, _ in self._sockets)

    async def receive(self, intake: Intake) -> None:
        """Serve until cancelled; then every client is told that the hub stops."""
        if not self._sockets:
            self._bind()
        loop = asyncio.get_running_loop()
        desk = Desk(
            settings=self._settings,
            host=self._host,
            accounts=self._accounts,
            finder=Finder(settings=self._settings, catalogue=intake.directory),
            context=self._context,
        )
        servers = []
        try:
            for one, tls in self._sockets:
                server = await loop.create_server(self._factory(desk, tls=tls), sock=one, backlog=_BACKLOG)
                servers.append(server)
                self._host.log.info(
                    "ldap.listening", receiver=self._host.name, port=one.getsockname()[1], tls=tls
                )
            await asyncio.Event().wait()
        finally:
            for server in servers:
                server.close()
            self._sockets.clear()
            for session in self._sessions:
                session.cancel()
            await asyncio.gather(*self._sessions, return_exceptions=True)

    def unbind(self) -> None:
        """Let go of the addresses."""
        for one, _ in self._sockets:
            one.close()
        self._sockets.clear()

    def _bind(self) -> None:
        for tls, endpoints in ((False, self._settings.listen), (True, self._settings.listen_tls)):
            for endpoint in endpoints:
                try:
                    self._sockets.append((listening.bound(endpoint.host, endpoint.port), tls))
                except OSError as error:
                    self.unbind()
                    raise addresses.unbound("ldap.listen", self._host.name, endpoint, error) from error

    def _factory(self, desk: Desk, *, tls: bool) -> _Factory:
        return _Factory(self, desk, tls=tls)

    def begin(self, link: Link, desk: Desk, *, tls: bool) -> None:
        """Serve a connection, or turn it away when there are too many."""
        host = link.host
        if not self._crowd.enters(host):
            self._host.log.warning("ldap.too_many_connections", receiver=self._host.name)
            if not tls:
                text = words.CROWDED.in_language(self._settings.language)
                farewell = Answer(id=0, op=Op.EXTENDED_ANSWER, what=Result(code=Code.BUSY, text=text))
                link.write(codec.encode_answer(farewell, name=DISCONNECTION))
            link.turn_away()
            return
        session = Session(link, desk, tls_first=tls)
        task = asyncio.get_running_loop().create_task(session.run(), name=f"ldap session {self._host.name}")
        self._sessions.add(task)
        task.add_done_callback(lambda done: self._end(done, host))

    def _end(self, task: asyncio.Task[None], host: str) -> None:
        self._sessions.discard(task)
        self._crowd.leaves(host)


class _Factory:
    """Makes the link of each connection to one address."""

    def __init__(self, receiver: Receiver, desk: Desk, *, tls: bool) -> None:
        self._receiver = receiver
        self._desk = desk
        self._tls = tls

    def __call__(self) -> Link:
        loop = asyncio.get_running_loop()
        return Link(loop, self._desk.settings.max_message, self._connected)

    def _connected(self, link: Link) -> None:
        self._receiver.begin(link, self._desk, tls=self._tls)
