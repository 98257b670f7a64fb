"""The body of a request as it comes: in pieces, counted, with every fault named."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from aiohttp.client_exceptions import ClientError

from hub.adapters.http import faults
from hub.errors import Words

_BODY: Final = Words(en="The request", fr="La requête")


class Upload:
    """Reads a body of at most `limit` bytes."""

    def __init__(self, request: web.Request, limit: int) -> None:
        """Raise LimitError at once when the client announces too much."""
        self._stream = request.content
        self._limit = limit
        self._left = limit
        if (request.content_length or 0) > limit:
            raise faults.too_large(limit, _BODY)

    async def read(self) -> bytes:
        """Return the next bytes; none at the end.

        Raises LimitError when there are too many, MalformedError `http.aborted` when the client left
        or its framing broke.
        """
        try:
            data = await self._stream.readany()
        except (OSError, ClientError, web.RequestPayloadError) as error:
            raise faults.malformed(
                "The request ended before its end; nothing was kept.",
                "La requête s'est interrompue avant sa fin ; rien n'a été gardé.",
                code="http.aborted",
            ) from error
        self._left -= len(data)
        if self._left < 0:
            raise faults.too_large(self._limit, _BODY)
        return data

    async def whole(self, limit: int) -> bytes:
        """Return all that is left, of at most `limit` bytes."""
        data = bytearray()
        while piece := await self.read():
            data += piece
            if len(data) > limit:
                raise faults.too_large(limit, Words(en="The JSON message", fr="Le message JSON"))
        return bytes(data)
