"""A door of a receiver: listens over TLS, limits who comes in, lets calls inside finish."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from hub.plugin.addresses import Addresses
from hub.plugin.crowd import Crowd
from hub.plugin.door import frame, tls
from hub.plugin.door.connection import CountedConnection, let_handler_ask
from hub.plugin.door.frame import Handler
from hub.plugin.door.settings import HttpSettings
from hub.plugin.listening import Endpoint
from hub.ports.host import Host

_BACKLOG: Final = 512


class HttpDoor:
    """One `[receivers.<name>]` over HTTPS. It is bound once it is made; whoever made it unbinds it.

    `retry_after` as `problem.answer` takes it. Raises ConfigError `door.tls`, `door.listen` when the TLS
    files can't be used or an address can't be bound.
    """

    def __init__(
        self, settings: HttpSettings, host: Host, *, retry_after: Mapping[str, int] | None = None
    ) -> None:
        self._settings = settings
        self._host = host
        self._retry_after = retry_after
        self._context = tls.context_of(settings)
        self._crowd = Crowd(settings.max_connections, settings.max_connections_per_host)
        self._addresses = Addresses(settings.listen, host.name, "door.listen")

    @property
    def addresses(self) -> tuple[Endpoint, ...]:
        """Those it is bound to, in the configured order."""
        return self._addresses.bound

    def unbind(self) -> None:
        """Let go of the addresses."""
        self._addresses.unbind()

    async def serve(self, path: str, post: Handler) -> None:
        """Have `post` answer what is posted to `path`, until cancelled.

        Then nothing new is taken, and calls that have begun have `drain` to finish. What `post` raises is
        answered by `frame`. May be called again; then it binds the addresses anew, or raises ConfigError.
        """
        self._addresses.bind()
        app = web.Application(middlewares=[frame.middleware(self._host, self._retry_after)])
        app.router.add_post(path, post, expect_handler=let_handler_ask)
        runner = web.AppRunner(app, shutdown_timeout=self._settings.drain.total_seconds())
        await runner.setup()
        manager = runner.server
        assert manager is not None  # noqa: S101 - set up just now

        def connect() -> CountedConnection:
            """Make what speaks HTTP on one connection."""
            return CountedConnection(
                manager,
                frame.unread,
                idle=self._settings.idle_timeout,
                crowd=self._crowd,
                turned_away=self._turned_away,
            )

        try:
            async with self._addresses.served(
                connect,
                backlog=_BACKLOG,
                context=self._context,
                handshake_timeout=self._settings.handshake_timeout,
            ):
                for endpoint in self.addresses:
                    self._host.log.info("door.listening", receiver=self._host.name, port=endpoint.port)
                await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    def _turned_away(self) -> None:
        self._host.log.warning("door.too_many_connections", receiver=self._host.name)
