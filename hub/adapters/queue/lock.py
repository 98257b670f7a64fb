"""The lock that keeps a second `hub serve` from the same store."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from hub.adapters.queue import faults
from hub.adapters.queue.settings import StoreSettings


@contextmanager
def held(settings: StoreSettings) -> Iterator[None]:
    """Hold the store for this process; the system lets go when it ends, however it ends.

    Raises StoreError `store.in_use` when another one has it.
    """
    with faults.mapped():
        number = os.open(settings.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise faults.in_use(settings.path) from None
        yield
    finally:
        os.close(number)
