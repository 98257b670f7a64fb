"""The encrypted bytes of one submission's contents: in memory while small, in one file beyond that.

Contents are encrypted in frames of `PIECE` bytes under the stage's own key (AES-256-GCM). A frame's
nonce is the content's number, the frame's number and whether it is the last: no frame can be moved,
left out or cut off unnoticed (STREAM; Hoang, Reyhanitabar, Rogaway, Vizár 2015). A key encrypts
each of these nonces once.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.adapters.queue import faults
from hub.ports.content import PIECE

TAG: Final = 16
"""Bytes that a frame is longer than what it holds."""


def frames_of(size: int) -> int:
    """Return in how many frames a content of `size` bytes is: an empty one has one."""
    return max(1, -(-size // PIECE))


class Vessel:
    """Grows by whole frames, then only read. Its methods block: on memory, or on a file.

    They may be called from several threads: whoever was cancelled may leave one at work.
    """

    __slots__ = ("_cipher", "_file", "_gone", "_held", "_lock", "_spill", "folder", "key", "name", "size")

    def __init__(
        self,
        key: bytes,
        folder: Path,
        name: str,
        *,
        held: bytes | None = None,
        filed: bool = False,
        spill: int = 0,
    ) -> None:
        self.key = key
        self.folder = folder
        self.name = name
        self.size = 0
        self._cipher = AESGCM(key)
        self._spill = spill
        self._held: bytearray | bytes | None = None if filed else held if held is not None else bytearray()
        self._file: int | None = None
        self._gone = False
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The file that takes the bytes beyond what is kept in memory."""
        return self.folder / self.name

    @property
    def filed(self) -> bool:
        """Whether the bytes are in the file."""
        return self._held is None

    @property
    def held(self) -> bytes | None:
        """The bytes, when they are in memory."""
        return None if self._held is None else bytes(self._held)

    def spills(self, more: int) -> bool:
        """Whether `more` bytes go to the file."""
        return self._held is None or self.size + more > self._spill

    def seal(self, number: int, frame: int, data: bytes | memoryview, *, last: bool) -> bytes:
        """Encrypt one frame."""
        return self._cipher.encrypt(_nonce(number, frame, last=last), data, None)

    def append(self, sealed: bytes) -> int:
        """Add an encrypted frame and return where it begins. Raises StoreError: then it was not added."""
        with self._lock, faults.mapped():
            if self._gone:
                raise faults.closed()
            at = self.size
            if isinstance(self._held, bytearray) and not self.spills(len(sealed)):
                self._held += sealed
            else:
                self._write(at, sealed)
            self.size += len(sealed)
        return at

    def sync(self) -> None:
        """Make the file's bytes durable; its name becomes so with its folder. Then only reading follows."""
        with self._lock, faults.mapped():
            if self._file is not None:
                os.fsync(self._file)
                self._close()

    def forget(self) -> None:
        """Let go of what is in memory; a file stays."""
        if self._held is not None:
            self._held = b""

    def remove(self) -> None:
        """Forget the bytes and take the file away."""
        with self._lock, faults.mapped():
            self._gone = True
            # On a full disk the file may be there although nothing came to be in it.
            begun = self.filed or self._file is not None
            self._close()
            if begun:
                self.path.unlink(missing_ok=True)
            self.forget()

    def open(self, number: int, frame: int, at: int, length: int, *, last: bool) -> bytes:
        """Decrypt the frame of `length` bytes that begins `at`, waiting for the disk if need be.

        Raises StoreError, `store.altered` when it is not the one that was written there.
        """
        sealed: bytes | memoryview
        if self._held is not None:
            sealed = bytes(self._held[at : at + length + TAG])
        else:
            with faults.mapped():
                sealed = self._read(at, length + TAG, 0)
        return self._opened(number, frame, sealed, last=last)

    def open_at_once(self, number: int, frame: int, at: int, length: int, *, last: bool) -> bytes | None:
        """Do as `open` when the bytes are in memory, ours or the system's; return None otherwise."""
        if self._held is not None:
            return self.open(number, frame, at, length, last=last)
        try:
            sealed = self._read(at, length + TAG, os.RWF_NOWAIT)
        except OSError:
            return None
        return self._opened(number, frame, sealed, last=last) if len(sealed) == length + TAG else None

    def _opened(self, number: int, frame: int, sealed: bytes | memoryview, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(number, frame, last=last), sealed, None)
        except (InvalidTag, ValueError):
            raise faults.altered() from None

    def _write(self, at: int, sealed: bytes) -> None:
        if self._file is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.open(self.path, flags, 0o600)
        if self._held is not None:
            _write_all(self._file, bytes(self._held), 0)
            self._held = None
        _write_all(self._file, sealed, at)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read(self, at: int, length: int, flags: int) -> memoryview:
        with self._lock:
            if self._file is not None:
                return _read_some(self._file, length, at, flags)
        number = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _read_some(number, length, at, flags)
        finally:
            os.close(number)


def _read_some(number: int, length: int, at: int, flags: int) -> memoryview:
    data = bytearray(length)
    return memoryview(data)[: os.preadv(number, [data], at, flags)]


def _write_all(number: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(number, view, at)
        view, at = view[written:], at + written


def _nonce(number: int, frame: int, *, last: bool) -> bytes:
    return number.to_bytes(4) + frame.to_bytes(7) + (b"\x01" if last else b"\x00")
