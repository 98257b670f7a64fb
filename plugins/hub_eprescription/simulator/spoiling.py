"""Commits a fault on the way of an answer."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import web

from hub.plugin.double.spoiling import ELSEWHERE, LATER, cut, drip, go_on, truncate
from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.faults import Fault
from hub_eprescription.simulator.fhir import Form
from hub_eprescription.simulator.outcomes import Issue, Said, outcome

_LATER_AT: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
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
        return cut(request)
    match fault.kind:
        case "slow":
            return await drip(request, spoilt, closing)
        case "truncated":
            body = spoilt.body
            half = body[: len(body) // 2] or b" "
            return await truncate(request, spoilt, announced=max(len(body), 2), sent=half)
        case "huge":
            return await go_on(request, spoilt, closing)
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
