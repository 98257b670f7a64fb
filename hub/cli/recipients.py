"""Whom a person means on the command line, as the API is told."""

from __future__ import annotations

from hub.cli import entries
from hub.domain.party import Identifier
from hub.domain.target import Description, read_target
from hub.errors import MalformedError, Words


def who(text: str) -> str | dict[str, str]:
    """Return a recipient as the API takes it. Raises MalformedError, which names the one it means."""
    try:
        meant = read_target(text)
    except MalformedError as error:
        words = error.words
        raise MalformedError(
            error.code, Words(en=f"{text}: {words.en}", fr=f"{text} : {words.fr}")
        ) from error
    match meant:
        case Identifier():
            scheme, number = entries.short(meant)
            return {scheme: number}
        case Description(name=name, specialty=specialty, town=town):
            parts = {"name": name, "specialty": specialty, "town": town}
            return {part: value for part, value in parts.items() if value}
    return str(meant)
