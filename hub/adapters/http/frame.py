"""What surrounds every request: language, errors → problems, headers, one line in the log.

The line holds method, route template, status, duration and client: no path, since a path is the
client's text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from hub.adapters.http import faults, language, problem
from hub.errors import HubError
from hub.ports.clock import Chance, Clock
from hub.ports.host import Log

LANGUAGE: Final = web.RequestKey("language", str)
CLIENT: Final = web.RequestKey("client", str)

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "caducee",
    "X-Content-Type-Options": "nosniff",
}
STRICT_TRANSPORT: Final = "max-age=31536000"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED: Final = 500

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Frame:
    """Wraps the handlers."""

    def __init__(self, log: Log, clock: Clock, chance: Chance) -> None:
        self._log = log
        self._clock = clock
        self._chance = chance

    def middleware(self) -> Middleware:
        """Return it as aiohttp wants it."""

        @web.middleware
        async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Pass on to the frame."""
            return await self._around(request, handler)

        return around

    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        began = self._clock.monotonic()
        request[LANGUAGE] = language.preferred(request.headers.get("Accept-Language"))
        code = None
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - the one place where everything becomes an answer
            told = self._told(error)
            code = told.code
            response = problem.answer(told, request[LANGUAGE])
        if not request.content.is_eof():
            # The rest of a body that nobody wants: no further request can follow it.
            response.force_close()
        response.headers.update(HEADERS)
        if request.secure:
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        say = self._log.warning if response.status >= _FAILED else self._log.info
        resource = request.match_info.route.resource
        say(
            "http.answered",
            method=request.method if request.method in _METHODS else "other",
            route=resource.canonical if resource else None,
            status=response.status,
            duration_ms=round((self._clock.monotonic() - began) * 1000, 1),
            client=request.get(CLIENT),
            code=code,
        )
        return response

    def _told(self, error: Exception) -> HubError:
        if isinstance(error, HubError) and problem.status_of(error) != _FAILED:
            return error
        if isinstance(error, web.HTTPMethodNotAllowed):
            return faults.wrong_method(sorted(error.allowed_methods))
        if isinstance(error, web.HTTPNotFound):
            return faults.not_found()
        incident = self._chance.bytes(8).hex()
        self._log.warning(
            "http.failed",
            incident=incident,
            error=type(error).__name__,
            code=error.code if isinstance(error, HubError) else None,
        )
        return faults.unexpected(incident)
