"""The body of a request on its way out: as fast as the server takes it, and it is known how far it came."""

from __future__ import annotations

from typing import Final

from aiohttp import ClientConnectionResetError, Payload
from aiohttp.abc import AbstractStreamWriter

from hub.errors import HubError, StoreError, Words
from hub_http.wire.attempt import Attempt, Phase
from hub_http.wire.exchange import Body
from hub_http.wire.transcript import Passing

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
        attempt, written = self._attempt, 0
        try:
            if (data := self._body.data) is not None:
                written = len(data)
                if written == content_length:
                    await self._put(writer, data)
            else:
                attempt.enter(Phase.UPLOAD)
                async for piece in self._body.pieces():
                    written += len(piece)
                    if content_length is not None and written > content_length:
                        break
                    await self._put(writer, piece)
                    attempt.enter(Phase.UPLOAD)
            if content_length is not None and written != content_length:
                raise _wrong_length()
        except HubError as error:
            attempt.broken = error
            raise
        attempt.left = attempt.whole = True
        attempt.enter(Phase.ANSWER, attempt.answer_timeout)

    async def _put(self, writer: AbstractStreamWriter, piece: bytes) -> None:
        """Write a stretch. The time until the next one is not the server's, but the document's."""
        attempt = self._attempt
        if not attempt.left:
            if not attempt.is_open:
                raise ClientConnectionResetError("the connection had ended before")
            attempt.left = bool(piece)
        if self._passing is not None:
            self._passing.add(piece)
        attempt.enter(Phase.UPLOAD, attempt.limits.idle_timeout.total_seconds())
        await writer.write(piece)

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
