"""One TCP connection, in clear or under TLS: lines and stretches of bytes in, bytes out, deadlines on both.

Both ends of SMTP stand on it. Input is held up to `HIGH` bytes, then the peer is made to wait; output
is gathered and leaves in one piece as soon as somebody waits for input. Nothing here knows SMTP.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Final

from hub.plugin.secure import Secure
from hub_smtp.breaks import bare, broken_off, lost, silent, too_long

HIGH: Final = 256 << 10
"""Bytes of input, and of output, held before the other side is made to wait."""
_GATHER: Final = 64 << 10


class StoppedError(Exception):
    """Somebody on our side asked to stop waiting for the peer's next line."""


class Link(asyncio.Protocol):
    """A connection. One task reads it; `connected` is called once it stands, `ended` once it is gone."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connected: Callable[[Link], None] | None = None,
    ) -> None:
        self._loop = loop
        self._connected = connected
        self.ended: Callable[[], None] | None = None
        self._transport: Any = None
        self.secure: Secure | None = None
        self._shaking: asyncio.Future[None] | None = None
        self._input = b""
        self._at = 0
        self._output: list[bytes] = []
        self._gathered = 0
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] = loop.create_future()
        self._full = False
        self._held = False
        self._over = False

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport
        self._transport.set_write_buffer_limits(high=HIGH)
        if self._connected is not None:
            self._connected(self)

    def data_received(self, data: bytes) -> None:
        """Keep input, and make the peer wait when there is much of it."""
        if self.secure is not None:
            data = self._decrypt(self.secure, data)
            if not data:
                return
        if self._at < len(self._input):
            self._input = self._input[self._at :] + data
        else:
            self._input = data
        self._at = 0
        if len(self._input) > HIGH and not self._held:
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
        if self.ended is not None:
            self.ended()

    def pause_writing(self) -> None:
        """Take note that output does not drain."""
        self._full = True

    def resume_writing(self) -> None:
        """Take note that output drained."""
        self._full = False
        _wake(self._writer)

    # What the session calls.

    @property
    def over(self) -> bool:
        """Whether the connection has ended; input may still be held."""
        return self._over

    @property
    def pending(self) -> int:
        """How many bytes of input are held."""
        return len(self._input) - self._at

    def about(self, name: str) -> Any:
        """Return what the transport knows: such as `peername` or `ssl_object`."""
        return self._transport.get_extra_info(name)

    async def line(self, limit: int, timeout: float) -> bytes:  # noqa: ASYNC109 - one timer, no context: this is the hot path
        """Return the next line without its CR LF, once what was written has left.

        Raises LineError when it is longer than `limit` bytes or ends in a bare LF, SilentError when it
        is not there after `timeout` seconds, LostError, and StoppedError after `interrupt`.
        """
        deadline = 0.0
        while (end := self._input.find(b"\n", self._at)) < 0:
            if self.pending > limit:
                raise too_long()
            deadline = deadline or self._loop.time() + timeout
            await self._more(deadline)
        line = self._input[self._at : end]
        self._consume(end + 1)
        if len(line) > limit or not line.endswith(b"\r"):
            raise too_long() if len(line) > limit else bare()
        return line[:-1]

    async def some(self, timeout: float) -> bytes:  # noqa: ASYNC109 - as above
        """Return all input that is held, or the next to come. Raises SilentError and LostError."""
        if not self.pending:
            await self._more(self._loop.time() + timeout)
        data = self._input[self._at :]
        self._consume(len(self._input))
        return data

    def unread(self, data: bytes) -> None:
        """Put back what belongs to whoever reads next."""
        if data:
            self._input = data + self._input[self._at :]
            self._at = 0

    def write(self, data: bytes) -> None:
        """Take output; it leaves when somebody waits for input, or on `flush` or `drain`."""
        self._output.append(data)
        self._gathered += len(data)
        if self._gathered > _GATHER:
            self.flush()

    def flush(self) -> None:
        """Let gathered output leave."""
        if not self._output:
            return
        data = self._output[0] if len(self._output) == 1 else b"".join(self._output)
        self._output.clear()
        self._gathered = 0
        if self._over:
            return
        if self.secure is not None:
            self.secure.give(data)
            data = self.secure.outgoing()
        self._transport.write(data)

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - as above
        """Let output leave, and wait while the peer does not take it. Raises SilentError, LostError."""
        self.flush()
        while self._full and not self._over:
            self._writer = self._loop.create_future()
            timer = self._loop.call_later(timeout, _expire, self._writer)
            try:
                await self._writer
            finally:
                timer.cancel()
                self._writer = None
        self._check()

    async def start_tls(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_name: str | None,
        timeout: float,  # noqa: ASYNC109 - as above
    ) -> None:
        """Go on under TLS. No input may be held: what came in clear would be taken for protected.

        Raises ssl.SSLError when the handshake fails (the peer has been sent the alert that says why),
        SilentError and LostError; the link is of no use then.
        """
        assert not self.pending  # noqa: S101 - both callers have refused it in their own words
        self.flush()
        self._check()
        self.secure = Secure(context, server_side=server_side, server_name=server_name)
        if not server_side:
            self.secure.shake()
            self._transport.write(self.secure.outgoing())
        self._shaking = self._loop.create_future()
        timer = self._loop.call_later(timeout, _expire, self._shaking)
        try:
            await self._shaking
        finally:
            timer.cancel()
            self._shaking = None
        if self.secure.fault is not None:
            raise self.secure.fault
        if not self.secure.ready:
            raise lost()

    def interrupt(self) -> None:
        """Make whoever waits for input get StoppedError."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_exception(StoppedError())

    def close(self) -> None:
        """Let output leave, then end the connection."""
        self.flush()
        if self.secure is not None and self.secure.ready and not self._over:
            self.secure.leave()
            self._transport.write(self.secure.outgoing())
        self._transport.close()

    def abort(self) -> None:
        """End the connection at once; what was not sent is not sent."""
        self._output.clear()
        self._over = True
        self._transport.abort()

    async def closed(self, timeout: float) -> None:  # noqa: ASYNC109 - as above
        """Wait until the connection is gone; after `timeout` seconds make it so."""
        await asyncio.wait({self._closed}, timeout=timeout)
        if not self._closed.done():
            self.abort()

    def _consume(self, end: int) -> None:
        if end == len(self._input):
            self._input = b""
            self._at = 0
        else:
            self._at = end
        if self._held and self.pending <= HIGH // 2:
            self._held = False
            if not self._over:
                self._transport.resume_reading()

    async def _more(self, deadline: float) -> None:
        self.flush()
        if self._full:
            await self.drain(max(deadline - self._loop.time(), 0))
        self._check()
        self._reader = self._loop.create_future()
        timer = self._loop.call_at(deadline, _expire, self._reader)
        try:
            await self._reader
        finally:
            timer.cancel()
            self._reader = None
        if not self.pending:
            self._check()

    def _decrypt(self, secure: Secure, data: bytes) -> bytes:
        plain = secure.take(data)
        if out := secure.outgoing():
            self._transport.write(out)
        if secure.fault is not None or secure.over:
            # What was sent above still leaves; an alert is the last word.
            self._transport.close()
            self._end()
        elif secure.ready:
            _wake(self._shaking)
        return plain

    def _end(self) -> None:
        self._over = True
        for waiting in (self._reader, self._writer, self._shaking):
            _wake(waiting)

    def _check(self) -> None:
        if self._over:
            fault = self.secure.fault if self.secure is not None else None
            raise lost() if fault is None else broken_off(fault)


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


def _expire(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_exception(silent())
