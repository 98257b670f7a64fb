"""How long a client is ready to wait for the end of what it asked for (`Prefer: wait`, RFC 7240, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

USUAL_WAIT: Final = 5
"""Seconds, when a client does not say."""
MOST_WAIT: Final = 30
"""Seconds; who wants more is asked to come again."""

_PREFERENCE: Final = re.compile(
    r"""\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?P<value>"[^"]*"|[^\s",;]+))?\s*(?:;[^,]*)?(?:,|$)"""
)
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


def wait_of(given: Sequence[str]) -> int:
    """Return the seconds that `Prefer` headers ask for; what can't be read is as if it were not there.

    The first of two of one name counts (RFC 7240, 2). `respond-async` alone means: don't wait (4.1).
    """
    found: dict[str, str] = {}
    for one in _PREFERENCE.finditer(", ".join(given)):
        found.setdefault(one["name"].lower(), (one["value"] or "").strip('"'))
    if _SECONDS.fullmatch(found.get("wait", "")):
        return min(int(found["wait"]), MOST_WAIT)
    return 0 if "respond-async" in found else USUAL_WAIT
