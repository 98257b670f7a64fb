"""Every list that was taken, with the moment: what a restart serves from, and who was admitted when.

One folder per list, named by its sequence, with the bytes as they came. A list appears there whole, or
not at all; any number of processes may write.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from hub.errors import HubError
from hub_trust import reading
from hub_trust.faults import Place
from hub_trust.reading import Files

FOLDER: Final = "lists"
_LIST: Final = "list"
_TAKEN: Final = "taken"
_NEW: Final = ".new-"
_LEFT_BEHIND: Final = 3600.0
"""Seconds after which a list that is being written never will be."""
_DIGITS: Final = 16
_LARGEST: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A list that was taken. Its signature is to be verified again: files can be changed."""

    sequence: int
    taken: datetime
    files: Files


class History:
    """The lists in one folder, at most `most` of them."""

    def __init__(self, data: Path, most: int) -> None:
        self._folder = data / FOLDER
        self._most = most

    def newest_first(self) -> Iterator[Kept]:
        """Yield what was kept; what can't be read is passed over."""
        for folder in sorted(self._folders(), reverse=True):
            with suppress(HubError, OSError, ValueError):
                yield _read(folder)

    def keep(self, sequence: int, files: Files, taken: datetime) -> None:
        """Keep a list, durably, and drop the oldest above the limit. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        new = Path(tempfile.mkdtemp(prefix=_NEW, dir=self._folder))
        try:
            _write(new / _LIST, files.data)
            if files.jws is not None:
                _write(new / (_LIST + reading.JWS), files.jws)
            _write(new / _TAKEN, taken.isoformat().encode())
            _sync(new)
            _put(new, self._folder / f"{sequence:0{_DIGITS}d}")
            _sync(self._folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        for folder in sorted(self._folders())[: -self._most]:
            shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what a killed process left behind."""
        for one in self._folder.glob(f"{_NEW}*"):
            if time.time() - one.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(one, ignore_errors=True)

    def _folders(self) -> list[Path]:
        try:
            found = list(self._folder.iterdir())
        except OSError:
            return []
        return [one for one in found if len(one.name) == _DIGITS and one.name.isdecimal()]


def _read(folder: Path) -> Kept:
    taken = datetime.fromisoformat((folder / _TAKEN).read_text())
    files = reading.load(folder / _LIST, _LARGEST)
    place = Place(f"{FOLDER}/{folder.name}/{_LIST}")
    return Kept(
        sequence=int(folder.name), taken=taken, files=Files(data=files.data, jws=files.jws, place=place)
    )


def _put(new: Path, final: Path) -> None:
    """Give a list its place; another one of its sequence, which does not count any more, makes room."""
    with suppress(OSError):
        if all(
            (final / one.name).read_bytes() == one.read_bytes() for one in new.iterdir() if one.name != _TAKEN
        ):
            # Somebody else has kept it already.
            return
    with suppress(OSError):
        final.rename(new.with_name(f"{new.name}.old"))
    new.rename(final)
    shutil.rmtree(new.with_name(f"{new.name}.old"), ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(number)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
