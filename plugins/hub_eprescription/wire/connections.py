"""Connections that are kept for the next request, and judged before it.

One that has ended, or on which something came that nobody asked for, is never used again: a second answer
to one request would be taken for the answer to the next.
"""

from __future__ import annotations

import select
import ssl
from typing import Any, Final
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection

KEPT: Final = 10.0
"""Seconds that a connection is kept."""


class Connections(aiohttp.TCPConnector):
    """The connections to one service."""

    def __init__(self, context: ssl.SSLContext, most: int) -> None:
        super().__init__(ssl=context, keepalive_timeout=KEPT, limit=most)
        self._watched: WeakKeyDictionary[ResponseHandler, select.poll] = WeakKeyDictionary()

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the library's own method
    ) -> Connection:
        """Return a connection that may carry a request. Raises what the library does."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol, transport = connection.protocol, connection.transport
            if protocol is None or transport is None:
                raise aiohttp.ClientConnectionError("closed")
            watched = self._watched.get(protocol)
            if watched is None:
                watching = select.poll()
                watching.register(transport.get_extra_info("socket").fileno(), select.POLLIN | select.POLLPRI)
                self._watched[protocol] = watching
                return connection
            if not (transport.is_closing() or protocol.should_close or watched.poll(0)):
                return connection
            connection.close()
