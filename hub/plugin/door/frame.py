"""What surrounds every call: errors → problems, headers, one line in the log without the path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from hub.errors import ConfigError, HubError
from hub.plugin.door import faults, problem
from hub.ports.host import Host

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "caducee",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def middleware(host: Host, retry_after: Mapping[str, int] | None = None) -> Middleware:
    """Return the frame of one door; `retry_after` as `problem.answer` takes it."""

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a call, whatever comes of it."""
        began, code = host.clock.monotonic(), None
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - the one place where everything becomes an answer
            told = _told(error, host)
            code = told.code
            response = problem.answer(told, request.headers.get("Accept-Language"), retry_after)
        if not request.content.is_eof():
            # The rest of a body that nobody wants: no further call can follow it.
            response.force_close()
        response.headers.update(HEADERS)
        say = host.log.warning if response.status >= problem.FAILED else host.log.info
        say(
            "door.answered",
            receiver=host.name,
            method=request.method if request.method in _METHODS else "other",
            status=response.status,
            duration_ms=round((host.clock.monotonic() - began) * 1000, 1),
            code=code,
        )
        return response

    return around


def unread(status: int) -> web.Response:
    """Answer what could not even be parsed, or, from status 500 on, what failed before the frame."""
    error = faults.unexpected("-") if status >= problem.FAILED else faults.no_http()
    response = problem.answer(error, "en")
    response.headers.update(HEADERS)
    return response


def _told(error: Exception, host: Host) -> HubError:
    """Return what the caller is told; a fault of ours or of the configuration only by its incident."""
    if isinstance(error, HubError) and not isinstance(error, ConfigError):
        if problem.status_of(error) != problem.FAILED:
            return error
    elif isinstance(error, web.HTTPMethodNotAllowed):
        return faults.wrong_method()
    elif isinstance(error, web.HTTPNotFound):
        return faults.not_found()
    incident = host.chance.bytes(8).hex()
    host.log.warning(
        "door.failed",
        receiver=host.name,
        incident=incident,
        error=type(error).__name__,
        code=error.code if isinstance(error, HubError) else None,
    )
    return faults.unexpected(incident)
