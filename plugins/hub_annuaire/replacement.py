"""A file that is made beside the one in use and takes its place at once, or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hub_annuaire import faults


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file to fill; it replaces `path`, durably, when the block ends well.

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
        new = path.with_name(f"{path.name}.new")
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        try:
            yield new
            _sync(new)
            new.replace(path)
            _sync(path.parent)
        finally:
            with suppress(OSError):
                new.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
