"""One row of a sheet: its values, read strictly, and errors that say where it stands.

An error names file, line and column or key, never what stands there: it may be somebody's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from hub.errors import HubError, MalformedError, Words

T = TypeVar("T")
YEARS: Final = range(1900, 3000)
"""Years that a date may have; others are slips of the pen."""
SEVERAL: Final = " + "
"""What stands between several values in one field of a CSV file."""

_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_YES: Final = frozenset({"yes", "oui", "true", "vrai", "y", "o", "1", "x"})
_NO: Final = frozenset({"no", "non", "false", "faux", "n", "0", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One thing that rows say. `key` is its name; `names` are others that a CSV header may have.

    A `required` one must be in the header of a CSV file, and in each table of a TOML file.
    """

    key: str
    names: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a sheet holds: `[[table]]` in TOML, one line each in CSV."""

    table: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands; small enough to be kept for thousands of rows."""

    file: Path
    line: int

    def words(self, en: str, fr: str, key: str = "") -> Words:
        """Say where, then what."""
        key_en, key_fr = (f", “{key}”", f", « {key} »") if key else ("", "")
        return Words(
            en=f"{self.file.name}, line {self.line}{key_en}: {en}.",
            fr=f"{self.file.name}, ligne {self.line}{key_fr} : {fr}.",
        )

    def malformed(self, code: str, en: str, fr: str, key: str = "") -> MalformedError:
        """Make the error for what is not as it should be here."""
        return MalformedError(code, self.words(en, fr, key), file=str(self.file), line=self.line, key=key)


class Row:
    """The values of one row by `Column.key`; empty ones are absent.

    `line_of` gives the line of a key, `shown` the name under which the file has it.
    """

    def __init__(
        self,
        file: Path,
        values: Mapping[str, Any],
        *,
        line_of: Callable[[str], int],
        shown: Mapping[str, str] | None = None,
    ) -> None:
        self.file = file
        self._values = values
        self._line_of = line_of
        self._shown = shown or {}

    @property
    def spot(self) -> Spot:
        """Where the row begins."""
        return Spot(self.file, self._line_of(""))

    def has(self, key: str) -> bool:
        """Whether the row says anything under this key."""
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text on one line, in normal form C. Raises MalformedError; required without a default."""
        if key not in self._values:
            if default is None:
                raise self.wrong(key, "is missing: it takes a text", "est absent : il faut un texte")
            return default
        return self._plain(key, self._values[key])

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; in CSV they stand in one field, with ` + ` between them."""
        value = self._values.get(key, [])
        if isinstance(value, str):
            value = value.split(SEVERAL)
        if not isinstance(value, list):
            raise self.wrong(
                key,
                "is not a text or a list of texts; numbers stand in quotes",
                "n'est pas un texte ou une liste de textes ; les numéros se mettent entre guillemets",
            )
        return tuple(self._plain(key, one) for one in value)

    def day(self, key: str) -> date | None:
        """Return a date, None when there is none."""
        if key not in self._values:
            return None
        day = _day(self._values[key])
        if day is None or day.year not in YEARS:
            raise self.wrong(
                key,
                "is not a date, which is written 2026-08-26 or 26/08/2026",
                "n'est pas une date, qui s'écrit 2026-08-26 ou 26/08/2026",
            )
        return day

    def period(self, since: str, until: str) -> tuple[date | None, date | None]:
        """Return the first and the last day of a period, None for an open end."""
        first, last = self.day(since), self.day(until)
        if first is not None and last is not None and last < first:
            raise self.wrong(until, "is before the first day", "précède le premier jour")
        return first, last

    def flag(self, key: str) -> bool:
        """Return whether a yes stands there; nothing is no."""
        value = self._values.get(key, False)
        if isinstance(value, bool):
            return value
        plain = value.strip().lower() if isinstance(value, str) else None
        if plain in _YES or plain in _NO:
            return plain in _YES
        raise self.wrong(key, "is neither yes nor no", "n'est ni oui ni non")

    def integer(self, key: str, least: int, most: int) -> int | None:
        """Return a whole number between two bounds, None when there is none."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(most)):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise self.wrong(
            key,
            f"is not a whole number from {least} to {most}",
            f"n'est pas un nombre entier de {least} à {most}",
        )

    def choice(self, key: str, choices: Mapping[str, T], default: T | None = None) -> T:
        """Return what one of a few words stands for; case does not matter."""
        if default is not None and key not in self._values:
            return default
        said = choices.get(self.text(key).lower())
        if said is None:
            listed = ", ".join(choices)
            raise self.wrong(key, f"is none of {listed}", f"n'est aucun de {listed}")
        return said

    def parsed(self, key: str, parse: Callable[[str], T], text: str | None = None) -> T:
        """Have `parse` read a text; a HubError of its becomes this key's."""
        text = self.text(key) if text is None else text
        try:
            return parse(text)
        except HubError as error:
            en, fr = error.words.en.removesuffix("."), error.words.fr.removesuffix(".")
            raise self.wrong(key, en, fr) from error

    def wrong(self, key: str, en: str, fr: str) -> MalformedError:
        """Make the error for the value of a key."""
        spot = Spot(self.file, self._line_of(key))
        return spot.malformed("sheet.value", en, fr, self._shown.get(key, key))

    def twice(self, key: str, first: Spot) -> MalformedError:
        """Make the error for what stood at `first` already, and may stand only once."""
        return Spot(self.file, self._line_of(key)).malformed(
            "sheet.twice",
            f"stands already in {first.file.name}, line {first.line}",
            f"figure déjà dans {first.file.name}, ligne {first.line}",
            self._shown.get(key, key),
        )

    def _plain(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "is not a text with something in it", "n'est pas un texte non vide")
        text = " ".join(unicodedata.normalize("NFC", value).split())
        if not text.isprintable():
            raise self.wrong(key, "holds a sign that can't be seen", "contient un signe invisible")
        return text


def _day(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    found = _DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
