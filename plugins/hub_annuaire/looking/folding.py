"""Text → the words by which it is found: no accents, no case, no hyphens, no apostrophes.

Only letters and digits come out of here, so no word can mean anything to a query language.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

REMEMBERED: Final = 1 << 14
"""Texts whose words are remembered: labels, towns and names come again and again."""

_ASCII: Final = re.compile(r"[a-z0-9]+")
_COMPOUND: Final = re.compile(r"\w+(?:['’ʼ‐‑-]\w+)+")
_LETTERS: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_SAME: Final = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


def typed(text: str) -> tuple[str, ...]:
    """Return the words of what somebody typed, in order, each once."""
    return tuple(dict.fromkeys(_split(text)))


@lru_cache(REMEMBERED)
def known(text: str) -> tuple[str, ...]:
    """Return the words of a text that is to be found, in order, each once; `St` is `saint`."""
    return tuple(dict.fromkeys(_SAME.get(one, one) for one in _split(text)))


def spelt_out(word: str) -> str:
    """Return `saint` for `st`, and any other word as it is."""
    return _SAME.get(word, word)


@lru_cache(REMEMBERED)
def joined(text: str) -> tuple[str, ...]:
    """Return what stands between spaces, written in one word: `lhermitte` for `L'Hermitte`."""
    if "'" not in text and "-" not in text and text.isascii():
        return ()
    return tuple("".join(_split(one)) for one in _COMPOUND.findall(text))


def _split(text: str) -> list[str]:
    if text.isascii():
        return _ASCII.findall(text.lower())
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(
        one if one.isalnum() else " " for one in folded if unicodedata.category(one) != "Mn"
    ).split()
