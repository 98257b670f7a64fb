"""What a server may do wrong, to be put into `Server.faults`."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.plugins.annuaire_fhir.server import Fault, Server, outcome


def status(code: int, text: str = "", **headers: str) -> Fault:
    """Answer with a status, and an OperationOutcome."""

    async def fault(_request: web.Request) -> web.Response:
        return outcome(code, "processing", text, **headers)

    return fault


def body(data: bytes, media_type: str = "application/fhir+json") -> Fault:
    """Answer with these bytes."""

    async def fault(_request: web.Request) -> web.Response:
        return web.Response(body=data, content_type=media_type)

    return fault


def bundle(**changed: Any) -> Fault:
    """Answer with an empty bundle, in which something is otherwise."""
    return body(json.dumps({"resourceType": "Bundle", "type": "searchset"} | changed).encode())


def following(url: str) -> Fault:
    """Answer with a page whose next one is at `url`."""
    return bundle(link=[{"relation": "next", "url": url}])


async def cut(request: web.Request) -> web.StreamResponse:
    """Break off in the middle of the body."""
    response = web.StreamResponse(headers={"Content-Type": "application/fhir+json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"resourceType"')
    assert request.transport is not None
    request.transport.abort()
    return response


def huge(size: int) -> Fault:
    """Send more than was asked for, without saying how much."""

    async def fault(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/fhir+json"})
        await response.prepare(request)
        try:
            for _ in range(size >> 16):
                await response.write(b" " * (1 << 16))
        except ConnectionError:
            pass
        return response

    return fault


def slow(server: Server) -> Fault:
    """Answer only when the test ends."""

    async def fault(_request: web.Request) -> None:
        await server.waiting.wait()

    return fault


def endless(server: Server) -> Fault:
    """Have one more page for ever, each with a new address and nothing new."""
    count = 0

    async def fault(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        where = f"{server.url}{request.match_info['kind']}?_page_token=e{count}"
        answer = await following(where)(request)
        assert isinstance(answer, web.Response)
        return answer

    return fault
