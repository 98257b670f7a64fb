"""A list in TOML 1.0: the verified bytes → a draft of a list.

format = "caducee-trust-list-1"
list = "mssante.example"
sequence = 42
issued = 2026-03-03T12:00:00Z
next_update = 2026-03-10T12:00:00Z

[[operators]]
name = "Valbrume"
admitted = 2025-01-01T00:00:00Z
domains = ["valbrume.mssante.example", { name = "old.example", withdrawn = 2026-02-01T00:00:00Z }]
pins = ["dns:mx.valbrume.example"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hub_trust.content import Draft, DraftDomain, DraftOperator
from hub_trust.faults import Place

FORMAT: Final = "caducee-trust-list-1"
_HEADER: Final = re.compile(r"\s*\[\[\s*operators\s*\]\]")
_SYNTAX: Final = re.compile(r"at line (\d+)")


def read(data: bytes, place: Place) -> Draft:
    """Read a list. Raises MalformedError."""
    try:
        text = data.decode()
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise place.malformed(
            "encoding", "a list is written in UTF-8", "une liste est écrite en UTF-8"
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _SYNTAX.search(str(error))
        raise place.at(int(found[1]) if found else None).malformed(
            "toml", "this is not TOML", "ce n'est pas du TOML"
        ) from error
    whole = _Table(values, _Lines(text.splitlines()), place)
    if whole.take("format", str) != FORMAT:
        raise whole.wrong("format", f"is not “{FORMAT}”", f"n'est pas « {FORMAT} »")
    draft = Draft(
        name=whole.take("list", str),
        sequence=whole.take("sequence", int),
        issued=whole.moment("issued"),
        next_update=whole.moment("next_update"),
        operators=tuple(_operator(one) for one in whole.operators()),
    )
    whole.finish()
    return draft


class _Lines:
    """Finds keys and texts in the lines of a table, to say where something stands."""

    def __init__(self, lines: list[str], start: int = 0) -> None:
        self._lines = lines
        self._start = start

    def of(self, text: str) -> int | None:
        """Return the first line that holds a text, else where the table begins."""
        for number, line in enumerate(self._lines, self._start + 1):
            if text in line:
                return number
        return self._start + 1 if self._start else None

    def tables(self, count: int) -> list[_Lines]:
        """Return the lines of each `[[operators]]`; all of them when they are not written so."""
        starts = [number for number, line in enumerate(self._lines) if _HEADER.match(line)]
        if len(starts) != count:
            return [self] * count
        ends = [*starts[1:], len(self._lines)]
        return [_Lines(self._lines[at:end], at) for at, end in zip(starts, ends, strict=True)]


class _Table:
    """One table being read: every key once, then `finish`, which refuses what is left."""

    def __init__(self, values: Mapping[str, Any], lines: _Lines, place: Place) -> None:
        self._left = dict(values)
        self.lines = lines
        self.place = place

    def take(self, key: str, kind: type) -> Any:
        """Take a value of a kind."""
        if key not in self._left:
            raise self.wrong(key, "is missing", "manque")
        value = self._left.pop(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            en, fr = _KINDS[kind]
            raise self.wrong(key, f"is not {en}", f"n'est pas {fr}")
        return value

    def moment(self, key: str) -> datetime:
        """Take a date and time with its zone."""
        value: datetime = self.take(key, datetime)
        if value.tzinfo is None:
            raise self.wrong(key, "lacks its zone: write Z at its end", "n'a pas de fuseau : finissez par Z")
        try:
            return value.astimezone(UTC)
        except OverflowError as error:
            raise self.wrong(key, "is out of range", "est hors limites") from error

    def optional(self, key: str) -> datetime | None:
        """Take a moment that may lack."""
        return self.moment(key) if key in self._left else None

    def operators(self) -> list[_Table]:
        """Take the tables of operators."""
        values = self.take("operators", list)
        if not all(isinstance(one, dict) for one in values):
            raise self.wrong("operators", "is not a list of tables", "n'est pas une liste de tables")
        lines = self.lines.tables(len(values))
        return [_Table(one, at, self.place) for one, at in zip(values, lines, strict=True)]

    def texts(self, key: str) -> list[str]:
        """Take a list of texts that may lack."""
        values = self.take(key, list) if key in self._left else []
        if not all(isinstance(one, str) for one in values):
            raise self.wrong(key, "is not a list of texts", "n'est pas une liste de textes")
        return list(values)

    def finish(self) -> None:
        """Refuse every key that was not taken."""
        for key in self._left:
            raise self.wrong(key, "is not known here", "est inconnu ici")

    def wrong(self, key: str, en: str, fr: str) -> Exception:
        """Make the error for a key."""
        return self.place.at(self.lines.of(key)).malformed("key", f"“{key}” {en}", f"« {key} » {fr}")


_KINDS: Final = {
    str: ("a text", "un texte"),
    int: ("a whole number", "un nombre entier"),
    list: ("a list", "une liste"),
    datetime: (
        "a date and time such as 2026-03-03T12:00:00Z",
        "une date et heure telle que 2026-03-03T12:00:00Z",
    ),
}


def _operator(table: _Table) -> DraftOperator:
    operator = DraftOperator(
        name=table.take("name", str),
        line=table.lines.of("operators"),
        admitted=table.moment("admitted"),
        withdrawn=table.optional("withdrawn"),
        pins=tuple((one, table.lines.of(one)) for one in table.texts("pins")),
        domains=tuple(_domain(one, table) for one in table.take("domains", list)),
    )
    table.finish()
    return operator


def _domain(value: Any, operator: _Table) -> DraftDomain:
    if isinstance(value, str):
        return DraftDomain(text=value, line=operator.lines.of(f'"{value}"'))
    if not isinstance(value, dict):
        raise operator.wrong(
            "domains",
            "holds something that is neither a text nor a table with a name",
            "contient autre chose qu'un texte ou une table avec un nom",
        )
    table = _Table(value, operator.lines, operator.place)
    name = table.take("name", str)
    domain = DraftDomain(
        text=name,
        line=operator.lines.of(f'"{name}"'),
        admitted=table.optional("admitted"),
        withdrawn=table.optional("withdrawn"),
    )
    table.finish()
    return domain
