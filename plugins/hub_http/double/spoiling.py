"""Commits a fault on the way of an answer."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from multidict import CIMultiDict

from hub.plugin.double.spoiling import ELSEWHERE, LATER, cut, drip, go_on, truncate
from hub_http.double.faults import Fault
from hub_http.double.replying import Said

_MORE: Final = 100
"""Bytes that are announced and do not come."""
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
            return cut(request)
        case "cut" | "lost":
            return cut(request)
        case "slow":
            return await drip(request, spoilt, closing)
        case "truncated":
            return await truncate(request, spoilt, announced=len(spoilt.body) + _MORE, sent=spoilt.body)
        case "huge":
            return await go_on(request, spoilt, closing)
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
