"""What the commands share: their language, and options written NAME=VALUE."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from hub.errors import InputError, Words, spoken_at

LANGUAGE: Final = spoken_at(os.environ)


def said(en: str, fr: str) -> str:
    """Return a text in the terminal's language."""
    return Words(en=en, fr=fr).in_language(LANGUAGE)


def pairs(option: str, given: Sequence[str], code: str) -> dict[str, str]:
    """Read an option that may be repeated. Raises InputError `code` for one that is not NAME=VALUE."""
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InputError(
                code,
                Words(
                    en=f"{option} is written NAME=VALUE, not {one!r}.",
                    fr=f"{option} s'écrit NOM=VALEUR, pas {one!r}.",
                ),
            )
        found[name] = value
    return found
