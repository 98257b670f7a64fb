"""Functions of templates for texts. Numbers and moments count as texts, as they would be written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hub_http.mapping.encodings import bounded
from hub_http.mapping.faults import UnfitError
from hub_http.mapping.limits import MAX_INTEGER, MAX_TEXT
from hub_http.mapping.seen import named, written
from hub_http.mapping.streams import Streamed

_MAX_WIDTH: Final = 1000


def string(value: Any) -> Any:
    """Return a value as text."""
    return value if isinstance(value, Streamed) else written(value)


def lower(value: Any) -> str:
    """Return a text in lower case."""
    return written(value).lower()


def upper(value: Any) -> str:
    """Return a text in upper case."""
    return written(value).upper()


def trim(value: Any, characters: str | None = None) -> str:
    """Take white space, or other characters, off both ends."""
    return written(value).strip(characters)


def truncate(value: Any, length: int, unit: str = "characters", end: str = "") -> str:
    """Cut a text to so many characters or bytes of UTF-8; `end` stands at the end of one that was cut."""
    text = written(value)
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise UnfitError("the length is no number from 0", "la longueur n'est pas un nombre à partir de 0")
    if unit == "characters":
        return text if len(text) <= length else text[: max(length - len(end), 0)] + end[:length]
    if unit != "bytes":
        raise UnfitError("the unit is neither characters nor bytes", "l'unité n'est ni characters ni bytes")
    data = text.encode("utf-8", "replace")
    if len(data) <= length:
        return text
    tail = end.encode()[:length]
    # A character that does not fit whole is left out whole.
    return (data[: length - len(tail)].decode("utf-8", "ignore")) + tail.decode("utf-8", "ignore")


def pad(value: Any, width: int, character: str = "0") -> str:
    """Fill a text up on the left."""
    if (
        not isinstance(width, int)
        or width > _MAX_WIDTH
        or not isinstance(character, str)
        or len(character) != 1
    ):
        raise UnfitError(
            f"a text is padded to {_MAX_WIDTH} at most, with one character",
            f"un texte est complété jusqu'à {_MAX_WIDTH} au plus, avec un caractère",
        )
    return written(value).rjust(width, character)


def replace(value: Any, old: str, new: str) -> str:
    """Put one text in the place of another, wherever it is found."""
    text, old, new = written(value), written(old), written(new)
    if not old:
        raise UnfitError("nothing can't be replaced", "rien ne peut être remplacé")
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
        raise UnfitError("it becomes too long", "il devient trop long")
    return text.replace(old, new)


def split(value: Any, separator: str, most: int = -1) -> list[str]:
    """Cut a text at each separator, at most so many times."""
    separator = written(separator)
    if not separator:
        raise UnfitError("the separator is empty", "le séparateur est vide")
    return written(value).split(separator, most)


def join(value: Any, separator: str = "", attribute: str | None = None) -> str:
    """Put the members of a list together; those without a value are left out."""
    if attribute is not None:
        raise UnfitError(
            "join has no attribute: write map('…') | join",
            "join n'a pas d'attribut : écrivez map('…') | join",
        )
    if not isinstance(value, list | tuple):
        raise UnfitError(f"{named(value)[0]} is no list", f"{named(value)[1]} n'est pas une liste")
    parts = [written(one) for one in value if one is not None]
    separator = written(separator)
    if sum(map(len, parts)) + len(separator) * len(parts) > MAX_TEXT:
        raise UnfitError("it becomes too long", "il devient trop long")
    return separator.join(parts)


def joined(values: Iterable[Any]) -> str:
    """Put values together as `~` does."""
    return bounded("".join([written(one) for one in values]))


def int_(value: Any, base: int = 10) -> int:
    """Return a whole number from its text."""
    try:
        number = int(written(value).strip(), base)
    except (ValueError, TypeError):
        raise UnfitError("the text is no whole number", "le texte n'est pas un nombre entier") from None
    if abs(number) > MAX_INTEGER:
        raise UnfitError("a number becomes too large", "un nombre devient trop grand")
    return number
