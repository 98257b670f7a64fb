"""Connections to an operator's servers, kept for the next request, and judged before each.

1. Only to admitted addresses (`sockets`).
2. Never one that the server has ended, or on which something came that nobody asked for.
3. Never one whose server shows a certificate that the request's pins don't name.

What a server says by `Keep-Alive: timeout=` is heeded: sending on a connection that it is about to end is
how an answer gets lost.
"""

from __future__ import annotations

import asyncio
import re
import select
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from time import monotonic
from typing import Any, Final
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection

from hub.plugin import pins
from hub_http.wire.addresses import Network
from hub_http.wire.attempt import Attempt, Phase, current
from hub_http.wire.sockets import Resolver, Sockets

KEPT: Final = 15.0
"""Seconds that a connection is kept for the next request."""
MARGIN: Final = 1.0
"""Seconds before a server's own limit at which a connection is not used any more."""
_TIMEOUT: Final = re.compile(r"(?:^|[,;\s])timeout=(\d{1,6})", re.IGNORECASE)

_names: Final = lru_cache(maxsize=1024)(pins.names)


class PinError(aiohttp.ClientError):
    """The server's certificate is not one that the space of trust names; `member` is whose it should be."""

    def __init__(self, member: str) -> None:
        super().__init__("pin")
        self.member = member


@dataclass(slots=True)
class _Kept:
    transport: asyncio.Transport
    socket: select.poll
    until: float = inf


class Connections(aiohttp.TCPConnector):
    """The connections of one operator."""

    def __init__(
        self, context: ssl.SSLContext, networks: Sequence[Network], resolver: Resolver | None = None
    ) -> None:
        self._kept: WeakKeyDictionary[ResponseHandler, _Kept] = WeakKeyDictionary()
        super().__init__(
            ssl=context,
            resolver=resolver or Resolver(networks),
            socket_factory=Sockets(networks),
            keepalive_timeout=KEPT,
            limit=0,
        )

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the library's own method
    ) -> Connection:
        """Return a connection that may carry the current attempt. Raises what the library does, PinError."""
        attempt = current.get()
        attempt.enter(Phase.CONNECT, attempt.times.connect)
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol, transport = connection.protocol, connection.transport
            if protocol is None or transport is None:
                raise aiohttp.ClientConnectionError("closed")
            kept = self._kept.get(protocol)
            reused = kept is not None
            if kept is None:
                self._kept[protocol] = _Kept(transport, _watching(transport))
            elif attempt.fresh or _is_stale(kept, protocol):
                connection.close()
                continue
            stranger = _stranger(attempt, transport) if attempt.admissions else None
            if stranger is None:
                attempt.connected(protocol, reused=reused)
                return connection
            connection.close()
            if not reused:
                raise PinError(stranger)

    def heed(self, protocol: ResponseHandler | None, headers: Mapping[str, str]) -> None:
        """Note for how long a server says that it keeps a connection."""
        said = headers.get("Keep-Alive")
        if said is None:
            return
        found = _TIMEOUT.search(said)
        kept = self._kept.get(protocol) if protocol is not None else None
        if found and kept is not None:
            kept.until = monotonic() + int(found[1]) - MARGIN

    async def settle(self) -> None:
        """Wait until everything is over, after `close`: no goodbye is waited for any more."""
        ending = []
        for protocol, kept in list(self._kept.items()):
            # The asyncio of Python 3.11.2 fails when TLS has let go of the link already.
            with suppress(AttributeError):
                kept.transport.abort()
            if (closed := protocol.closed) is not None:
                ending.append(closed)
        await asyncio.gather(*ending, return_exceptions=True)


def _watching(transport: asyncio.Transport) -> select.poll:
    watching = select.poll()
    watching.register(transport.get_extra_info("socket").fileno(), select.POLLIN | select.POLLPRI)
    return watching


def _is_stale(kept: _Kept, protocol: ResponseHandler) -> bool:
    """Whether it has ended, is about to, or holds something that would be taken for our answer."""
    if kept.transport.is_closing() or protocol.should_close or monotonic() >= kept.until:
        return True
    # an end, or bytes, that the loop has not been told of yet
    return bool(kept.socket.poll(0))


def _stranger(attempt: Attempt, transport: asyncio.Transport) -> str | None:
    """Return the member for whom the server shows a certificate that is not named; None: it may go."""
    pinned = [one for one in attempt.admissions if one.pins]
    if not pinned:
        return None
    session = transport.get_extra_info("ssl_object")
    shown = _names((session.getpeercert(binary_form=True) if session else None) or b"")
    return next((one.member for one in pinned if not pins.admits(shown, one)), None)
