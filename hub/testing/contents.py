"""Contents and stages in memory, for the tests of whatever reads or writes them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from hub.errors import LimitError, Words
from hub.ports.content import PIECE


@dataclass(frozen=True, slots=True)
class MemoryContent:
    """Some bytes (`Content`)."""

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self.data)

    @property
    def sha256(self) -> str:
        """Digest in lower-case hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces."""
        stretch = self.data[start:end]
        for at in range(0, len(stretch), PIECE):
            yield stretch[at : at + PIECE]

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes at once."""
        return self.data[start:end]


class MemorySink:
    """A content being written (`Sink`)."""

    def __init__(self, stage: MemoryStage, limit: int | None) -> None:
        self._stage = stage
        self._limit = limit
        self._data = bytearray()

    async def write(self, data: bytes) -> None:
        """Take more bytes."""
        self._data += data
        if self._limit is not None and len(self._data) > self._limit:
            raise LimitError(
                "content.too_large",
                Words(
                    en=f"The content is larger than {self._limit} bytes.",
                    fr=f"Le contenu dépasse {self._limit} octets.",
                ),
                limit=self._limit,
            )

    async def finish(self) -> MemoryContent:
        """Say that this was all."""
        content = MemoryContent(bytes(self._data))
        self._stage.contents.append(content)
        return content


@dataclass(slots=True)
class MemoryStage:
    """The contents of one submission (`Stage`). `contents` are those finished, in order."""

    contents: list[MemoryContent] = field(default_factory=list)
    discarded: bool = False

    def sink(self, limit: int | None = None) -> MemorySink:
        """Begin a content."""
        return MemorySink(self, limit)

    async def keep(self, data: bytes) -> MemoryContent:
        """Store `data` at once."""
        sink = self.sink()
        await sink.write(data)
        return await sink.finish()

    async def discard(self) -> None:
        """Forget everything."""
        self.discarded = True
        self.contents.clear()
