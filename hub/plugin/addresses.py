"""The addresses of one receiver: all of them bound at the start, or none; served while it receives."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from hub.errors import ConfigError, MalformedError, Words
from hub.plugin import listening, reasons
from hub.plugin.listening import Endpoint
from hub.plugin.table import Table


def parse(table: Table, key: str = "listen") -> tuple[Endpoint, ...]:
    """Read a list of `host:port`, one at least. Raises ConfigError that names the key."""
    endpoints = parse_any(table, key, table.texts(key))
    if not endpoints:
        raise table.wrong(key, "names no address to listen on", "ne nomme aucune adresse d'écoute")
    return endpoints


def parse_any(table: Table, key: str, texts: Sequence[str]) -> tuple[Endpoint, ...]:
    """Read what `key` holds as `host:port` each; there may be none. Raises ConfigError that names the key."""
    try:
        return tuple(Endpoint.parse(one) for one in texts)
    except MalformedError as error:
        raise table.wrong(key, error.words.en, error.words.fr) from error


class Addresses:
    """Where one receiver listens. They are bound once this is made; whoever made it unbinds it.

    Raises ConfigError `code`, which names the address that can't be bound.
    """

    def __init__(self, endpoints: Sequence[Endpoint], receiver: str, code: str) -> None:
        self._endpoints = endpoints
        self._receiver = receiver
        self._code = code
        self._sockets: list[socket.socket] = []
        self.bind()

    @property
    def bound(self) -> tuple[Endpoint, ...]:
        """Those it is bound to, in the configured order, with the ports that the system chose for 0."""
        return tuple(Endpoint(*one.getsockname()[:2]) for one in self._sockets)

    def bind(self) -> None:
        """Bind each, unless they are bound. Raises ConfigError."""
        if self._sockets:
            return
        for endpoint in self._endpoints:
            try:
                self._sockets.append(listening.bound(endpoint.host, endpoint.port))
            except OSError as error:
                self.unbind()
                raise unbound(self._code, self._receiver, endpoint, error) from error

    def unbind(self) -> None:
        """Let go of them."""
        for one in self._sockets:
            one.close()
        self._sockets.clear()

    @asynccontextmanager
    async def served(
        self,
        connect: Callable[[], asyncio.BaseProtocol],
        *,
        backlog: int,
        context: ssl.SSLContext | None = None,
        handshake_timeout: timedelta | None = None,
    ) -> AsyncIterator[None]:
        """Have `connect` make what speaks on each connection; then take no more, and be unbound.

        With `context` TLS comes first, and then `handshake_timeout` bounds it.
        """
        loop = asyncio.get_running_loop()
        seconds = None if handshake_timeout is None else handshake_timeout.total_seconds()
        servers: list[asyncio.Server] = []
        try:
            for one in self._sockets:
                server = await loop.create_server(
                    connect, sock=one, ssl=context, ssl_handshake_timeout=seconds, backlog=backlog
                )
                servers.append(server)
            yield
        finally:
            for server in servers:
                server.close()
            self._sockets.clear()


def unbound(code: str, receiver: str, endpoint: object, error: OSError) -> ConfigError:
    """Say that a receiver can't listen on an address, and why."""
    why = reasons.why(error)
    return ConfigError(
        code,
        Words(
            en=f"Receiver {receiver} can't listen on {endpoint}: {why.en}.",
            fr=f"Le récepteur {receiver} ne peut pas écouter sur {endpoint} : {why.fr}.",
        ),
        address=str(endpoint),
    )
