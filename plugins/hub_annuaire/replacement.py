"""A file that is made beside the one in use and takes its place at once, or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hub_annuaire import faults


@dataclass(frozen=True, slots=True)
class Place:
    """Where files that may take the place of `path` are made. Only one import has it at a time."""

    path: Path

    def empty(self) -> Path:
        """Make an empty file; what was made before is thrown away. Raises OSError."""
        self.clear()
        new = self._new()
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        return new

    def copy(self) -> Path:
        """Make a copy of what is in use; what was made before is thrown away. Raises OSError."""
        new = self.empty()
        shutil.copyfile(self.path, new)
        return new

    def take(self, new: Path) -> None:
        """Put a finished file into its place, durably. Raises OSError."""
        _sync(new)
        new.replace(self.path)
        _sync(self.path.parent)

    def clear(self) -> None:
        """Throw away what was made and not taken, by this import or one that was killed."""
        for left in self.path.parent.glob(f"{self.path.name}.*.new*"):
            with suppress(OSError):
                left.unlink(missing_ok=True)

    def _new(self) -> Path:
        # a name of its own: what another import still writes, though it was killed, is another file
        return self.path.with_name(f"{self.path.name}.{os.getpid()}-{os.urandom(4).hex()}.new")


@contextmanager
def replacing(path: Path) -> Iterator[Place]:
    """Yield the place where a file is made that may replace `path`.

    One at a time, over all processes: a second one gets StoreError. What a killed process left
    behind is removed by the next.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise faults.import_running(path) from None
        place = Place(path)
        try:
            yield place
        finally:
            place.clear()
    finally:
        os.close(lock)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
