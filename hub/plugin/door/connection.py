"""Connections on which a door speaks HTTP: counted, and telling nothing back of what is no HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from aiohttp import web

from hub.plugin.crowd import Crowd

_LINGER: Final = 2.0
"""Seconds in which the rest of a body that nobody wants is read, so that its sender sees the answer."""


class Connection(web.RequestHandler):
    """A connection whose answer to what could not even be parsed is `unread(status)`, and quotes nothing."""

    def __init__(
        self, manager: web.Server, unread: Callable[[int], web.Response], *, idle: timedelta
    ) -> None:
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=idle.total_seconds(),
            access_log=None,  # type: ignore[arg-type] # as aiohttp itself says "none"
            auto_decompress=False,
            lingering_time=_LINGER,
        )
        self._unread = unread

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
        response = self._unread(status)
        response.force_close()
        return response


class CountedConnection(Connection):
    """A connection that is one of a crowd. One too many is closed, and `turned_away` is called."""

    def __init__(
        self,
        manager: web.Server,
        unread: Callable[[int], web.Response],
        *,
        idle: timedelta,
        crowd: Crowd,
        turned_away: Callable[[], None],
    ) -> None:
        super().__init__(manager, unread, idle=idle)
        self._crowd = crowd
        self._turned_away = turned_away
        self._from: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come in, or be shut out."""
        peername = transport.get_extra_info("peername")
        host = str(peername[0]) if peername else ""
        super().connection_made(transport)
        if self._crowd.enters(host):
            self._from = host
        else:
            self._turned_away()
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Leave."""
        if self._from is not None:
            self._crowd.leaves(self._from)
            self._from = None
        super().connection_lost(exc)


async def let_handler_ask(_request: web.Request) -> None:
    """Do nothing yet: `100 Continue` is said when the body is wanted, not before (RFC 9110, 10.1.1)."""


def certificate_of(request: web.Request) -> bytes | None:
    """Return the client certificate (DER) that TLS has verified."""
    secured = request.get_extra_info("ssl_object")
    return None if secured is None else secured.getpeercert(binary_form=True)
