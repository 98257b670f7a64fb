"""What the commands of plugins share: the language of the terminal."""

from __future__ import annotations

import os
from typing import Final

from hub.errors import Words, spoken_at

LANGUAGE: Final = spoken_at(os.environ)
"""One of the hub's languages."""


def said(en: str, fr: str) -> str:
    """Return a text in the terminal's language."""
    return Words(en=en, fr=fr).in_language(LANGUAGE)
