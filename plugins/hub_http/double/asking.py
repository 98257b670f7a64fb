"""A request that came to the double, read whole, as its checks and templates look at it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from hub.errors import HubError
from hub_http.mapping.answered import Answered

MOST: Final = 256 << 20
"""Bytes of one request."""
_OWN: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)


class TooLargeError(Exception):
    """A request is larger than what the double takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request. `raw` is the body as it was sent, `body` without its compression."""

    method: str
    path: str
    query: str
    host: str
    headers: CIMultiDictProxy[str]
    raw: bytes = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def kept(self) -> CIMultiDictProxy[str]:
        """The headers that a message keeps: not how its bytes travelled, nor who proved what."""
        headers = self.headers.items()
        return CIMultiDictProxy(CIMultiDict((name, one) for name, one in headers if name.lower() not in _OWN))

    @property
    def answered(self) -> Answered:
        """What picks and conditions look at."""
        lower = {name.lower(): value for name, value in self.headers.items()}
        return Answered(headers=lower, body=self.body)

    def scope(
        self, surroundings: Mapping[str, Any], path: Mapping[str, str], now: datetime
    ) -> dict[str, Any]:
        """Return what templates see of it, on top of what the double lends them."""
        return {
            **surroundings,
            "now": now,
            "path": path,
            "query": dict(parse_qsl(self.query, keep_blank_values=True)),
            "headers": self.headers,
            "json": _json(self.answered),
            "form": _form(self.answered),
        }


async def read(request: web.BaseRequest) -> Asking:
    """Read a request to its end. Raises TooLargeError, and ValueError for a body that is no gzip."""
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > MOST:
            raise TooLargeError
        pieces.append(piece)
    raw = b"".join(pieces)
    return asking(request.method, request.raw_path, request.host, request.headers, raw)


def asking(method: str, raw_path: str, host: str, headers: Mapping[str, str], raw: bytes) -> Asking:
    """Make one of its parts. Raises as `read`."""
    path, _, query = raw_path.partition("?")
    packed = headers.get("Content-Encoding", "").lower() == "gzip"
    return Asking(
        method=method,
        path=path,
        query=query,
        host=host,
        headers=CIMultiDictProxy(CIMultiDict(headers)),
        raw=raw,
        body=_unpacked(raw) if packed else raw,
    )


def _unpacked(raw: bytes) -> bytes:
    """Return what a body holds that consists of gzip members (RFC 1952, 2.2). Raises ValueError."""
    pieces, left = [], raw
    room = MOST
    while left:
        reader = zlib.decompressobj(wbits=31)
        try:
            pieces.append(reader.decompress(left, room + 1))
        except zlib.error as error:
            raise ValueError from error
        room -= len(pieces[-1])
        if room < 0:
            raise TooLargeError
        if not reader.eof:
            raise ValueError
        left = reader.unused_data
    return b"".join(pieces)


def _json(answered: Answered) -> Any:
    if "json" not in answered.headers.get("content-type", ""):
        return None
    try:
        return answered.json
    except HubError:
        return None


def _form(answered: Answered) -> dict[str, str]:
    """Return the fields of a form (application/x-www-form-urlencoded), of several with one name the last."""
    if "x-www-form-urlencoded" not in answered.headers.get("content-type", ""):
        return {}
    return dict(parse_qsl(answered.body.decode("utf-8", "replace"), keep_blank_values=True))
