"""Reads an answer within limits: its size, packed and unpacked, the time between its bytes, its kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Final

import aiohttp
from aiohttp import http_exceptions
from multidict import CIMultiDictProxy

from hub.ports.content import Sink
from hub_http.wire import faults
from hub_http.wire.attempt import Attempt, Phase
from hub_http.wire.exchange import Answer, Request
from hub_http.wire.transcript import Passing
from hub_http.wire.unpacking import BombError, Gunzip, PackedError

_PLAIN: Final = frozenset({"", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_GOOD: Final = range(200, 300)


class Reading:
    """An answer whose head is here (`hub_http.wire.exchange.Download`)."""

    def __init__(self, answer: aiohttp.ClientResponse, request: Request, attempt: Attempt, host: str) -> None:
        self._answer = answer
        self._request = request
        self._attempt = attempt
        self._host = host
        self._over = False
        self.passing: Passing | None = None

    @property
    def status(self) -> int:
        """The status code."""
        return self._answer.status

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The headers."""
        return self._answer.headers

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty when none is named."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, decompressed, once. Raises WireFault."""
        return self._pieces(self._attempt.limits.max_download)

    async def into(self, sink: Sink) -> int:
        """Write the body to a sink and return its size."""
        size = 0
        async for piece in self.pieces():
            await sink.write(piece)
            size += len(piece)
        return size

    async def whole(self) -> Answer:
        """Read the body as an answer, within the request's `max_answer`. Raises WireFault."""
        limit = self._request.max_answer
        parts = [
            piece async for piece in self._pieces(self._attempt.limits.max_answer if limit is None else limit)
        ]
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return Answer(status=self.status, headers=self.headers, media_type=self.media_type, body=body)

    def close(self) -> None:
        """Keep the connection when the body was read to its end, else drop it."""
        self._answer.close()

    def _check_kind(self) -> None:
        wanted = self._request.media_types
        if wanted is None or self.status not in _GOOD:
            return
        if not any(fnmatchcase(self.media_type, one.lower()) for one in wanted):
            raise faults.media_type(self._host, self.media_type, wanted)

    async def _pieces(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body unpacked, held to its limit."""
        if self._over:
            return
        self._over = True
        came = 0
        async for piece in self._unpacked(limit):
            if not came:
                self._check_kind()
            came += len(piece)
            if came > limit:
                raise faults.too_large(self._host, limit)
            if self.passing is not None:
                self.passing.add(piece)
            yield piece

    async def _unpacked(self, limit: int) -> AsyncIterator[bytes]:
        packing = self.headers.get("Content-Encoding", "").strip().lower()
        if packing in _PLAIN:
            async for raw in self._travelled(limit):
                yield raw
            return
        if packing not in _GZIP:
            raise faults.malformed(
                self._host, "an encoding that was not asked for", "un encodage non demandé"
            )
        gunzip = Gunzip()
        with self._unpacking(limit):
            async for raw in self._travelled(limit):
                for piece in gunzip.take(raw):
                    yield piece
            gunzip.finish()

    async def _travelled(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body as it travels, held to its limit."""
        announced = self._answer.content_length
        if announced is not None and announced > limit:
            raise faults.too_large(self._host, limit)
        travelled = 0
        while raw := await self._next():
            travelled += len(raw)
            if travelled > limit:
                raise faults.too_large(self._host, limit)
            yield raw

    async def _next(self) -> bytes:
        """Return the next bytes as they travelled, none at the end. Raises WireFault."""
        attempt = self._attempt
        idle = attempt.limits.idle_timeout.total_seconds()
        attempt.phase = Phase.BODY
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + idle, attempt.ends)):
                return await self._answer.content.readany()
        except (TimeoutError, aiohttp.ClientError, OSError, http_exceptions.HttpProcessingError) as error:
            raise faults.of(error, attempt, self._host) from error

    @contextmanager
    def _unpacking(self, limit: int) -> Iterator[None]:
        try:
            yield
        except PackedError as error:
            raise faults.malformed(self._host, "broken gzip", "un gzip abîmé") from error
        except BombError as error:
            raise faults.too_large(self._host, limit) from error
