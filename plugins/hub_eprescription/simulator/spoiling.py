"""Commits a fault on the way of an answer."""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import Final

from aiohttp import web

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.faults import Fault
from hub_eprescription.simulator.fhir import Form
from hub_eprescription.simulator.outcomes import Issue, Said, outcome

DRIP: Final = 1.0
"""Seconds between two bytes of a slow answer."""
ELSEWHERE: Final = "https://elsewhere.example/"
LATER: Final = "7"
"""Seconds of Retry-After."""
_LATER_AT: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_PIECE: Final = b" " * (64 << 10)
_UNHEARD: Final = frozenset({"silent", "hung", "cut", "lost"})
_GOOD: Final = 300


def plain(said: Said) -> web.Response:
    """Return an answer as it is."""
    return web.Response(status=said.status, headers=said.headers, body=said.body or None)


def heard(fault: Fault, said: Said, form: Form) -> int | None:
    """Return the status that the asker sees; None when they see none."""
    return None if fault.kind in _UNHEARD else _spoilt(fault, said, form).status


async def spoil(
    fault: Fault, request: web.BaseRequest, said: Said, form: Form, closing: asyncio.Event
) -> web.StreamResponse:
    """Answer, or not, as the fault says. `closing` ends what would never end."""
    spoilt = _spoilt(fault, said, form)
    if fault.kind in {"silent", "hung"}:
        await closing.wait()
    if fault.kind in _UNHEARD:
        return _cut(request)
    match fault.kind:
        case "slow":
            return await _drip(request, spoilt, closing)
        case "truncated":
            return await _truncate(request, spoilt)
        case "huge":
            return await _endless(request, spoilt, closing)
        case "twice":
            return await _repeat(request, spoilt)
    return plain(spoilt)


def _spoilt(fault: Fault, said: Said, form: Form) -> Said:
    typed = {"Content-Type": f"{form.value}; charset=utf-8"}
    if fault.status is not None and fault.kind == "done" and fault.status < _GOOD:
        return Said(status=fault.status, headers=said.headers, body=said.body)
    if fault.status is not None:
        headers = typed | ({"Retry-After": LATER} if fault.status in _LATER_AT else {})
        return Said(status=fault.status, headers=headers, body=_refusal("transient", form))
    html = {"Content-Type": "text/html"}
    return {
        "inside": Said(status=200, headers=typed, body=_refusal("processing", form)),
        "redirect": Said(status=307, headers={"Location": ELSEWHERE}),
        "malformed": Said(status=200, headers=html, body=b"<html>{"),
        "wrong-type": Said(status=said.status, headers=html, body=said.body),
    }.get(fault.kind, said)


def _refusal(code: str, form: Form) -> bytes:
    return fhir.write(outcome([Issue(code=code, text="This fault was asked for.")]), form)


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _drip(request: web.BaseRequest, said: Said, closing: asyncio.Event) -> web.StreamResponse:
    response = await _begun(request, said, len(said.body))
    for at in range(len(said.body)):
        await response.write(said.body[at : at + 1])
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), DRIP)
            break
    return response


async def _truncate(request: web.BaseRequest, said: Said) -> web.StreamResponse:
    response = await _begun(request, said, max(len(said.body), 2))
    await response.write(said.body[: len(said.body) // 2] or b" ")
    if request.transport is not None:
        request.transport.close()
    return response


async def _endless(request: web.BaseRequest, said: Said, closing: asyncio.Event) -> web.StreamResponse:
    response = await _begun(request, said, None)
    await response.write(said.body)
    with contextlib.suppress(ConnectionError):
        while not closing.is_set() and request.transport is not None and not request.transport.is_closing():
            await response.write(_PIECE)
            # whoever hung up is noticed only when others have their turn
            await asyncio.sleep(0)
    return response


async def _repeat(request: web.BaseRequest, said: Said) -> web.StreamResponse:
    """Send an answer, and behind it the same again, which nobody has asked for."""
    response = plain(said)
    await response.prepare(request)
    await response.write_eof()
    lines = [f"HTTP/1.1 {said.status} OK"]
    lines += [f"{name}: {value}" for name, value in said.headers.items()]
    lines += [f"Content-Length: {len(said.body)}", "", ""]
    if request.transport is not None:
        request.transport.write("\r\n".join(lines).encode() + said.body)
    return response


async def _begun(request: web.BaseRequest, said: Said, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(status=said.status, headers=said.headers)
    if length is None:
        response.enable_chunked_encoding()
    else:
        response.content_length = length
    response.force_close()
    await response.prepare(request)
    return response
