"""What a double may do to an answer on its way (aiohttp). `closing`, once set, ends what would never end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final, Protocol

from aiohttp import web

DRIP: Final = 1.0
"""Seconds between two bytes of a slow answer."""
ELSEWHERE: Final = "https://elsewhere.example/"
"""Where a redirect leads: to nowhere."""
LATER: Final = "7"
"""Seconds of Retry-After."""
_PIECE: Final = b" " * (64 << 10)


class Ready(Protocol):
    """An answer that is ready."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; the length is not among them."""

    @property
    def body(self) -> bytes:
        """All of it."""


def cut(request: web.BaseRequest) -> web.Response:
    """End the connection in place of an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def drip(request: web.BaseRequest, answer: Ready, closing: asyncio.Event) -> web.StreamResponse:
    """Send an answer byte by byte, one each `DRIP`."""
    response = await _begun(request, answer, len(answer.body))
    for at in range(len(answer.body)):
        await response.write(answer.body[at : at + 1])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), DRIP)
            break
    return response


async def truncate(
    request: web.BaseRequest, answer: Ready, *, announced: int, sent: bytes
) -> web.StreamResponse:
    """Announce a body of so many bytes, send fewer, and end the connection."""
    response = await _begun(request, answer, announced)
    await response.write(sent)
    if request.transport is not None:
        request.transport.close()
    return response


async def go_on(request: web.BaseRequest, answer: Ready, closing: asyncio.Event) -> web.StreamResponse:
    """Send an answer, and after its body blanks that do not end."""
    response = await _begun(request, answer, None)
    await response.write(answer.body)
    with contextlib.suppress(ConnectionError):
        while not closing.is_set() and request.transport is not None and not request.transport.is_closing():
            await response.write(_PIECE)
            # whoever hung up is noticed only when others have their turn
            await asyncio.sleep(0)
    return response


async def _begun(request: web.BaseRequest, answer: Ready, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if length is None:
        response.enable_chunked_encoding()
    else:
        response.content_length = length
    response.force_close()
    await response.prepare(request)
    return response
