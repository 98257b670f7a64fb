"""The body of a request on its way out: as fast as the server takes it, and it is known how far it came."""

from __future__ import annotations

from typing import Final

from aiohttp import ClientConnectionResetError, Payload
from aiohttp.abc import AbstractStreamWriter

from hub.errors import HubError, StoreError, Words
from hub_http.wire.attempt import Attempt, Phase
from hub_http.wire.exchange import Body
from hub_http.wire.transcript import Passing

_AT_ONCE: Final = 64 << 10
"""Bytes that a connection takes at once: whether the server takes them too shows by its answer."""
_NEVER_SHOWN: Final = "a body is never read as text"


class Outgoing(Payload):
    """A body, written once for one attempt."""

    def __init__(self, body: Body, attempt: Attempt, passing: Passing | None) -> None:
        super().__init__(body, content_type=body.media_type or "application/octet-stream")
        self._body = body
        self._attempt = attempt
        self._passing = passing
        self._size = body.size
        self._autoclose = True

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await self.write_with_length(writer, self._size)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write all of it, which must be as long as was announced."""
        attempt, data = self._attempt, self._body.data
        if data is not None and len(data) == content_length and len(data) <= _AT_ONCE:
            self._leaving(data)
            attempt.enter(Phase.ANSWER, attempt.answer_timeout)
            await writer.write(data)
        else:
            attempt.enter(Phase.UPLOAD)
            try:
                await self._stream(writer, content_length)
            except HubError as error:
                attempt.broken = error
                raise
            attempt.enter(Phase.ANSWER, attempt.answer_timeout)
        attempt.left = True

    async def _stream(self, writer: AbstractStreamWriter, length: int | None) -> None:
        attempt, written = self._attempt, 0
        async for piece in self._body.pieces():
            written += len(piece)
            if length is not None and written > length:
                break
            self._leaving(piece)
            attempt.enter(Phase.UPLOAD, attempt.times.idle)
            await writer.write(piece)
            # the time until the next stretch is not the server's, but the document's
            attempt.enter(Phase.UPLOAD)
        if length is not None and written != length:
            raise _wrong_length()

    def _leaving(self, piece: bytes) -> None:
        """Note that a stretch is about to leave. Raises when it can't any more."""
        attempt = self._attempt
        if not attempt.left:
            if not attempt.is_open:
                raise ClientConnectionResetError("the connection had ended before")
            attempt.left = bool(piece)
        if self._passing is not None:
            self._passing.add(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - as the library calls it
        """Refuse: it may be too large to hold."""
        raise TypeError(_NEVER_SHOWN)


def _wrong_length() -> StoreError:
    return StoreError(
        "http.body_length",
        Words(
            en="The body of a request is not as long as was announced; it was not sent whole.",
            fr="Le corps d'une requête n'a pas la longueur annoncée ; il n'a pas été envoyé en entier.",
        ),
    )
