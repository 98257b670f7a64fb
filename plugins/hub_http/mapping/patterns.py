"""Patterns (RFC 9485, and what Python's `re` has besides), each tried for a bounded time on a bounded text.

An expression such as `(a+)+$` can take ages on a short text. So no pattern is trusted: it is stopped after
`limits.PATTERN_SECONDS`, and then counts as one that does not match.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import regex  # type: ignore[import-untyped]

from hub_http.mapping.limits import MAX_PATTERN_TEXT, PATTERN_SECONDS

MAX_PATTERN: Final = 1000
"""Characters of a pattern."""


def fault(pattern: str) -> str | None:
    """Return what is wrong with a pattern; None when it can be used."""
    if len(pattern) > MAX_PATTERN:
        return f"longer than {MAX_PATTERN} characters"
    try:
        found = regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        return str(error)
    return "more than one group" if found.groups > 1 else None


def taken(pattern: str, text: str) -> str | None:
    """Return what the one group of a pattern holds, or all that it matches; None when it does not."""
    found = _tried(pattern, text, whole=False)
    if found is None:
        return None
    held: str | None = found[1] if found.re.groups else found[0]
    return held


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern matches all of a text."""
    return _tried(pattern, text, whole=True) is not None


def found_in(pattern: str, text: str) -> bool:
    """Whether a pattern matches some of a text."""
    return _tried(pattern, text, whole=False) is not None


def _tried(pattern: str, text: str, *, whole: bool) -> Any:
    if len(text) > MAX_PATTERN_TEXT or len(pattern) > MAX_PATTERN:
        return None
    try:
        compiled = _compiled(pattern)
        tried = compiled.fullmatch if whole else compiled.search
        return tried(text, timeout=PATTERN_SECONDS)
    except (TimeoutError, regex.error, MemoryError):
        return None


@lru_cache(1024)
def _compiled(pattern: str) -> Any:
    return regex.compile(pattern)
