"""On which line of a TOML text each key stands; `tomllib` does not tell.

The scanner is for text that `tomllib` has already accepted: it finds keys and skips values, and it
checks nothing. Keys inside an inline table or an array have no line of their own: they stand where
the key stands that holds them. Tables of a list (`[[name]]`) are counted from 1: `name.2.key`.
"""

from __future__ import annotations

import re
import tomllib
from typing import Final

_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # two more quotes may stand before the closing three
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)
_BLANK: Final = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_PART: Final = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')[ \t]*""")


class Positions:
    """The line of every key of one TOML text, numbered from 1."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._stated: dict[str, int] = {}
        self._implied: dict[str, int] = {}
        self._counts: dict[tuple[str, ...], int] = {}
        self._line = 1
        self._at = 0
        self._scan()

    def line_of(self, key: str) -> int | None:
        """Return the line of a dotted key, or else of the nearest table around it; None for neither.

        Parts are joined by dots without quotes. Of two keys that are then the same, the first counts.
        """
        while key:
            line = self._stated.get(key) or self._implied.get(key)
            if line:
                return line
            key = key.rpartition(".")[0]
        return None

    def _scan(self) -> None:
        table: tuple[str, ...] = ()
        while self._move(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                listed = self._text.startswith("[[", self._at)
                self._at += 2 if listed else 1
                table = self._key()
                if listed:
                    self._count(table)
                self._state((), table)
                self._value()
            else:
                self._state(table, self._key())
                self._value()

    def _count(self, table: tuple[str, ...]) -> None:
        """Count one more table of a list; the lists inside it begin anew."""
        self._counts[table] = self._counts.get(table, 0) + 1
        for inner in [one for one in self._counts if len(one) > len(table) and one[: len(table)] == table]:
            del self._counts[inner]

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            found = _PART.match(self._text, self._at)
            if not found:
                raise ValueError("not a text that tomllib accepts")
            self._at = found.end()
            raw = found[1]
            parts.append(tomllib.loads(f"k = {raw}")["k"] if raw[0] in "\"'" else raw)
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._at += 1

    def _state(self, table: tuple[str, ...], key: tuple[str, ...]) -> None:
        for spelt in (table, self._counted(table)) if self._counts else (table,):
            for count in range(1, len(key)):
                self._implied.setdefault(".".join(spelt + key[:count]), self._line)
        for spelt in (table + key, self._counted(table + key)) if self._counts else (table + key,):
            self._stated.setdefault(".".join(spelt), self._line)

    def _counted(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """Put the number of each table of a list behind its name."""
        parts: list[str] = []
        for at, part in enumerate(key, 1):
            parts.append(part)
            if number := self._counts.get(key[:at]):
                parts.append(str(number))
        return tuple(parts)

    def _value(self) -> None:
        """Skip to the end of the line on which the value, or the table's header, ends."""
        depth = 0
        while found := _TOKEN.match(self._text, self._at):
            sign = found[0]
            if sign in "[{":
                depth += 1
            elif sign in "]}":
                depth -= 1
            elif sign == "\n" and depth <= 0:
                return
            self._move(_TOKEN)

    def _move(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        if found:
            self._line += found[0].count("\n")
            self._at = found.end()
        return self._at
