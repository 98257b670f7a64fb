"""A key in a header or in the query (`api_key`), or user and password (`basic`, RFC 7617)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from hub_http.auth.secrets import Secrets
from hub_http.description.authentication import ApiKey, Basic
from hub_http.mapping import templates
from hub_http.wire.exchange import Request


class KeyProof:
    """Adds a key."""

    def __init__(self, described: ApiKey, secrets: Secrets) -> None:
        self._described = described
        self._secrets = secrets

    async def authorise(self, request: Request, scope: Mapping[str, Any]) -> Request:
        """Return the request with the key."""
        del scope
        value = self._described.prefix + self._secrets[self._described.secret]
        if self._described.query is not None:
            return with_query(request, self._described.query, value)
        return with_headers(request, {self._described.header or "Authorization": value})

    async def renew(self, refused: Request | None) -> bool:
        """Say whether the key's file holds another one now."""
        return refused is not None and _differs(await self.authorise(refused, {}), refused)


class BasicProof:
    """Adds user and password."""

    def __init__(self, described: Basic, secrets: Secrets) -> None:
        self._described = described
        self._secrets = secrets
        self._scope: Mapping[str, Any] = {}

    async def authorise(self, request: Request, scope: Mapping[str, Any]) -> Request:
        """Return the request with both."""
        self._scope = scope
        user = templates.text(self._described.user, scope) or ""
        return with_headers(request, {"Authorization": basic(user, self._secrets[self._described.password])})

    async def renew(self, refused: Request | None) -> bool:
        """Say whether the password's file holds another one now."""
        return refused is not None and _differs(await self.authorise(refused, self._scope), refused)


def basic(user: str, password: str) -> str:
    """Return the value of Authorization for user and password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def with_headers(request: Request, added: Mapping[str, str], **changes: Any) -> Request:
    """Return a request with these headers, in the place of those of the same name; they are secret.

    `changes` are made to it beside them.
    """
    headers = CIMultiDict(request.headers)
    headers.update(added)
    veiled = request.veiled.union(map(str.lower, added))
    return replace(request, headers=CIMultiDictProxy(headers), veiled=veiled, **changes)


def with_query(request: Request, name: str, value: str) -> Request:
    """Return a request with a parameter more, secret; the rest of the query stays as it is spelt."""
    spelt = quote(name, safe="")
    others = [
        one for one in request.url.raw_query_string.split("&") if one and one.partition("=")[0] != spelt
    ]
    query = "&".join([*others, f"{spelt}={quote(value, safe='')}"])
    url = URL(f"{request.url.origin()}{request.url.raw_path}?{query}", encoded=True)
    return replace(request, url=url, veiled=request.veiled | {name.lower()})


def _differs(one: Request, other: Request) -> bool:
    return one.headers != other.headers or one.url != other.url
