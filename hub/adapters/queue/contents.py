"""Contents at rest and contents being written (`hub.ports.content`)."""

from __future__ import annotations

import asyncio
import bisect
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Final

from hub.adapters.queue.vessel import Vessel, frames_of
from hub.domain.ids import DocumentId
from hub.errors import LimitError, Words
from hub.ports.content import PIECE

AT_ONCE: Final = 16
"""Frames of a content that are written on the event loop's thread."""
_IN_A_ROW: Final = 4
"""Frames that are read before others get their turn, if none had to wait for the disk."""

Run = tuple[int, int]
"""A frame's number and where it begins; those after it follow without a gap."""


class StoredContent:
    """One content of a stage (`Content`). `plain` are its bytes while they are kept in memory.

    `stage` is where it was written, until it is stored.
    """

    __slots__ = ("_plain", "_sha256", "_size", "number", "runs", "stage", "vessel")

    def __init__(
        self,
        vessel: Vessel,
        number: int,
        runs: Sequence[Run],
        *,
        size: int,
        sha256: str,
        plain: bytes | None = None,
        stage: StoredStage | None = None,
    ) -> None:
        self.stage = stage
        self.vessel = vessel
        self.number = number
        self.runs = tuple(runs)
        self._size = size
        self._sha256 = sha256
        self._plain = plain

    @property
    def size(self) -> int:
        """How many bytes."""
        return self._size

    @property
    def sha256(self) -> str:
        """Digest in lower-case hexadecimal."""
        return self._sha256

    @property
    def weight(self) -> int:
        """Bytes that keeping it readable takes in memory."""
        return 0 if self._plain is None else len(self._plain)

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from `start` up to `end`. Raises StoreError."""
        start, end, _ = slice(start, end).indices(self._size)
        if self._plain is not None:
            for at in range(start, end, PIECE):
                yield self._plain[at : min(end, at + PIECE)]
            return
        if start >= end:
            return
        for number, frame in enumerate(range(start // PIECE, (end - 1) // PIECE + 1), 1):
            data = await self._frame(frame)
            if number % _IN_A_ROW == 0:
                # Undoing encodings takes far longer than reading: one large mail must not hold up the rest.
                await asyncio.sleep(0)
            first = frame * PIECE
            yield data[max(0, start - first) : end - first]

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from `start` up to `end` at once. Raises StoreError."""
        if self._plain is not None:
            return self._plain[start:end]
        return b"".join([piece async for piece in self.pieces(start, end)])

    @property
    def plain_kept(self) -> bool:
        """Whether the bytes are in memory."""
        return self._plain is not None

    def forget_plain(self) -> None:
        """Let go of the bytes in memory; from now on they are read from rest."""
        self._plain = None

    async def _frame(self, frame: int) -> bytes:
        length = min(PIECE, self._size - frame * PIECE)
        last = frame == frames_of(self._size) - 1
        first, begins = self.runs[bisect.bisect_right(self.runs, (frame, 1 << 62)) - 1]
        at = begins + (frame - first) * (PIECE + 16)
        # What was written a moment ago is still in the system's memory: a thread would cost more.
        data = self.vessel.open_at_once(self.number, frame, at, length, last=last)
        if data is not None:
            return data
        return await asyncio.to_thread(self.vessel.open, self.number, frame, at, length, last=last)


class StoredSink:
    """A content being written (`Sink`): hashed, encrypted and put down frame by frame."""

    def __init__(self, stage: StoredStage, number: int, limit: int) -> None:
        self._stage = stage
        self._number = number
        self._limit = limit
        self._size = 0
        self._frames = 0
        self._buffer = bytearray()
        self._digest = hashlib.sha256()
        self._runs: list[Run] = []

    async def write(self, data: bytes) -> None:
        """Take more bytes. Raises StoreError or LimitError: then the content is of no more use."""
        self._size += len(data)
        if self._size > self._limit:
            raise LimitError(
                "content.too_large",
                Words(
                    en=f"The content is larger than {self._limit} bytes.",
                    fr=f"Le contenu dépasse {self._limit} octets.",
                ),
                limit=self._limit,
            )
        self._buffer += data
        # The last frame is marked: a full one waits until it is known whether more follows.
        while len(self._buffer) > PIECE:
            frame = bytes(memoryview(self._buffer)[:PIECE])
            del self._buffer[:PIECE]
            await self._put(frame, last=False)

    async def finish(self) -> StoredContent:
        """Say that this was all."""
        data = bytes(self._buffer)
        self._buffer = bytearray()
        await self._put(data, last=True)
        content = StoredContent(
            self._stage.vessel,
            self._number,
            self._runs,
            size=self._size,
            sha256=self._digest.hexdigest(),
            plain=None if self._stage.vessel.filed or self._frames > 1 else data,
            stage=self._stage,
        )
        self._stage.contents.append(content)
        return content

    async def _put(self, data: bytes, *, last: bool) -> None:
        stage, frame = self._stage, self._frames
        async with stage.turn:
            spills = stage.vessel.spills(len(data) + 16)
            # A write goes to the system's memory and takes as long as a copy, less than a thread costs;
            # a long row of them may come to wait for the disk.
            if spills and frame >= AT_ONCE:
                at = await asyncio.to_thread(self._put_down, data, frame, last=last)
            else:
                at = self._put_down(data, frame, last=last)
            if spills:
                stage.forget_plain()
        if not self._runs or self._runs[-1][1] + (frame - self._runs[-1][0]) * (PIECE + 16) != at:
            self._runs.append((frame, at))
        self._frames += 1

    def _put_down(self, data: bytes, frame: int, *, last: bool) -> int:
        self._digest.update(data)
        vessel = self._stage.vessel
        return vessel.append(vessel.seal(self._number, frame, data, last=last))


class StoredStage:
    """The contents of one submission (`Stage`)."""

    def __init__(self, id_: str, vessel: Vessel, max_content: int) -> None:
        self.id = id_
        self.vessel = vessel
        self.contents: list[StoredContent] = []
        self.turn = asyncio.Lock()
        self._max_content = max_content
        self._numbers = 0
        self._pledges = 0
        self._kept = False
        self._discarded = False

    def sink(self, limit: int | None = None) -> StoredSink:
        """Begin a content of at most `limit` bytes."""
        self._numbers += 1
        most = self._max_content if limit is None else min(limit, self._max_content)
        return StoredSink(self, self._numbers, most)

    async def keep(self, data: bytes) -> StoredContent:
        """Store `data` at once."""
        sink = self.sink()
        await sink.write(data)
        return await sink.finish()

    async def discard(self) -> None:
        """Forget everything; harmless once stored, and while being stored."""
        self._discarded = True
        self._clear()

    @property
    def kept(self) -> bool:
        """Whether the contents are the store's."""
        return self._kept

    def forget_plain(self) -> None:
        """Stop holding in memory what has outgrown it."""
        for content in self.contents:
            content.forget_plain()

    def pledge(self) -> None:
        """Say that the contents are being stored: they must not vanish now."""
        self._pledges += 1

    def release(self, *, kept: bool) -> None:
        """Say that storing ended, and whether the contents are the store's now."""
        self._pledges -= 1
        self._kept = self._kept or kept
        if self._pledges:
            return
        if self._kept:
            self._let_go()
        elif self._discarded:
            self._clear()

    def _let_go(self) -> None:
        """Stop holding the encrypted bytes of what is readable without them."""
        if all(one.plain_kept for one in self.contents):
            self.vessel.forget()
        for content in self.contents:
            content.stage = None
        self.contents.clear()

    def _clear(self) -> None:
        if not self._kept and not self._pledges:
            self.contents.clear()
            self.vessel.remove()


def by_document(
    ids: Sequence[DocumentId], contents: Sequence[StoredContent]
) -> dict[DocumentId, StoredContent]:
    """Name contents by the documents they are."""
    return dict(zip(ids, contents, strict=True))
