"""JSON from outside, read strictly: every field once, of its type, none unknown; faults are collected.

A field is named by its JSON pointer (RFC 6901). All faults of a message are told at once, up to `MOST`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

from hub.adapters.http import faults
from hub.adapters.http.faults import Fault
from hub.errors import HubError, Words

T = TypeVar("T")
MOST: Final = 20
MAX_LINE: Final = 998
"""Characters in a text of one line (RFC 5322, 2.1.1)."""

_ABSENT: Final = object()


class _Number:
    """Stands for any number: no field of this API takes one."""


class _Twice(dict[str, Any]):
    """An object in which one key stands twice."""

    key: str


def parse(data: bytes) -> Any:
    """Read JSON (RFC 8259) in UTF-8. Raises MalformedError `http.json` with line and column."""
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_constant,
        )
    except UnicodeDecodeError:
        raise faults.malformed(
            "The message is not UTF-8.", "Le message n'est pas en UTF-8.", code="http.json"
        ) from None
    except json.JSONDecodeError as error:
        raise faults.malformed(
            f"The message is not JSON: see line {error.lineno}, column {error.colno}.",
            f"Le message n'est pas du JSON : voyez ligne {error.lineno}, colonne {error.colno}.",
            code="http.json",
        ) from None
    except RecursionError:
        raise faults.malformed(
            "The message is nested too deeply.",
            "Le message est trop profondément imbriqué.",
            code="http.json",
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    marked = _Twice(value)
    marked.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return marked


def _number(_text: str) -> _Number:
    return _Number()


def _constant(_text: str) -> NoReturn:
    raise faults.malformed(
        "NaN and Infinity are not JSON.", "NaN et Infinity ne sont pas du JSON.", code="http.json"
    )


class Faults:
    """The faults found so far."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, pointer: str, en: str, fr: str) -> None:
        """Note one fault."""
        if len(self.found) < MOST:
            self.found.append(Fault(pointer, Words(en=en, fr=fr)))

    def check(self) -> None:
        """Raise MalformedError `http.fields` when there are any."""
        if self.found:
            raise faults.fields(self.found)


class Fields:
    """One JSON object. Each method takes a field; what is wrong is noted and read as absent."""

    def __init__(self, value: Any, pointer: str, found: Faults) -> None:
        self._pointer = pointer
        self._faults = found
        self._left: dict[str, Any] = {}
        if isinstance(value, _Twice):
            found.add(self.at(value.key), "Stands twice.", "Figure deux fois.")
        if isinstance(value, dict):
            self._left = dict(value)
        else:
            self.wrong(None, "Must be an object.", "Doit être un objet.")

    def at(self, name: str) -> str:
        """Return the pointer of a field."""
        return f"{self._pointer}/{name.replace('~', '~0').replace('/', '~1')[:64]}"

    def wrong(self, name: str | None, en: str, fr: str) -> None:
        """Note what is wrong with a field, or with the object itself."""
        self._faults.add(self._pointer if name is None else self.at(name), en, fr)

    def has(self, name: str) -> bool:
        """Whether the field is there and was not taken yet."""
        return name in self._left

    def finish(self, known: str) -> None:
        """Refuse every field that was not taken; `known` lists those there are."""
        for name in self._left:
            self.wrong(name, f"Is no field; known are {known}.", f"N'est pas un champ ; connus : {known}.")

    def text(
        self,
        name: str,
        *,
        required: bool = False,
        empty: bool = False,
        lines: bool = False,
        most: int = MAX_LINE,
    ) -> str | None:
        """Take a text: one line of at most `most` characters, or any number of `lines`."""
        value = self._take(name, required=required)
        if value is _ABSENT:
            return None
        if not isinstance(value, str):
            self.wrong(name, "Must be a text.", "Doit être un texte.")
        elif not value.strip() and not empty:
            self.wrong(name, "Is empty.", "Est vide.")
        elif len(value) > most:
            self.wrong(name, f"Has more than {most} characters.", f"A plus de {most} caractères.")
        elif (lines and not _printable(value, "\t\r\n")) or not (lines or _printable(value, "")):
            self.wrong(
                name,
                "Holds a control character or half a surrogate pair."
                if lines
                else "Holds a line break or control character.",
                "Contient un caractère de contrôle ou une demi-paire."
                if lines
                else "Contient un saut de ligne ou un contrôle.",
            )
        else:
            return value
        return None

    def raw(self, name: str) -> str | None:
        """Take a text of any length and content, for what is decoded by its reader."""
        value = self._take(name, required=False)
        if isinstance(value, str):
            return value
        if value is not _ABSENT:
            self.wrong(name, "Must be a text.", "Doit être un texte.")
        return None

    def parsed(self, name: str, parse: Callable[[str], T], *, required: bool = False) -> T | None:
        """Take a text and have `parse` read it; a HubError of its becomes this field's fault."""
        text = self.text(name, required=required)
        if text is None:
            return None
        try:
            return parse(text)
        except HubError as error:
            self.wrong(name, error.words.en, error.words.fr)
            return None

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """Take one of a few words."""
        value = self._take(name, required=False)
        if value is _ABSENT:
            return None
        if isinstance(value, str) and value in choices:
            return value
        listed = ", ".join(choices)
        self.wrong(name, f"Must be one of {listed}.", f"Doit être l'un de {listed}.")
        return None

    def items(self, name: str, *, most: int) -> list[tuple[Any, str]]:
        """Take a list; return its values with their pointers."""
        value = self._take(name, required=False)
        if value is _ABSENT:
            return []
        if not isinstance(value, list):
            self.wrong(name, "Must be a list.", "Doit être une liste.")
        elif len(value) > most:
            self.wrong(name, f"Has more than {most} entries.", f"A plus de {most} éléments.")
        else:
            return [(one, f"{self.at(name)}/{number}") for number, one in enumerate(value)]
        return []

    def value(self, name: str) -> Any:
        """Take a field of any type, which must be there."""
        value = self._take(name, required=True)
        return None if value is _ABSENT else value

    def object(self, name: str, *, required: bool = False) -> Fields | None:
        """Take an object, to be read in its turn."""
        value = self._take(name, required=required)
        return None if value is _ABSENT else Fields(value, self.at(name), self._faults)

    def texts(self, *, most: int) -> dict[str, str]:
        """Take whatever is left as texts of one line, at most `most` of them."""
        if len(self._left) > most:
            self.wrong(None, f"Has more than {most} entries.", f"A plus de {most} éléments.")
            return {}
        taken = {name: self.text(name, empty=True) for name in list(self._left)}
        return {name: text for name, text in taken.items() if text is not None}

    def _take(self, name: str, *, required: bool) -> Any:
        if name not in self._left and required:
            self.wrong(name, "Is missing.", "Est absent.")
        return self._left.pop(name, _ABSENT)


def _printable(text: str, allowed: str) -> bool:
    if text.isascii() and text.isprintable():
        return True
    return all(
        sign in allowed or unicodedata.category(sign) not in {"Cc", "Cs", "Zl", "Zp"} for sign in set(text)
    )
