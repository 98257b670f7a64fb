"""Reading BER (X.690) that is not whole in memory, from an iterator of pieces.

A reader goes forward only: `enter` and `leave` walk into constructed elements, `element` takes a small
one whole, `octets` yields a large octet string in pieces, whatever way it was cut.
Lengths inside must fit those outside. Raises MalformedError (`smime.malformed`) for what is not BER
and LimitError (`smime.too-large`) for a small element that is not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from hub_smtp.cms import ber, der, faults

_CONSTRUCTED: Final = 0x20
_INDEFINITE: Final = 0x80
_END: Final = b"\x00\x00"


class Reader:
    """A pull reader over `pieces`. `budget` bounds the bytes of all small elements together."""

    def __init__(self, pieces: AsyncIterator[bytes], budget: int) -> None:
        self._pieces = pieces
        self._limit = self._budget = budget
        self._held = bytearray()
        self._next = 0
        """Where in `_held` the next byte is."""
        self._passed = 0
        """How many bytes came before `_held`."""
        self._ends: list[int | None] = []
        """Where each open element ends; None where its length is indefinite."""

    async def enter(self, tag: int) -> None:
        """Go into the constructed element that follows, which must have this tag."""
        found, end, _ = await self._header()
        if found != tag or not tag & _CONSTRUCTED:
            raise faults.malformed("another element was expected")
        self._open(end)

    async def leave(self) -> None:
        """Go out of the element that was entered last; nothing may be left in it."""
        if await self._more():
            raise faults.malformed("something follows where nothing should")
        if self._ends.pop() is None:
            self._next += len(_END)

    async def peek(self) -> int | None:
        """Return the tag of the element that follows; None when the open element ends here."""
        if not await self._more():
            return None
        await self._need(1)
        return self._held[self._next]

    async def element(self, tag: int) -> ber.Element:
        """Return the element that follows, whole; it must have this tag."""
        raw = await self._whole()
        with faults.reading():
            return ber.single(raw, tag)

    async def octets(self, tag: int = der.OCTETS) -> AsyncIterator[bytes]:
        """Yield the bytes of the octet string that follows, in one part or in many."""
        found, end, _ = await self._header()
        depth = 0
        while True:
            if found == tag and end is not None:
                async for piece in self._run(end):
                    yield piece
            elif found == tag | _CONSTRUCTED:
                self._open(end)
                depth += 1
            else:
                raise faults.malformed("an octet string was expected")
            while depth and not await self._more():
                await self.leave()
                depth -= 1
            if not depth:
                return
            found, end, _ = await self._header()
            tag = der.OCTETS

    async def finish(self) -> None:
        """Say that everything was read: nothing may follow."""
        if self._ends or await self._has(1):
            raise faults.malformed("something follows where nothing should")

    @property
    def _at(self) -> int:
        return self._passed + self._next

    async def _has(self, size: int) -> bool:
        """Have `size` bytes at hand; False when the stream ends before."""
        while len(self._held) - self._next < size:
            piece = await anext(self._pieces, None)
            if piece is None:
                return False
            del self._held[: self._next]
            self._passed += self._next
            self._next = 0
            self._held += piece
        return True

    async def _need(self, size: int) -> None:
        if len(self._held) - self._next < size and not await self._has(size):
            raise faults.malformed("it ends inside an element")

    def _take(self, size: int) -> bytes:
        start, self._next = self._next, self._next + size
        return bytes(memoryview(self._held)[start : self._next])

    async def _more(self) -> bool:
        """Whether something follows inside the open element; there must be something outside of all."""
        if not self._ends:
            await self._need(1)
            return True
        if (end := self._ends[-1]) is not None:
            return self._at < end
        await self._need(len(_END))
        return self._held[self._next : self._next + len(_END)] != _END

    async def _header(self) -> tuple[int, int | None, bytes]:
        """Pass a header; return its tag, where its element ends (None: indefinite) and its bytes."""
        await self._need(2)
        with faults.reading():
            tag, first = ber.check_tag(self._held[self._next]), self._held[self._next + 1]
            size = 0 if first == _INDEFINITE else ber.length_size(first)
        await self._need(2 + size)
        head = self._take(2 + size)
        end = None if first == _INDEFINITE else self._at + (int.from_bytes(head[2:]) if size else first)
        if end is None and not tag & _CONSTRUCTED:
            raise faults.malformed("a primitive element of indefinite length")
        outer = next((one for one in reversed(self._ends) if one is not None), None)
        if outer is not None and (self._at if end is None else end) > outer:
            raise faults.malformed("an element is longer than the one around it")
        return tag, end, head

    def _open(self, end: int | None) -> None:
        if len(self._ends) >= ber.MAX_DEPTH:
            raise faults.malformed("too deep")
        self._ends.append(end)

    async def _whole(self) -> bytes:
        _, end, head = await self._header()
        self._spend(len(head))
        if end is not None:
            size = end - self._at
            self._spend(size)
            await self._need(size)
            return head + self._take(size)
        self._open(None)
        parts = [head]
        while await self._more():
            parts.append(await self._whole())
        await self.leave()
        return b"".join((*parts, _END))

    async def _run(self, end: int) -> AsyncIterator[bytes]:
        while (left := end - self._at) > 0:
            await self._need(1)
            yield self._take(min(left, len(self._held) - self._next))

    def _spend(self, size: int) -> None:
        self._budget -= size
        if self._budget < 0:
            raise faults.too_large(self._limit)
