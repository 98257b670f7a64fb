"""The body of a call as it comes: counted, timed, with every fault named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

from aiohttp import web
from aiohttp.client_exceptions import ClientError
from aiohttp.http import HttpVersion11

from hub.errors import InputError
from hub.plugin.door import faults


class Upload:
    """Reads one body, once."""

    def __init__(self, request: web.Request, idle: timedelta) -> None:
        self._request = request
        self._idle = idle.total_seconds()

    async def whole(self, limit: int, total: timedelta) -> bytes:
        """Return the body. Raises as `pieces` does."""
        return b"".join([piece async for piece in self.pieces(limit, total)])

    async def drain(self, limit: int, total: timedelta) -> None:
        """Read the body to its end, as far as it can be read, and keep nothing of it.

        Whoever proves nothing fills no memory, and learns nothing from how soon it is answered.
        """
        with suppress(InputError):
            async for _ in self.pieces(limit, total):
                pass

    async def pieces(self, limit: int, total: timedelta) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises LimitError `door.too_large` (before a byte is read when so much is announced), InputError
        `door.slow`, MalformedError `door.aborted`.
        """
        if (self._request.content_length or 0) > limit:
            raise faults.too_large(limit)
        loop = asyncio.get_running_loop()
        until = loop.time() + total.total_seconds()
        await _continue(self._request)
        left = limit
        while True:
            try:
                async with asyncio.timeout(max(min(self._idle, until - loop.time()), 0)):
                    piece = await self._request.content.readany()
            except TimeoutError:
                raise faults.slow() from None
            except (OSError, ClientError, web.RequestPayloadError) as error:
                raise faults.aborted() from error
            if not piece:
                return
            left -= len(piece)
            if left < 0:
                raise faults.too_large(limit)
            yield piece


async def _continue(request: web.Request) -> None:
    """Let a caller go on that asked before it sends its body (RFC 9110, 10.1.1)."""
    if request.version == HttpVersion11 and request.headers.get("Expect"):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
