"""The files of a copy, and who may write them.

`fhir.current` names the database that answers. A whole copy is made in a new file and takes its place
at once; an increment is one transaction in the file that answers.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub_annuaire.fhir import faults

_POINTER: Final = "fhir.current"
_ARRIVING: Final = "fhir.arriving.sqlite"
_COPIES: Final = "fhir-*.sqlite*"
_NUMBER: Final = re.compile(r"fhir-(\d+)\.sqlite")


@dataclass(frozen=True, slots=True)
class Files:
    """Where they are."""

    folder: Path

    @property
    def pointer(self) -> Path:
        """The file that names the database that answers; it is replaced when another does."""
        return self.folder / _POINTER

    @property
    def arriving(self) -> Path:
        """What a synchronisation has fetched so far."""
        return self.folder / _ARRIVING

    def current(self) -> Path | None:
        """Return the database that answers; None when there never was one. Raises OSError."""
        try:
            name = self.pointer.read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except ValueError:
            raise faults.damaged() from None
        if Path(name).name != name or not name:
            raise faults.damaged()
        return self.folder / name

    def put(self) -> Path:
        """Let what has arrived answer from now on, durably; the databases before it are removed.

        Nothing may have it open any more.
        """
        numbers = [int(found[1]) for one in self.folder.glob(_COPIES) if (found := _NUMBER.match(one.name))]
        new = self.folder / f"fhir-{max(numbers, default=0) + 1}.sqlite"
        _sync(self.arriving)
        self.arriving.rename(new)
        fresh = self.folder / f"{_POINTER}.new"
        fresh.write_text(f"{new.name}\n", "ascii")
        _sync(fresh)
        fresh.replace(self.pointer)
        _sync(self.folder)
        for path in self.folder.glob(_COPIES):
            if not path.name.startswith(new.name):
                path.unlink(missing_ok=True)
        return new

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other writer out, over all processes. Raises StoreError when there is one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.folder / "fhir.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise faults.running() from None
            yield
        finally:
            os.close(lock)


def remove(path: Path) -> None:
    """Remove a database and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}{suffix}").unlink()


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
