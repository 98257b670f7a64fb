"""In which language the program speaks: French or English, by LC_ALL, LC_MESSAGES or LANG.

The program is written in English; help texts are translated by the catalogue in `hub.cli.french`
when they are about to be shown. Everything else comes as `Words` with both languages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, Final

from hub.errors import Words, spoken_at

_BREAK: Final = re.compile(r"(?<!\n)\n(?!\n)")
"""A line's end inside a paragraph."""


def tag() -> str:
    """Return `fr` or `en`."""
    return spoken_at(os.environ)


def told(words: Words) -> str:
    """Return the sentence in the language of the person at the terminal."""
    return words.in_language(tag())


def translate(command: Any, arguments: Sequence[str]) -> None:
    """Put the program's help into the person's language, and into lines as wide as the terminal."""
    if tag() == "fr":
        from hub.cli import french  # noqa: PLC0415 -- most runs show no help

        french.translate(command)
        if len(arguments) <= 1 or not {"--help", "-h"}.isdisjoint(arguments):
            french.translate_frame()
    _unwrap(command)


def _unwrap(command: Any) -> None:
    """Join the lines of each paragraph: they were broken for who reads the source."""
    if command.help:
        command.help = _BREAK.sub(" ", command.help)
    for parameter in command.params:
        if getattr(parameter, "is_flag", False):
            # A flag takes no value, whatever its type is called.
            parameter.metavar = ""
    usual = command.get_help_option

    def get_help_option(context: Any) -> Any:
        option = usual(context)
        if option is not None:
            option.metavar = ""
        return option

    command.get_help_option = get_help_option
    for inner in getattr(command, "commands", {}).values():
        _unwrap(inner)
