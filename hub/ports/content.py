"""Bytes that may be too large to hold: read in pieces, never as a whole unless small."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Protocol

PIECE: Final = 256 << 10
"""Bytes in one piece of a large content."""


class Content(Protocol):
    """Some bytes at rest, with their size and digest known."""

    @property
    def size(self) -> int:
        """How many bytes."""
        ...

    @property
    def sha256(self) -> str:
        """Digest in lower-case hexadecimal."""
        ...

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to `end`, in pieces of at most `PIECE` bytes.

        Raises StoreError when they can't be read or were altered at rest.
        """
        ...

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from `start` up to `end` at once; for small stretches."""
        ...


class Sink(Protocol):
    """A content being written, encrypted on its way to rest."""

    async def write(self, data: bytes) -> None:
        """Take more bytes. Raises StoreError (nothing was taken) or LimitError."""
        ...

    async def finish(self) -> Content:
        """Say that this was all; the content can be read from now on."""
        ...
