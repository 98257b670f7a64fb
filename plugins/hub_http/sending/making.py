"""A described request and a scope → a request that is ready to go, unproved yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, urlencode

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from hub_http.description import requests as described
from hub_http.mapping import templates
from hub_http.wire import egress
from hub_http.wire.exchange import Body, Request

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")


def request_of(
    request: described.Request,
    scope: Mapping[str, Any],
    *,
    base: str,
    body: Body | None,
    method: str | None = None,
    path: str | None = None,
    headers: Mapping[str, str] | None = None,
    repeatable: bool | None = None,
) -> Request:
    """Make it. `method`, `path` and `headers` take the place of the described ones, or are added.

    Raises TemplateError.
    """
    return Request(
        method=method or request.method,
        url=url_of(request, scope, base, path),
        headers=_headers(request, scope, headers, getattr(body, "encoding", None)),
        body=body,
        timeout=request.timeout,
        media_types=request.media_types,
        repeatable=repeatable,
    )


def url_of(request: described.Request, scope: Mapping[str, Any], base: str, path: str | None = None) -> URL:
    """Return the URL: below the base, or whole. What expressions give can't leave its place in a path.

    Raises TemplateError; WireFault (`http.egress`) for a whole one that is no URL: it may be an answer's.
    """
    if path is None and request.url is not None:
        whole = templates.text(request.url, scope)
        if whole is None:
            raise templates.without_value(request.url)
        try:
            url = URL(whole)
            return url.update_query(_query(request, scope)) if request.query else url
        except ValueError:
            raise egress.no_url() from None
    place = path if path is not None else request.path
    text = base if place is None else f"{base}/{templates.path(place, scope).removeprefix('/')}"
    if request.query and (pairs := _query(request, scope)):
        text += f"{'&' if '?' in text else '?'}{urlencode(pairs, quote_via=quote)}"
    return _parsed(text)


@lru_cache(1024)
def _parsed(text: str) -> URL:
    """Return a URL; most are the same for every message, and what is worked out of one stays with it."""
    return URL(text, encoded=True)


def _query(request: described.Request, scope: Mapping[str, Any]) -> dict[str, str]:
    found = ((name, templates.text(source, scope)) for name, source in request.query.items())
    return {name: text for name, text in found if text is not None}


def _headers(
    request: described.Request, scope: Mapping[str, Any], more: Mapping[str, str] | None, encoding: str | None
) -> CIMultiDictProxy[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    if request.accept is not None:
        headers["Accept"] = request.accept
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    for name, source in {**request.headers, **more}.items() if more else request.headers.items():
        text = templates.text(source, scope)
        if text is not None:
            # What ends a line would begin another header.
            headers[name] = text if text.isprintable() else _CONTROLS.sub(" ", text).strip()
    return CIMultiDictProxy(headers)
