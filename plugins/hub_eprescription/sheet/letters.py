"""Letters on paper: which characters the sheet can show, in what font, and how wide they are.

Noto Sans shows every Latin letter in use, Greek and Cyrillic; FiraGO lends it signs such as ≤ (both from the
package `pymupdf-fonts`); the fonts that come with reportlab stand in where that package is not installed,
and know the letters of Western Europe only. A character that can't be shown rightly is refused by name;
none is dropped or replaced, for it may be part of a medicine's name or a dose. Scripts whose letters join,
stack or run from right to left are refused too: they would come out wrong without a shaping engine.
"""

# ruff: noqa: PLC0415 -- fonts are loaded when a sheet is printed, not when the hub starts
from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, Final

from hub.errors import InputError, Words

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]  # ships no types

_SCRIPTS: Final = ("LATIN ", "GREEK ", "CYRILLIC ", "MODIFIER LETTER ", "FEMININE ", "MASCULINE ", "MICRO ")
"""How the Unicode names of letters begin that stand alone, one after the other, from left to right."""
_UNSEEN: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Hints where a line may or may not break, nothing to see."""
_MARKS: Final = frozenset(":;!?»%")
_NUMBER: Final = re.compile(r"[(≤≥<>±~]?[0-9][0-9.,/-]*")
_SPACES: Final = 2
"""In the longest number and its unit that stay together: `10 000 UI`."""
_PACKED: Final = (("NotoSans_Regular", "NotoSans_Bold"), ("FiraGO_Regular", "FiraGO_Bold"))
_BUNDLED: Final = ("Vera.ttf", "VeraBd.ttf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One font in two weights; `shown` are the code points that both have."""

    regular: TTFont
    bold: TTFont
    shown: frozenset[int]

    def face(self, *, bold: bool) -> TTFont:
        """Return the font of a weight."""
        return self.bold if bold else self.regular


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Letters that one font shows."""

    font: str
    text: str


class Letters:
    """The fonts of the sheet, the preferred first."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = tuple(families)
        self._wide: dict[tuple[str, bool], float] = {}

    @property
    def usual(self) -> str:
        """The name of the font that most text is set in."""
        return str(self._families[0].regular.fontName)

    def tidy(self, text: str) -> str:
        """Return a text as it is printed: composed (NFC), tabs as spaces, line breaks kept.

        Raises InputError `prescription.unprintable`, which names the first character that can't be shown.
        """
        lines = "\n".join(text.split("\r\n")).replace("\r", "\n").replace("\t", " ").translate(_UNSEEN)
        composed = unicodedata.normalize("NFC", lines)
        for character in composed:
            if character != "\n" and not self._shows(character):
                raise _unprintable(character)
        return composed

    def width(self, text: str, *, bold: bool, size: float) -> float:
        """Return how wide a tidy text is, in points."""
        return size * sum(self._advance(character, bold=bold) for character in text)

    def runs(self, text: str, *, bold: bool) -> tuple[Run, ...]:
        """Cut a tidy text where the font must change."""
        return tuple(
            Run(font=str(family.face(bold=bold).fontName), text=part) for family, part in self._parts(text)
        )

    def wrap(self, text: str, *, bold: bool, size: float, room: float) -> tuple[str, ...]:
        """Break a tidy text into lines of at most `room` points: at spaces, within a word only if it must.

        A number and what it counts stay on one line, for a dose is misread when its unit is on the next; so
        do the marks that French sets apart.
        """
        lines: list[str] = []
        for given in text.split("\n"):
            line, reach = "", 0.0
            for word in self._joined(given, bold=bold, size=size, room=room):
                wide = self.width(word, bold=bold, size=size)
                space = self.width(" ", bold=bold, size=size)
                if not line:
                    line, reach = word, wide
                elif reach + space + wide <= room:
                    line, reach = f"{line} {word}", reach + space + wide
                else:
                    lines.append(line)
                    line, reach = word, wide
                if reach > room:
                    *full, line = self._pieces(line, bold=bold, size=size, room=room)
                    lines.extend(full)
                    reach = self.width(line, bold=bold, size=size)
            lines.append(line)
        return tuple(lines)

    def _joined(self, line: str, *, bold: bool, size: float, room: float) -> list[str]:
        """Return the words of a line, those together that are not to be parted and fit."""
        joined: list[str] = []
        last = ""
        for word in line.split(" "):
            if (
                word
                and joined
                and (word in _MARKS or (_NUMBER.fullmatch(last) and joined[-1].count(" ") < _SPACES))
            ):
                longer = f"{joined[-1]} {word}"
                if self.width(longer, bold=bold, size=size) <= room:
                    joined[-1], last = longer, word
                    continue
            joined.append(word)
            last = word
        return joined

    def _pieces(self, word: str, *, bold: bool, size: float, room: float) -> list[str]:
        pieces, begin, reach = [], 0, 0.0
        for place, character in enumerate(word):
            wide = size * self._advance(character, bold=bold)
            if place > begin and reach + wide > room:
                pieces.append(word[begin:place])
                begin, reach = place, 0.0
            reach += wide
        return [*pieces, word[begin:]]

    def _advance(self, character: str, *, bold: bool) -> float:
        known = self._wide.get((character, bold))
        if known is None:
            face = self._family(character).face(bold=bold)
            known = self._wide[character, bold] = float(face.stringWidth(character, 1))
        return known

    def _shows(self, character: str) -> bool:
        category = unicodedata.category(character)
        if category[0] in "MC" or category in {"Zl", "Zp"}:
            return False
        if category[0] == "L" and not unicodedata.name(character, "").startswith(_SCRIPTS):
            return False
        if category == "Nd" and not character.isascii():
            return False
        return any(ord(character) in family.shown for family in self._families)

    def _parts(self, text: str) -> Iterator[tuple[Family, str]]:
        for family, characters in groupby(text, self._family):
            yield family, "".join(characters)

    def _family(self, character: str) -> Family:
        return next(family for family in self._families if ord(character) in family.shown)


@cache
def letters() -> Letters:
    """Return the fonts, loaded once for the process."""
    try:
        packed = [_packed(*names) for names in _PACKED]
    except ModuleNotFoundError:
        packed = []
    return Letters([*packed, _family_of(*_BUNDLED)])


def _packed(*names: str) -> Family:
    return _family_of(*(io.BytesIO(import_module(f"pymupdf_fonts.{name}").fontbuffer) for name in names))


def _family_of(regular: str | io.BytesIO, bold: str | io.BytesIO) -> Family:
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]  # ships no types
    from reportlab.pdfbase.ttfonts import TTFont

    fonts = []
    for source in (regular, bold):
        font = TTFont("caducee", source, shapable=False)
        font.fontName = f"caducee-{font.face.name.decode('ascii')}"
        pdfmetrics.registerFont(font)
        fonts.append(font)
    shown = frozenset(fonts[0].face.charToGlyph) & frozenset(fonts[1].face.charToGlyph)
    return Family(regular=fonts[0], bold=fonts[1], shown=shown)


def _unprintable(character: str) -> InputError:
    name = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    sign = f"“{character}” ({name})" if character.isprintable() else name
    french = f"« {character} » ({name})" if character.isprintable() else name
    return InputError(
        "prescription.unprintable",
        Words(
            en=f"The sheet can't show the character {sign}. It prints Latin, Greek and Cyrillic letters and "
            "leaves none out; nothing was printed. The prescription itself is not concerned.",
            fr=f"La feuille ne peut pas montrer le caractère {french}. Elle imprime les lettres latines, "
            "grecques et cyrilliques sans en omettre ; rien n'a été imprimé. L'ordonnance elle-même n'est "
            "pas en cause.",
        ),
        character=name,
    )
