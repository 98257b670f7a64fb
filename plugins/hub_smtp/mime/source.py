"""Where a mail's bytes are read from: held in memory when small, in pieces from a content when not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from hub.ports.content import PIECE, Content
from hub_smtp.mime.limits import SMALL


class Source(Protocol):
    """Bytes that can be read by stretches. Every `hub.ports.content.Content` is one."""

    @property
    def size(self) -> int:
        """How many bytes."""
        ...

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to `end`."""
        ...

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from `start` up to `end`; for small stretches."""
        ...


class Held:
    """Bytes in memory (`Source`)."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self.data)

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to `end`."""
        stretch = self.data[start:end]
        for at in range(0, len(stretch), PIECE):
            yield stretch[at : at + PIECE]

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from `start` up to `end`."""
        return self.data[start:end]


async def hold(content: Content) -> Source:
    """Return a small content's bytes in memory, a large content as it is."""
    return Held(await content.read()) if content.size <= SMALL else content
