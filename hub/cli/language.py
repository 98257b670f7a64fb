"""In which language the program speaks: French or English, by LC_ALL, LC_MESSAGES or LANG.

The program is written in English; help texts are translated by the catalogue in `hub.cli.french`
when they are about to be shown. Everything else comes as `Words` with both languages.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from hub.errors import Words, spoken_at


def tag() -> str:
    """Return `fr` or `en`."""
    return spoken_at(os.environ)


def told(words: Words) -> str:
    """Return the sentence in the language of the person at the terminal."""
    return words.in_language(tag())


def translate(command: Any, arguments: Sequence[str]) -> None:
    """Put the program's help into the person's language."""
    if tag() != "fr":
        return
    from hub.cli import french  # noqa: PLC0415 -- most runs show no help

    french.translate(command)
    if len(arguments) <= 1 or not {"--help", "-h"}.isdisjoint(arguments):
        french.translate_frame()
