"""Takes gzip off an answer (RFC 1952), a bounded piece at a time, and notices when it ends too early.

Also bounded is how much larger it may become: what compresses better than any document is a trap.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

PIECE: Final = 64 << 10
RATIO: Final = 200
"""How many times larger than it travelled a body may be, once it is over `FREE`."""
FREE: Final = 1 << 20
_GZIP: Final = 16 + zlib.MAX_WBITS


class PackedError(ValueError):
    """The bytes are no gzip, or not all of it."""


class BombError(ValueError):
    """It becomes too much larger."""


class Gunzip:
    """One body: members of gzip, one after the other."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(_GZIP)
        self._taken = self._given = 0

    def take(self, data: bytes) -> Iterator[bytes]:
        """Yield what comes out. Raises PackedError, BombError."""
        self._taken += len(data)
        while data:
            if self._inflater.eof:
                self._inflater = zlib.decompressobj(_GZIP)
            try:
                piece = self._inflater.decompress(data, PIECE)
            except zlib.error as error:
                raise PackedError("not gzip") from error
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            self._given += len(piece)
            if self._given > max(FREE, self._taken * RATIO):
                raise BombError("too much larger")
            if piece:
                yield piece
        # what a full piece left inside
        while not self._inflater.eof and (piece := self._drain()):
            yield piece

    def finish(self) -> None:
        """Say that nothing more comes. Raises PackedError when something is missing."""
        if self._taken and not self._inflater.eof:
            raise PackedError("it ends too early")

    def _drain(self) -> bytes:
        try:
            piece = self._inflater.decompress(b"", PIECE)
        except zlib.error as error:
            raise PackedError("not gzip") from error
        self._given += len(piece)
        if self._given > max(FREE, self._taken * RATIO):
            raise BombError("too much larger")
        return piece
