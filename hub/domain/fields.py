"""Strict reading of the JSON objects in an envelope: each field is taken once, and none may be left."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from hub.errors import MalformedError, Words

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Fields:
    """One JSON object being read. Every method raises MalformedError, whose words name the field."""

    def __init__(self, path: str, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise malformed(path or "envelope", "is not an object")
        self._path = path
        self._left = dict(value)

    def path(self, name: str) -> str:
        """Return where a field stands, from the envelope down."""
        return f"{self._path}.{name}" if self._path else name

    def take(self, name: str) -> Any:
        """Take a field of any kind."""
        if name not in self._left:
            raise malformed(self.path(name), "is missing")
        return self._left.pop(name)

    def finish(self) -> None:
        """Refuse every field that was not taken."""
        for name in self._left:
            raise malformed(self.path(name), "is not a field of envelope version 1")

    def text(self, name: str, form: re.Pattern[str] | None = None) -> str:
        """Take a text; only a subject may be empty."""
        value = self.take(name)
        if not isinstance(value, str) or (not value and name != "subject"):
            raise malformed(self.path(name), "is not a text with something in it")
        if form is not None and not form.fullmatch(value):
            raise malformed(self.path(name), "is not of its form")
        return value

    def optional_text(self, name: str, form: re.Pattern[str] | None = None) -> str | None:
        """Take a text that may be absent."""
        return self.text(name, form) if name in self._left else None

    def integer(self, name: str) -> int:
        """Take a whole number, 0 or more."""
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise malformed(self.path(name), "is not a whole number from 0")
        return value

    def choice(self, name: str, choices: type[E]) -> E:
        """Take one of a few words."""
        return _choice(self.path(name), choices, self.take(name))

    def choices(self, name: str, choices: type[E]) -> tuple[E, ...]:
        """Take a list of such words; it may be absent, and is never empty."""
        return tuple(_choice(self.path(name), choices, one) for one in self.texts(name))

    def time(self, name: str) -> datetime:
        """Take a moment as `times.rfc3339` writes it."""
        text = self.text(name, _TIME)
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise malformed(self.path(name), "is not a moment in time") from None

    def only(self, name: str, read: Callable[[Fields], T]) -> T:
        """Take an object and have `read` take all of its fields."""
        return self._read(self.path(name), self.take(name), read)

    def several(self, name: str, read: Callable[[Fields], T], least: int = 0) -> tuple[T, ...]:
        """Take a list of objects; it may be absent unless `least` is 1, and is never empty."""
        if name not in self._left and not least:
            return ()
        path, values = self.path(name), self.take(name)
        if not isinstance(values, list) or not values:
            raise malformed(path, "is not a list with something in it")
        return tuple(self._read(f"{path}[{index}]", value, read) for index, value in enumerate(values))

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts; it may be absent, and is never empty."""
        if name not in self._left:
            return ()
        values = self.take(name)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            raise malformed(self.path(name), "is not a list of texts with something in it")
        return tuple(values)

    @staticmethod
    def _read(path: str, value: Any, read: Callable[[Fields], T]) -> T:
        fields = Fields(path, value)
        result = read(fields)
        fields.finish()
        return result


def _choice(path: str, choices: type[E], value: Any) -> E:
    try:
        return choices(value)
    except ValueError:
        raise malformed(path, f"is none of {', '.join(choices)}") from None


def malformed(field: str, what: str) -> MalformedError:
    """Make the error for a field; `what` continues a sentence that begins with it."""
    return MalformedError(
        "envelope.malformed",
        Words(
            en=f"The envelope can't be read: {field} {what}.",
            fr=f"L'enveloppe est illisible : le champ {field} n'est pas conforme ({what}).",
        ),
        field=field,
    )
