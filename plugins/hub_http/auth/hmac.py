"""A digest of each request under a shared key, put together as the description says (RFC 2104)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from hub.ports.host import Host
from hub_http.auth.keys import with_headers
from hub_http.auth.secrets import Secrets
from hub_http.description.authentication import HmacRequest
from hub_http.mapping import templates
from hub_http.wire.exchange import Body, Request

_BODY: Final = "body_sha256"
_PARTS: Final[Mapping[str, Callable[[Request], Any]]] = {
    "method": lambda request: request.method,
    "path": lambda request: request.url.raw_path,
    "query": lambda request: request.url.raw_query_string,
    "host": lambda request: request.url.host_port_subcomponent or "",
    "headers": lambda request: {name.lower(): value for name, value in request.headers.items()},
}
"""What templates see of a request, beside its body; each is worked out when it is asked for."""


class HmacProof:
    """Adds the headers of `HmacRequest`, computed anew for every request."""

    def __init__(self, described: HmacRequest, secrets: Secrets, host: Host) -> None:
        self._described = described
        self._secrets = secrets
        self._host = host

    @cached_property
    def _asked(self) -> frozenset[str]:
        sources = (self._described.message, *self._described.headers.values())
        return frozenset(root for one in sources for root in templates.roots(one))

    @cached_property
    def _parts(self) -> Mapping[str, Callable[[Request], Any]]:
        # a template that can't be seen through is taken to need all
        return {name: part for name, part in _PARTS.items() if self._mentions(name)}

    def _mentions(self, name: str) -> bool:
        asked = self._asked
        return "request" in asked or any(f"{one}.".startswith(f"request.{name}.") for one in asked)

    @cached_property
    def _reads_body(self) -> bool:
        return self._mentions(_BODY)

    @cached_property
    def _draws(self) -> bool:
        return "nonce" in self._asked

    async def authorise(self, request: Request, scope: Mapping[str, Any]) -> Request:
        """Return the request with its digest.

        It is never sent twice as it is: a nonce is often good for one use. Raises StoreError when the body
        has to be read for it and can't be.
        """
        described = self._described
        seen = {
            **scope,
            "secrets": self._secrets,
            "nonce": self._nonce() if self._draws else "",
            "timestamp": _written(self._host.clock.now(), described.timestamp),
            "count": described.count,
            "request": await self._view(request),
        }
        message = templates.text(described.message, seen) or ""
        seen["signature"] = signature(
            self._secrets[described.key], message, described.algorithm, described.encoding
        )
        written = {name: templates.text(one, seen) for name, one in described.headers.items()}
        added = {name: value for name, value in written.items() if value is not None}
        return with_headers(request, added, repeatable=False)

    async def renew(self, refused: Request | None) -> bool:
        """Say no: each was new already."""
        del refused
        return False

    def _nonce(self) -> str:
        drawn = uuid.UUID(bytes=self._host.chance.bytes(16), version=4)
        return str(drawn) if self._described.nonce == "uuid4" else drawn.hex

    async def _view(self, request: Request) -> Mapping[str, Any]:
        view = {name: part(request) for name, part in self._parts.items()}
        if self._reads_body:
            view[_BODY] = await _digest(request.body)
        return view


def signature(key: str, message: str, algorithm: str, encoding: str) -> str:
    """Return the digest as it is written."""
    digest = hmac.digest(key.encode(), message.encode(), algorithm)
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def _written(now: datetime, form: str) -> str:
    match form:
        case "unix":
            return str(int(now.timestamp()))
        case "unix_ms":
            return str(int(now.timestamp() * 1000))
        case "iso":
            form = "%Y-%m-%dT%H:%M:%SZ"
    return now.astimezone(UTC).strftime(form)


async def _digest(body: Body | None) -> str:
    if body is not None and body.data is not None:
        return hashlib.sha256(body.data).hexdigest()
    digest = hashlib.sha256()
    if body is not None:
        async for piece in body.pieces():
            digest.update(piece)
    return digest.hexdigest()
