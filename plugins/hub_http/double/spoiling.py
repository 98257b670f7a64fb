"""Commits a fault on the way of an answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from aiohttp import web
from multidict import CIMultiDict

from hub_http.double.faults import Fault
from hub_http.double.replying import Said

DRIP: Final = 1.0
"""Seconds between two bytes of a slow answer."""
ELSEWHERE: Final = "https://elsewhere.example/"
LATER: Final = "7"
"""Seconds of Retry-After."""
_MORE: Final = 100
_PIECE: Final = b" " * (64 << 10)
_SILENT: Final = frozenset({"silent", "cut", "lost"})
_TOO_MANY: Final = 429


def plain(answer: Said) -> web.Response:
    """Return an answer as it is."""
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def told_of(fault: Fault, answer: Said) -> int | None:
    """Return the status that the asker sees; None when they see none."""
    return None if fault.kind in _SILENT else _spoilt(fault, answer).status


async def spoil(
    fault: Fault, request: web.BaseRequest, answer: Said, closing: asyncio.Event
) -> web.StreamResponse:
    """Answer, or not, as the fault says. `closing` ends what would never end."""
    spoilt = _spoilt(fault, answer)
    match fault.kind:
        case "silent":
            await closing.wait()
            return _cut(request)
        case "cut" | "lost":
            return _cut(request)
        case "slow":
            return await _drip(request, spoilt, closing)
        case "truncated":
            return await _truncate(request, spoilt)
        case "huge":
            return await _endless(request, spoilt, closing)
    return plain(spoilt)


def _spoilt(fault: Fault, answer: Said) -> Said:
    match fault.kind:
        case "status" | "done" if fault.status is not None:
            return Said(
                status=fault.status, headers={"Retry-After": LATER} if fault.status == _TOO_MANY else {}
            )
        case "busy":
            return Said(status=503, headers={"Retry-After": LATER})
        case "redirect":
            return Said(status=307, headers={"Location": ELSEWHERE})
        case "malformed":
            return Said(status=200, headers={"Content-Type": "text/html"}, body=b"<html>{")
        case "wrong-type":
            headers = CIMultiDict(answer.headers)
            headers["Content-Type"] = "text/html"
            return Said(status=answer.status, headers=headers, body=answer.body)
    return answer


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _drip(request: web.BaseRequest, answer: Said, closing: asyncio.Event) -> web.StreamResponse:
    response = await _begun(request, answer, len(answer.body))
    for at in range(len(answer.body)):
        await response.write(answer.body[at : at + 1])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), DRIP)
            break
    return response


async def _truncate(request: web.BaseRequest, answer: Said) -> web.StreamResponse:
    response = await _begun(request, answer, len(answer.body) + _MORE)
    await response.write(answer.body)
    if request.transport is not None:
        request.transport.close()
    return response


async def _endless(request: web.BaseRequest, answer: Said, closing: asyncio.Event) -> web.StreamResponse:
    response = await _begun(request, answer, None)
    await response.write(answer.body)
    with contextlib.suppress(ConnectionError):
        while not closing.is_set() and request.transport is not None and not request.transport.is_closing():
            await response.write(_PIECE)
            # whoever hung up is noticed only when others have their turn
            await asyncio.sleep(0)
    return response


async def _begun(request: web.BaseRequest, answer: Said, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if length is None:
        response.enable_chunked_encoding()
    else:
        response.content_length = length
    response.force_close()
    await response.prepare(request)
    return response
