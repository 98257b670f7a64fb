"""Which of the hub's languages a client reads (`Accept-Language`, RFC 9110, 12.5.4)."""

from __future__ import annotations

from typing import Final

from hub.errors import LANGUAGES

_MOST: Final = 20
"""Ranges looked at; a browser sends a handful."""


def preferred(header: str | None) -> str:
    """Return the language with the highest weight among ours; English when none is asked for."""
    best, weight = LANGUAGES[0], 0.0
    for one in (header or "").split(",", _MOST)[:_MOST]:
        tag, _, parameter = one.partition(";")
        language = tag.strip().lower().split("-", 1)[0]
        if language in LANGUAGES and (asked := _weight(parameter)) > weight:
            best, weight = language, asked
    return best


def _weight(parameter: str) -> float:
    name, equals, value = parameter.strip().partition("=")
    if not equals:
        return 1.0
    try:
        return float(value) if name.strip().lower() == "q" and value.isascii() else 0.0
    except ValueError:
        return 0.0
