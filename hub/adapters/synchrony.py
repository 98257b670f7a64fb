"""Whether the system's clock is kept right by somebody (NTP, PTP), as the Linux kernel tells it."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_TIMEX_BYTES: Final = 512
"""More than `struct timex` has on any architecture; all zero, it asks and changes nothing."""
_ERROR: Final = 5
"""TIME_ERROR of adjtimex(2): the clock is not synchronised."""


def synchronised() -> bool | None:
    """Return what the kernel says; None when it does not tell (another system, a sandbox)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _ERROR
