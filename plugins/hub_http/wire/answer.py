"""Reads an answer within limits: its size, packed and unpacked, the time between its bytes, its kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from fnmatch import fnmatchcase
from typing import Final

import aiohttp
from aiohttp import http_exceptions

from hub.ports.content import Sink
from hub_http.description.model import Limits
from hub_http.wire import egress, faults, raised
from hub_http.wire.attempt import Attempt, Phase
from hub_http.wire.exchange import Answer, Request
from hub_http.wire.transcript import Passing
from hub_http.wire.unpacking import BombError, Gunzip, PackedError

_PLAIN: Final = frozenset({"", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_GOOD: Final = range(200, 300)
_RAISED: Final = (TimeoutError, aiohttp.ClientError, OSError, http_exceptions.HttpProcessingError)


class Reading:
    """An answer whose head is here (`hub_http.wire.exchange.Download`)."""

    def __init__(
        self, answer: aiohttp.ClientResponse, request: Request, attempt: Attempt, limits: Limits
    ) -> None:
        self._answer = answer
        self._request = request
        self._attempt = attempt
        self._limits = limits
        self.status = answer.status
        self.headers = answer.headers
        self._travelled = self._size = 0
        self._begun = False
        self._gunzip: Gunzip | None = None
        self.passing: Passing | None = None

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty when none is named."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, decompressed, once. Raises WireFault."""
        limit = self._limits.max_download
        while raw := await self._next(limit):
            for piece in self._taken(raw, limit):
                yield piece
        self._finish()

    async def into(self, sink: Sink) -> int:
        """Write the body to a sink and return its size."""
        async for piece in self.pieces():
            await sink.write(piece)
        return self._size

    async def whole(self) -> Answer:
        """Read the body as an answer, within the request's `max_answer`. Raises WireFault."""
        limit = self._request.max_answer
        limit = self._limits.max_answer if limit is None else limit
        parts: list[bytes] = []
        while raw := await self._next(limit):
            parts += self._taken(raw, limit)
        self._finish()
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return Answer(status=self.status, headers=self.headers, media_type=self.media_type, body=body)

    def close(self) -> None:
        """Keep the connection when the body was read to its end, else drop it."""
        self._answer.close()

    @property
    def _host(self) -> str:
        return egress.host_of(self._request.url)

    async def _next(self, limit: int) -> bytes:
        """Return the next bytes as they travelled, none at the end. Raises WireFault."""
        if not self._begun:
            self._begin(limit)
        content = self._answer.content
        try:
            raw = b"" if content.at_eof() else content.read_nowait() or await self._awaited(content)
        except _RAISED as error:
            raise raised.of(error, self._attempt, self._host) from error
        self._travelled += len(raw)
        if self._travelled > limit:
            raise faults.too_large(self._host, limit)
        return raw

    async def _awaited(self, content: aiohttp.StreamReader) -> bytes:
        attempt = self._attempt
        attempt.enter(Phase.BODY, attempt.times.idle)
        with attempt.deadline:
            return await content.readany()

    def _begin(self, limit: int) -> None:
        self._begun = True
        announced = self._answer.content_length
        if announced is not None and announced > limit:
            raise faults.too_large(self._host, limit)
        packing = self.headers.get("Content-Encoding", "").strip().lower()
        if packing in _GZIP:
            self._gunzip = Gunzip()
        elif packing not in _PLAIN:
            raise faults.malformed(
                self._host, "an encoding that was not asked for", "un encodage non demandé"
            )

    def _taken(self, raw: bytes, limit: int) -> Iterator[bytes]:
        """Yield what came, unpacked."""
        try:
            for piece in (raw,) if self._gunzip is None else self._gunzip.take(raw):
                if not self._size:
                    self._check_kind()
                self._size += len(piece)
                if self._size > limit:
                    raise faults.too_large(self._host, limit)
                if self.passing is not None:
                    self.passing.add(piece)
                yield piece
        except PackedError as error:
            raise faults.malformed(self._host, "broken gzip", "un gzip abîmé") from error
        except BombError as error:
            raise faults.too_large(self._host, limit) from error

    def _finish(self) -> None:
        """Notice what is missing at the end."""
        if self._gunzip is not None:
            try:
                self._gunzip.finish()
            except PackedError as error:
                raise faults.malformed(self._host, "broken gzip", "un gzip abîmé") from error

    def _check_kind(self) -> None:
        wanted = self._request.media_types
        if wanted is None or self.status not in _GOOD:
            return
        if not any(fnmatchcase(self.media_type, one.lower()) for one in wanted):
            raise faults.media_type(self._host, self.media_type, wanted)
