"""Stretches of a body that are made of documents: read in pieces, written as the body needs them.

Every segment may be read again, and from any place of it on: a chunk, a second attempt, a digest over all.
"""

from __future__ import annotations

import base64
import codecs
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from hub.errors import Words
from hub.ports.content import Content
from hub_http.mapping.faults import TemplateError

READ: Final = 3 * (64 << 10)
"""Bytes of a document that are encoded at a time: whole groups of three."""


class Segment(Protocol):
    """A stretch of a body."""

    @property
    def weight(self) -> int:
        """How many bytes are read for it."""
        ...

    @property
    def size(self) -> int | None:
        """How many bytes it comes to; None when only reading tells."""
        ...

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield its bytes from `start` up to `end`. Raises StoreError, TemplateError."""
        ...

    async def whole(self) -> bytes:
        """Return its bytes at once; for a small one."""
        ...


@dataclass(frozen=True, slots=True)
class Raw:
    """A document as it is."""

    content: Content = field(repr=False)

    @property
    def weight(self) -> int:
        """Its size."""
        return self.content.size

    @property
    def size(self) -> int:
        """Its size."""
        return self.content.size

    def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield its bytes."""
        return self.content.pieces(start, end)

    async def whole(self) -> bytes:
        """Return its bytes."""
        return await self.content.read()


@dataclass(frozen=True, slots=True)
class Grouped:
    """A document in an encoding that writes `taken` bytes as `given`: base64 3 as 4, hexadecimal 1 as 2.

    `bare` leaves out the padding at the end.
    """

    content: Content = field(repr=False)
    encode: Callable[[bytes], bytes]
    taken: int
    given: int
    bare: bool = False

    @property
    def weight(self) -> int:
        """The document's size."""
        return self.content.size

    @property
    def size(self) -> int:
        """How long it becomes, which is known beforehand."""
        groups, rest = divmod(self.content.size, self.taken)
        if self.bare:
            return groups * self.given + (rest + 1 if rest else 0)
        return (groups + bool(rest)) * self.given

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield it encoded; only the groups that are asked for are read."""
        end = self.size if end is None else min(end, self.size)
        if start >= end:
            return
        first = start // self.given
        skip = start - first * self.given
        left = end - start
        last = min(-(-end // self.given) * self.taken, self.content.size)
        kept = b""
        async for piece in self.content.pieces(first * self.taken, last):
            for at in range(0, len(piece), READ):
                data = kept + piece[at : at + READ]
                whole = len(data) - len(data) % self.taken
                kept = data[whole:]
                encoded = self.encode(data[:whole])[skip : skip + left]
                skip = 0 if whole else skip
                left -= len(encoded)
                if encoded:
                    yield encoded
        if kept and left > 0:
            yield self.encode(kept)[skip : skip + left]

    async def whole(self) -> bytes:
        """Return it encoded."""
        encoded = self.encode(await self.content.read())
        return encoded.rstrip(b"=") if self.bare else encoded


@dataclass(frozen=True, slots=True)
class Converted:
    """A segment of UTF-8 whose characters are escaped one by one. Its size is known once it is measured."""

    inner: Segment
    convert: Callable[[str], str]
    measured: int | None = None

    @property
    def weight(self) -> int:
        """What is read for the inner one."""
        return self.inner.weight

    @property
    def size(self) -> int | None:
        """How long it becomes, if that was measured."""
        return self.measured

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield it escaped; what comes before `start` has to be read too."""
        at = 0
        async for piece in self._all():
            after = at + len(piece)
            if after > start:
                part = piece[max(start - at, 0) : None if end is None else max(end - at, 0)]
                if part:
                    yield part
            at = after
            if end is not None and at >= end:
                return

    async def whole(self) -> bytes:
        """Return it escaped."""
        data = await self.inner.whole()
        try:
            return self.convert(data.decode()).encode()
        except UnicodeDecodeError:
            raise TemplateError("| text", _NO_TEXT) from None

    async def measure(self) -> Converted:
        """Return the same segment with its size known, which takes reading it once."""
        return Converted(self.inner, self.convert, sum([len(piece) async for piece in self._all()]))

    async def _all(self) -> AsyncIterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        async for piece in self.inner.pieces():
            for at in range(0, len(piece), READ):
                yield self._converted(decoder, piece[at : at + READ], final=False)
        yield self._converted(decoder, b"", final=True)

    def _converted(self, decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool) -> bytes:
        try:
            return self.convert(decoder.decode(data, final)).encode()
        except UnicodeDecodeError:
            raise TemplateError("| text", _NO_TEXT) from None


def base64_of(content: Content) -> Grouped:
    """Write a document in base64 (RFC 4648, 4)."""
    return Grouped(content, base64.b64encode, 3, 4)


def base64url_of(content: Content, *, bare: bool) -> Grouped:
    """Write it in base64 for URLs (RFC 4648, 5)."""
    return Grouped(content, _bare if bare else base64.urlsafe_b64encode, 3, 4, bare)


def hex_of(content: Content) -> Grouped:
    """Write it in lower-case hexadecimal."""
    return Grouped(content, _hex, 1, 2)


def _bare(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _hex(data: bytes) -> bytes:
    return data.hex().encode()


_NO_TEXT: Final = Words(en="the document is no text in UTF-8", fr="le document n'est pas du texte en UTF-8")
