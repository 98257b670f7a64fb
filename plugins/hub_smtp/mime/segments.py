"""Bytes to be sent, some in memory and some to be read when their turn comes; the size is known before.

What is small is joined into one buffer; what is large is never whole in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from hub.ports.content import PIECE, Content
from hub_smtp.mime import encode
from hub_smtp.mime.limits import SMALL
from hub_smtp.mime.source import Held


@dataclass(frozen=True, slots=True)
class Stream:
    """Exactly `size` bytes, read anew at every call of `pieces`."""

    size: int
    pieces: Callable[[], AsyncIterator[bytes]] = field(repr=False)


Segment = bytes | Stream


@dataclass(frozen=True, slots=True)
class Segments:
    """Some bytes after one another. `eight_bit` says whether any of them may be beyond ASCII."""

    items: tuple[Segment, ...] = field(repr=False)
    eight_bit: bool = False

    @property
    def size(self) -> int:
        """How many bytes, exactly."""
        return sum(one.size if isinstance(one, Stream) else len(one) for one in self.items)

    @property
    def held(self) -> list[bytes] | None:
        """All of it when it is in memory, None when some is not."""
        held = [one for one in self.items if isinstance(one, bytes)]
        return held if len(held) == len(self.items) else None

    def whole(self) -> bytes | None:
        """Return all of it in one when it is in memory, None when some is not."""
        return None if (held := self.held) is None else b"".join(held)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield all of it: what is small joined with its neighbours, what is large cut into pieces."""
        held: list[bytes] = []
        for one in self.items:
            if isinstance(one, bytes) and len(one) <= PIECE:
                held.append(one)
                continue
            if held:
                yield b"".join(held)
                held.clear()
            # What fits the processor's cache is searched, encrypted and sent in a third of the time.
            async for piece in Held(one).pieces() if isinstance(one, bytes) else one.pieces():
                yield piece
        if held:
            yield b"".join(held)


def joined(parts: Iterable[Segment | Segments]) -> Segments:
    """Return segments after one another."""
    items: list[Segment] = []
    eight_bit = False
    for part in parts:
        if isinstance(part, Segments):
            items += part.items
            eight_bit = eight_bit or part.eight_bit
        else:
            items.append(part)
    return Segments(tuple(items), eight_bit)


async def of(content: Content) -> Segment:
    """Return a content's bytes when it is small, a stream of them when it is not."""
    return await content.read() if content.size <= SMALL else Stream(content.size, content.pieces)


def base64(data: Segments) -> Segment:
    """Return the base64 form, in lines with their CRLF."""
    if (whole := data.whole()) is not None:
        return encode.base64(whole)
    return Stream(encode.base64_size(data.size), lambda: encode.base64_pieces(data.pieces()))
