"""One TCP connection, in clear or under TLS: whole messages in, bytes out. Both ends stand on it.

Input is held up to one message of the largest size, then the peer is made to wait.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Final

from hub.plugin.secure import Secure
from hub_annuaire.ldap import codec

_HIGH: Final = 256 << 10
"""Bytes of output held before `drain` waits."""
_GOODBYE: Final = 2.0
"""Seconds for the peer to take our last words."""


class LostError(Exception):
    """The connection is gone. Its cause is the TLS fault, when it was one."""


class Link(asyncio.Protocol):
    """A connection that one task reads. `limit` is the largest message in bytes."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limit: int,
        connected: Callable[[Link], None] | None = None,
    ) -> None:
        self._loop = loop
        self._limit = limit
        self._connected = connected
        self._transport: Any = None
        self._secure: Secure | None = None
        self._input = bytearray()
        self._reader: asyncio.Future[None] | None = None
        self._writers: list[asyncio.Future[None]] = []
        self._closed: asyncio.Future[None] = loop.create_future()
        self._full = False
        self._held = False
        self._over = False

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport
        self._transport.set_write_buffer_limits(high=_HIGH)
        if self._connected is not None:
            self._connected(self)

    def data_received(self, data: bytes) -> None:
        """Keep input, and make the peer wait when there is much of it."""
        if self._secure is not None:
            data = self._decrypt(self._secure, data)
        self._input += data
        if len(self._input) > self._limit and not self._held and not self._over:
            self._held = True
            self._transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        """Take the end of input as the end of the connection."""
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the connection is gone."""
        del exc
        self._end()
        _wake(self._closed)

    def pause_writing(self) -> None:
        """Take note that output does not drain."""
        self._full = True

    def resume_writing(self) -> None:
        """Take note that output drained."""
        self._full = False
        self._wake_writers()

    # What the session calls.

    @property
    def over(self) -> bool:
        """Whether the connection has ended; input may still be held."""
        return self._over

    @property
    def blocked(self) -> bool:
        """Whether the peer does not take what was sent."""
        return self._full

    @property
    def secured(self) -> bool:
        """Whether it is under TLS."""
        return self._secure is not None and self._secure.ready

    @property
    def certificate(self) -> bytes | None:
        """The peer's verified certificate (DER), when there is one."""
        return self._secure.certificate if self._secure is not None else None

    @property
    def host(self) -> str:
        """The peer's IP address; empty when it is gone already."""
        peername = self._transport.get_extra_info("peername")
        return str(peername[0]) if peername else ""

    async def message(self) -> bytes:
        """Return the next whole message. Raises WireError and LostError."""
        while True:
            length = codec.measure(bytes(self._input[:16]), self._limit) if self._input else None
            if length is not None and len(self._input) >= length:
                data = bytes(self._input[:length])
                del self._input[:length]
                self._resume()
                return data
            if self._held:
                self._resume()
            if self._over:
                raise self._lost()
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    def write(self, data: bytes) -> None:
        """Send. What is written to a connection that is gone is dropped."""
        if self._over:
            return
        if self._secure is not None:
            self._secure.give(data)
            data = self._secure.outgoing()
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait while the peer does not take what was sent. Raises LostError."""
        while self._full and not self._over:
            waiting = self._loop.create_future()
            self._writers.append(waiting)
            try:
                await waiting
            finally:
                self._writers.remove(waiting)
        if self._over:
            raise self._lost()

    async def start_tls(self, context: ssl.SSLContext, *, server_name: str | None) -> None:
        """Go on under TLS, as the client that expects `server_name`, or as the server with None.

        Raises WireError when there is input already: it came in clear and would be taken for protected.
        Raises ssl.SSLError when the handshake fails (the peer has been told), and LostError.
        """
        if self._input:
            raise codec.WireError("input before TLS")
        self._secure = Secure(context, server_side=server_name is None, server_name=server_name)
        if server_name is not None:
            self._secure.shake()
            self._transport.write(self._secure.outgoing())
        while not self._secure.ready:
            if self._secure.fault is not None:
                raise self._secure.fault
            if self._over:
                raise self._lost()
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    async def close(self) -> None:
        """Let output leave and end the connection; a peer that does not take it is cut off."""
        if not self._over:
            if self._secure is not None and self._secure.ready:
                self._secure.leave()
                self._transport.write(self._secure.outgoing())
            self._end()
        self._transport.close()
        await asyncio.wait({self._closed}, timeout=_GOODBYE)
        await self.cut()

    def turn_away(self) -> None:
        """Let output leave and end the connection, without waiting."""
        self._end()
        self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        self._end()
        self._transport.abort()

    async def cut(self) -> None:
        """End the connection at once, and return when it is gone."""
        self.abort()
        await asyncio.wait({self._closed})

    def _decrypt(self, secure: Secure, data: bytes) -> bytes:
        plain = secure.take(data)
        if out := secure.outgoing():
            self._transport.write(out)
        if secure.fault is not None or secure.over:
            # what was sent above still leaves; an alert is the last word
            self._transport.close()
            self._end()
        return plain

    def _resume(self) -> None:
        if self._held and not self._over:
            self._held = False
            self._transport.resume_reading()

    def _end(self) -> None:
        self._over = True
        _wake(self._reader)
        self._wake_writers()

    def _wake_writers(self) -> None:
        for one in self._writers:
            _wake(one)

    def _lost(self) -> LostError:
        error = LostError()
        error.__cause__ = self._secure.fault if self._secure is not None else None
        return error


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
