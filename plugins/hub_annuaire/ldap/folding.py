"""Words as people search for them, compared on our side of an LDAP server."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from hub_annuaire.looking import folding

_WORD: Final = re.compile(r"[^\W_]+")


def spelt(text: str) -> list[str]:
    """Return the words of a text as they are spelt, each once: for a server that has its own rules."""
    return list(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", text))))


def forms(word: str) -> tuple[str, ...]:
    """Return a word as it is spelt, and without accents: many directories hold names so."""
    return (word,) if word.isascii() else (word, "".join(folding.typed(word)))


def begin(sought: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether each word that is sought begins a word of the texts; accents and case don't matter."""
    held = [word for text in texts for word in folding.fold(text)]
    return all(
        any(word.startswith((one, folding.spelt_out(one))) for word in held)
        for text in sought
        for one in folding.typed(text)
    )


def has(sought: str, texts: Iterable[str]) -> bool:
    """Whether each word that is sought is a whole word of the texts."""
    return {word for text in texts for word in folding.fold(text)}.issuperset(folding.fold(sought))
