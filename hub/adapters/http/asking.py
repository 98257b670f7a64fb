"""What the answers to every request that hands something over need to know before its body is read.

And how its JSON comes: alone, or as the first part of a form whose other parts are large.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, TypeVar

from aiohttp import web
from aiohttp.http import HttpVersion11

from hub.adapters.http import faults
from hub.adapters.http.upload import Upload
from hub.plugin.form import Form, boundary_of

T = TypeVar("T")
JSON_PART: Final = "message"
"""The form's part that holds the JSON."""

_KEY: Final = re.compile(r'([A-Za-z0-9._~:/+=-]{1,128})|"([A-Za-z0-9._~:/+=-]{1,128})"')
"""No `@` and no angle brackets: the key becomes the envelope's native id, which must never pass for the
Message-ID of somebody else's mail."""


class Places:
    """So many requests of one kind are answered at a time; the next one is told that the hub is busy."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @property
    def free(self) -> bool:
        """Whether there is one."""
        return self._taken < self._most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold one of them. Raises StoreError `http.busy` when all are taken."""
        if not self.free:
            raise faults.busy()
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


def idempotency_key(request: web.Request) -> str:
    """Return the key. Raises MalformedError (`http.key_missing`, `http.key_malformed`)."""
    given = request.headers.getall("Idempotency-Key", [])
    if not given:
        raise faults.key_missing()
    found = _KEY.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None:
        raise faults.key_malformed()
    return found[1] or found[2]


def boundary(request: web.Request) -> str | None:
    """Return the boundary of a form, None for JSON. Raises InputError for any other form of body."""
    check_encoding(request)
    content_type = request.headers.get("Content-Type", "")
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        return boundary_of(content_type)
    if _is_json(content_type):
        return None
    raise faults.unsupported(
        "Content-Type must be application/json (in UTF-8) or multipart/form-data.",
        "Content-Type doit être application/json (en UTF-8) ou multipart/form-data.",
    )


def check_json(request: web.Request) -> None:
    """Raise InputError `http.media_type` for a body that is anything but JSON."""
    check_encoding(request)
    if not _is_json(request.headers.get("Content-Type", "")):
        raise faults.unsupported(
            "Content-Type must be application/json here (in UTF-8).",
            "Content-Type doit être application/json ici (en UTF-8).",
            accept="application/json",
        )


def check_encoding(request: web.Request) -> None:
    """Raise InputError `http.media_type` for a body that is packed."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise faults.unsupported(
            "Content-Encoding is not read here: send the body as it is.",
            "Content-Encoding n'est pas lu ici : envoyez le corps tel quel.",
        )


def check_expectation(request: web.Request) -> None:
    """Raise InputError `http.expect` for an expectation that is not known here (RFC 9110, 10.1.1)."""
    if request.headers.get("Expect", "100-continue").strip().lower() != "100-continue":
        raise faults.other_expectation()


def _is_json(content_type: str) -> bool:
    media_type, _, parameters = content_type.lower().partition(";")
    said = parameters.strip().replace('"', "")
    return media_type.strip() == "application/json" and said in {"", "charset=utf-8"}


async def in_time(request: web.Request, limit: timedelta, read: Callable[[], Awaitable[T]]) -> T:
    """Read a body within its time. Raises InputError `http.timeout`."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            await _let_go_on(request)
            return await read()
    except TimeoutError:
        raise faults.slow() from None


async def _let_go_on(request: web.Request) -> None:
    """Let a client go on that asked before it sends its body (RFC 9110, 10.1.1)."""
    if request.version == HttpVersion11 and request.headers.get("Expect"):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun


async def json_first(upload: Upload, boundary: str | None, limit: int) -> tuple[bytes, Form | None]:
    """Return the JSON, of at most `limit` bytes, and the form whose further parts are still to be read."""
    if boundary is None:
        return await upload.whole(limit), None
    form = Form(upload.read, boundary)
    first = await form.next()
    if first is None or first.name != JSON_PART:
        raise faults.malformed(
            "The form's first part must be message, with the JSON.",
            "La première partie du formulaire doit être message, avec le JSON.",
            code="http.form",
        )
    return await first.whole(limit), form
