"""What a person or a test says to a double beside the operator's API, at the same port, only from loopback.

| request | what it does |
| --- | --- |
| `GET /_double/messages` | what the double holds: id, ours, to, state, incoming, size |
| `GET /_double/messages/<id>` | the bytes of one |
| `POST /_double/incoming` | another user sends the hub this body, with these headers; answers its id |
| `POST /_double/faults` | `{"route": "send", "kind": "lost", "times": 1}` |
| `DELETE /_double/faults` | commit no more faults |
| `POST /_double/reset` | forget messages and faults |

No proof is asked for: whoever can run programs on this machine may do it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Any, Final, Protocol

from aiohttp import web

from hub.errors import HubError
from hub_http.double import asking as reading
from hub_http.double.asking import Asking
from hub_http.double.faults import Fault
from hub_http.double.store import Held, Store

PATH: Final = "/_double/"
INCOMING: Final = f"{PATH}incoming"
_MESSAGES: Final = f"{PATH}messages"
_FAULTS: Final = f"{PATH}faults"
_RESET: Final = f"{PATH}reset"


class Desk(Protocol):
    """What is done to a double."""

    store: Store

    async def incoming(self, body: bytes, headers: Mapping[str, str]) -> Held: ...  # noqa: D102
    def commit(self, fault: Fault) -> None: ...  # noqa: D102
    async def heal(self) -> None: ...  # noqa: D102


async def handle(desk: Desk, request: web.BaseRequest) -> web.Response:
    """Do what is said."""
    if not _is_near(request.remote):
        return _said(403, {"error": "only from loopback"})
    try:
        said = await reading.read(request)
        deed = _DEEDS.get((said.method, said.path))
        if deed is not None:
            return await deed(desk, said)
        if said.method == "GET" and said.path.startswith(f"{_MESSAGES}/"):
            return _one(desk, said.path.rpartition("/")[2])
    except HubError as error:
        return _said(422, {"error": error.words.en})
    except (reading.TooLargeError, ValueError, TypeError, KeyError):
        return _said(400, {"error": "this can't be read"})
    return _said(404, {"error": "there is no such thing here"})


async def _messages(desk: Desk, _: Asking) -> web.Response:
    return _said(200, {"messages": [_shown(one) for one in desk.store.messages()]})


async def _incoming(desk: Desk, said: Asking) -> web.Response:
    return _said(201, {"id": (await desk.incoming(said.body, said.kept)).id})


async def _faults(desk: Desk, said: Asking) -> web.Response:
    asked = json.loads(said.body)
    desk.commit(Fault.of(str(asked["route"]), str(asked["kind"]), int(asked.get("times", 1))))
    return _said(200, {})


async def _heal(desk: Desk, _: Asking) -> web.Response:
    await desk.heal()
    return _said(200, {})


async def _reset(desk: Desk, said: Asking) -> web.Response:
    desk.store.clear()
    return await _heal(desk, said)


def _one(desk: Desk, name: str) -> web.Response:
    held = desk.store.of(name)
    if held is None:
        return _said(404, {"error": "no such message"})
    return web.Response(body=held.body, headers={"Content-Type": held.media_type})


def _shown(one: Held) -> dict[str, Any]:
    return {
        "id": one.id,
        "ours": one.ours,
        "to": list(one.recipients),
        "state": one.state,
        "incoming": one.incoming,
        "size": one.size,
    }


def _is_near(remote: str | None) -> bool:
    try:
        return remote is not None and ip_address(remote).is_loopback
    except ValueError:
        return False


def _said(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body, indent=1).encode() + b"\n", content_type="application/json"
    )


_DEEDS: Final[Mapping[tuple[str, str], Callable[[Desk, Asking], Awaitable[web.Response]]]] = {
    ("GET", _MESSAGES): _messages,
    ("POST", INCOMING): _incoming,
    ("POST", _FAULTS): _faults,
    ("DELETE", _FAULTS): _heal,
    ("POST", _RESET): _reset,
}
