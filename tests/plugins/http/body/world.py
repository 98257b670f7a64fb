"""Bodies made and read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from hub.domain.ids import DocumentId
from hub.domain.message import Document, DocumentRole
from hub.ports.content import Content
from hub_http.body.making import Body, body_of
from hub_http.description.model import Limits
from hub_http.description.requests import Request, Step
from hub_http.mapping import views

T = TypeVar("T")


class Pieces:
    """A content that comes in pieces of the sizes that are given, one after the other (`Content`)."""

    def __init__(self, data: bytes, sizes: Sequence[int] = (1 << 18,)) -> None:
        self._data = data
        self._sizes = sizes
        self.read_bytes = 0

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self._data)

    @property
    def sha256(self) -> str:
        """No digest that anybody looks at."""
        return "0" * 64

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes."""
        last = self.size if end is None else min(end, self.size)
        number = 0
        while start < last:
            piece = self._data[start : min(start + self._sizes[number % len(self._sizes)], last)]
            self.read_bytes += len(piece)
            yield piece
            start += len(piece)
            number += 1

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes at once."""
        return self._data[start:end]


def document(
    content: Content, name: str = "compte-rendu.pdf", media_type: str = "application/pdf"
) -> views.Document:
    """Return a document as templates see it."""
    held = Document(
        id=DocumentId("d1"),
        name=name,
        media_type=media_type,
        size=content.size,
        sha256=content.sha256,
        role=DocumentRole.ATTACHMENT,
    )
    return views.Document(held=held, content=content)


async def made(said: Mapping[str, Any], scope: Mapping[str, Any], limits: Limits | None = None) -> Body:
    """Make the body of a request, or of a step when it is cut."""
    if "chunks" in said:
        request: Request = Step.model_validate({"name": "send", **said})
    else:
        request = Request.model_validate(said)
    body = await body_of(request, scope, limits=limits or Limits())
    assert body is not None
    return body


async def whole(body: Body) -> bytes:
    """Read a body twice; what it says of itself must be so."""
    data = b"".join([piece async for piece in body.pieces()])
    assert b"".join([piece async for piece in body.pieces()]) == data
    assert body.size in {None, len(data)}
    assert body.data in {None, data}
    return data


def sent(said: Mapping[str, Any], scope: Mapping[str, Any]) -> tuple[Body, bytes]:
    """Make a body and read it."""

    async def both() -> tuple[Body, bytes]:
        body = await made(said, scope)
        return body, await whole(body)

    return run(both())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run in a loop of its own, as property tests need it."""
    return asyncio.run(work)
