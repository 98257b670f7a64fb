"""In which language the program speaks: French or English, by LC_ALL, LC_MESSAGES or LANG.

The program is written in English; help texts are translated by the catalogue in `hub.cli.french`
when they are about to be shown. Everything else comes as `Words` with both languages.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.errors import Words

VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def tag(environment: Mapping[str, str] | None = None) -> str:
    """Return `fr` or `en`. The first variable that is set decides, as POSIX has it."""
    environment = os.environ if environment is None else environment
    chosen = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    return "fr" if chosen.lower().startswith("fr") else "en"


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
