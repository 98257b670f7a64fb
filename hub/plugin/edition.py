"""Which edition of some files was read: a name that evidence can keep, and how old it is."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path


class Edition:
    """Made while files are read; holds nothing of what they say."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._changed: list[float] = []

    def add(self, path: Path) -> None:
        """Count a file in. Raises OSError."""
        with path.open("rb") as file:
            self._digest.update(hashlib.file_digest(file, "sha256").digest())
        self._changed.append(path.stat().st_mtime)

    def mix(self, data: bytes) -> None:
        """Count in what was read from elsewhere."""
        self._digest.update(hashlib.sha256(data).digest())

    @property
    def name(self) -> str:
        """Time of the newest file, for people, and a digest of all, which tells two contents apart.

        Empty without files.
        """
        if not self._changed:
            return ""
        newest = datetime.fromtimestamp(max(self._changed), UTC)
        return f"{newest:%Y-%m-%dT%H:%M} {self._digest.hexdigest()[:8]}"

    @property
    def oldest(self) -> datetime | None:
        """When the file that has not changed for the longest time did; None without files."""
        return datetime.fromtimestamp(min(self._changed), UTC) if self._changed else None
