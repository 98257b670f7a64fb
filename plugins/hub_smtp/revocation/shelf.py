"""Authorities' answers on disk, so that a start does not ask them all anew.

What is taken from here is verified like what comes from the network: nobody gains by altering it.
Every call blocks; callers that may not use a thread.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

MOST: Final = 10_000
"""Answers that are kept; the longest untouched go first."""
_SLACK: Final = 500


class Shelf:
    """A folder of answers, each under the digest of what it answers. Failing to keep one is no fault."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        """Use a folder, made when the first answer is kept."""
        self._folder = folder
        self._most = most
        self._added = _SLACK

    def read(self, name: bytes, most: int) -> tuple[bytes, datetime] | None:
        """Return an answer of at most `most` bytes and when it was kept, or None."""
        try:
            with self._path(name).open("rb") as file:
                kept_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                data = file.read(most + 1)
        except OSError:
            return None
        return (data, kept_at) if len(data) <= most else None

    def keep(self, name: bytes, data: bytes) -> None:
        """Keep an answer: whole or not at all."""
        path = self._path(name)
        temporary = path.with_name(f".{secrets.token_hex(8)}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                temporary.write_bytes(data)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            self._added += 1
            if self._added > _SLACK:
                self._added = 0
                self._tidy()
        except OSError:
            return

    def _path(self, name: bytes) -> Path:
        return self._folder / hashlib.sha256(name).hexdigest()

    def _tidy(self) -> None:
        with os.scandir(self._folder) as found:
            files = [(one.stat().st_mtime_ns, one.path) for one in found if one.is_file()]
        for _, path in sorted(files)[: max(0, len(files) - self._most)]:
            Path(path).unlink(missing_ok=True)
