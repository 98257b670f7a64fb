"""A body: bytes and segments one after the other, small ones at once, and its size as far as it is known."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from hub_http.body.segments import Converted, Segment

SMALL: Final = 256 << 10
"""Bytes up to which a body is made at once."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_IN_THREAD: Final = 32 << 10
"""Bytes from which compressing goes to a thread: it takes a millisecond and more."""


class Body:
    """What a request carries (`hub_http.wire.exchange.Body`). Every reading of it gives the same bytes.

    size      bytes on the wire; None when only sending tells.
    length    bytes before compression, which `stretch` counts; None when only reading tells.
    data      the bytes on the wire at once, when they are few.
    encoding  the header Content-Encoding: gzip, or None.
    """

    __slots__ = ("_parts", "data", "encoding", "length", "media_type", "size")

    def __init__(
        self,
        parts: Sequence[bytes | Segment],
        *,
        media_type: str | None,
        compressed: bool = False,
        plain: bytes | None = None,
    ) -> None:
        """Take it as it is; `plain` is the whole of it when that is small."""
        self._parts: Sequence[bytes | Segment] = parts if plain is None else (plain,)
        self.media_type = media_type
        self.encoding = "gzip" if compressed else None
        self.length = _length(self._parts)
        self.data: bytes | None = plain
        if plain is not None and compressed:
            self.data = gzip.compress(plain, 6, mtime=0)
        self.size = len(self.data) if self.data is not None else None if compressed else self.length

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they go; every call begins anew. Raises StoreError, TemplateError."""
        if self.data is not None:
            if self.data:
                yield self.data
            return
        plain = self._plain()
        async for piece in _packed(plain) if self.encoding else plain:
            yield piece

    def stretch(self, start: int, end: int) -> Body:
        """Return the bytes from `start` up to `end` (before compression) as a body of their own."""
        parts: list[bytes | Segment] = []
        at = 0
        for part in self._parts:
            size = len(part) if isinstance(part, bytes) else part.size
            if size is None:
                raise ValueError("a body of unknown length is not cut")
            first, last = max(start - at, 0), min(end - at, size)
            if first < last:
                parts.append(part[first:last] if isinstance(part, bytes) else Cut(part, first, last))
            at += size
        compressed = self.encoding is not None
        if all(isinstance(one, bytes) for one in parts):
            plain = b"".join(one for one in parts if isinstance(one, bytes))
            if len(plain) <= SMALL:
                return Body((), media_type=self.media_type, compressed=compressed, plain=plain)
        return Body(parts, media_type=self.media_type, compressed=compressed)

    async def _plain(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            if isinstance(part, bytes):
                if part:
                    yield part
            else:
                async for piece in part.pieces():
                    yield piece


class Cut:
    """Part of a segment."""

    __slots__ = ("_end", "_segment", "_start")

    def __init__(self, segment: Segment, start: int, end: int) -> None:
        self._segment, self._start, self._end = segment, start, end

    @property
    def weight(self) -> int:
        """How many bytes are read, roughly."""
        return self._end - self._start

    @property
    def size(self) -> int:
        """How many bytes it comes to."""
        return self._end - self._start

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield its bytes."""
        last = self._end if end is None else min(self._start + end, self._end)
        return self._segment.pieces(self._start + start, last)

    async def whole(self) -> bytes:
        """Return its bytes."""
        return b"".join([piece async for piece in self.pieces()])


async def made(
    parts: Sequence[bytes | Segment], *, media_type: str | None, compressed: bool, measured: bool = False
) -> Body:
    """Make a body: one that is small is read now. With `measured` its length is known, whatever it takes.

    Raises StoreError, TemplateError.
    """
    weight = 0
    for one in parts:
        weight += len(one) if isinstance(one, bytes) else one.weight
    if weight <= SMALL:
        plain = b"".join([one if isinstance(one, bytes) else await one.whole() for one in parts])
        if len(plain) <= SMALL:
            return Body((), media_type=media_type, compressed=compressed, plain=plain)
    if measured:
        parts = [
            await one.measure() if isinstance(one, Converted) and one.size is None else one for one in parts
        ]
    return Body(parts, media_type=media_type, compressed=compressed)


def _length(parts: Sequence[bytes | Segment]) -> int | None:
    total = 0
    for one in parts:
        size = len(one) if isinstance(one, bytes) else one.size
        if size is None:
            return None
        total += size
    return total


async def _packed(plain: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    async for piece in plain:
        for part in _slices(piece):
            packed = (
                await asyncio.to_thread(packer.compress, part)
                if len(part) >= _IN_THREAD
                else packer.compress(part)
            )
            if packed:
                yield packed
    yield packer.flush()


def _slices(piece: bytes) -> Iterator[bytes]:
    if len(piece) <= SMALL:
        yield piece
        return
    for at in range(0, len(piece), SMALL):
        yield piece[at : at + SMALL]
