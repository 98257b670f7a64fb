"""What the parts of the demonstration share: waiting, ending processes, the error that ends it all."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any, Final

from hub.errors import PeerError, Words

PATIENCE: Final = 30.0
"""Seconds to wait for anything before the demonstration says that it failed."""


def until(holds: Callable[[], bool], en: str, fr: str) -> None:
    """Wait until something holds, or raise PeerError with these words."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise failed(en, fr)
        time.sleep(0.05)


def failed(en: str, fr: str) -> PeerError:
    """Make the error that ends the demonstration."""
    return PeerError("demo.failed", Words(en=f"The demonstration failed: {en}", fr=f"Échec : {fr}"))


def end(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end, and see that it does."""
    process.terminate()
    if process.stdout is not None:
        process.stdout.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
