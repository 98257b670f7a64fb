"""The double's port: opened and closed at will, its handshakes made to fail at will."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Final

from aiohttp import web

from hub.plugin import listening

_HANDSHAKE: Final = 10.0


class Port:
    """One address. While it is closed nobody else gets it, and who connects is refused."""

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext, strange: Callable[[], ssl.SSLContext]
    ) -> None:
        """Bind. `strange` makes a context that nobody trusts. Raises OSError."""
        self._host = host
        self._held: socket.socket | None = listening.bound(host, port)
        self.number: int = self._held.getsockname()[1]
        self._context = context
        # asked for each handshake, whether a name was sent or not
        context.sni_callback = self._greeted
        self._strange = strange
        self._failing: ssl.SSLContext | None = None
        self._server: asyncio.Server | None = None
        self._speaks: web.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None

    async def open(self, speaks: web.Server) -> None:
        """Listen."""
        self._speaks = speaks
        if self._server is not None:
            return
        held, self._held = self._held or listening.bound(self._host, self.number), None
        self._server = await asyncio.get_running_loop().create_server(
            speaks, sock=held, ssl=self._context, ssl_handshake_timeout=_HANDSHAKE
        )

    def refuse(self, seconds: float) -> None:
        """Close the port for a while."""
        if self._server is not None:
            self._server.close()
            self._server = None
            # bound and not listening: connections are refused, and the port stays ours
            with contextlib.suppress(OSError):
                self._held = listening.bound(self._host, self.number)
        self._later(seconds)

    def fail(self, seconds: float) -> None:
        """Let handshakes fail for a while."""
        self._failing = self._strange()
        self._later(seconds)

    async def heal(self) -> None:
        """Listen again, and let handshakes succeed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._failing = None
        if self._speaks is not None:
            await self.open(self._speaks)

    async def close(self) -> None:
        """Stop listening, for good."""
        if self._timer is not None:
            self._timer.cancel()
        if self._opening is not None:
            await self._opening
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._held is not None:
            self._held.close()

    def _later(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._over)

    def _over(self) -> None:
        self._timer = None
        self._opening = asyncio.create_task(self.heal())

    def _greeted(self, connection: ssl.SSLObject | ssl.SSLSocket, *_: object) -> None:
        if self._failing is not None:
            connection.context = self._failing
