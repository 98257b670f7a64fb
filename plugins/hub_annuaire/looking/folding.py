"""Text → the words by which it is found: no accents, no case, no hyphens, no apostrophes.

Only letters and digits come out of here, so no word can mean anything to a query language.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

REMEMBERED: Final = 1 << 15
"""Texts whose words are remembered: labels, towns and structures come again and again."""

_COMPOUND: Final = re.compile(r"\w+(?:['’ʼ‐‑-]\w+)+")
_LETTERS: Final = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss"}
_SAME: Final = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_LATIN: Final = {
    code: plain.lower()
    for code in range(0xC0, 0x180)
    if (plain := unicodedata.normalize("NFD", chr(code))[0]).isascii()
} | {ord(case): plain for one, plain in _LETTERS.items() for case in (one, one.upper()) if len(case) == 1}


_APART: Final = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()})


def typed(text: str) -> tuple[str, ...]:
    """Return the words of what somebody typed, in order, each once."""
    return tuple(dict.fromkeys(_split(text)))


def fold(text: str) -> list[str]:
    """Return the words of a text that is to be found, in order; `St` is `saint`."""
    words = _split(text)
    return words if _SAME.keys().isdisjoint(words) else [_SAME.get(one, one) for one in words]


@lru_cache(REMEMBERED)
def known(*texts: str) -> str:
    """Return the words of texts that come again and again, each once, between spaces."""
    return " ".join(dict.fromkeys(word for text in texts for word in fold(text)))


def of_address(key: str) -> str:
    """Return the words of an address between spaces."""
    return key.translate(_APART) if key.isascii() else " ".join(_split(key))


def joined(text: str) -> list[str]:
    """Return what stands between spaces, written in one word: `lhermitte` for `L'Hermitte`."""
    if "'" not in text and "-" not in text and "’" not in text:
        return []
    return ["".join(_split(one)) for one in _COMPOUND.findall(text)]


def spelt_out(word: str) -> str:
    """Return `saint` for `st`, and any other word as it is."""
    return _SAME.get(word, word)


def _split(text: str) -> list[str]:
    if not text.isascii():
        text = text.translate(_LATIN)
        if not text.isascii():
            folded = unicodedata.normalize("NFKD", text.casefold()).translate(_LATIN)
            return "".join(
                one if one.isalnum() else " " for one in folded if unicodedata.category(one) != "Mn"
            ).split()
    return text.lower().translate(_APART).split()
