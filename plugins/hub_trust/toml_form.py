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

from hub.plugin.positions import Positions
from hub_trust.content import Draft, DraftDomain, DraftOperator
from hub_trust.faults import Place

FORMAT: Final = "caducee-trust-list-1"
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
    whole = _Table(values, _Lines(text), place)
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
    """Says where keys and texts stand."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._positions = Positions(text)

    def of(self, path: str, text: str | None = None) -> int | None:
        """Return the line of a key, or of the first line from there on that holds a text."""
        start = self._positions.line_of(path)
        if start is None or text is None:
            return start
        held = (number for number, line in enumerate(self._lines[start - 1 :], start) if text in line)
        return next(held, start)


class _Table:
    """One table being read: every key once, then `finish`, which refuses what is left."""

    def __init__(self, values: Mapping[str, Any], lines: _Lines, place: Place, path: str = "") -> None:
        self._left = dict(values)
        self._lines = lines
        self._path = path
        self.place = place

    def line(self, key: str = "", text: str | None = None) -> int | None:
        """Return the line of this table, of a key in it, or of a text from that key on."""
        return self._lines.of(f"{self._path}.{key}".strip("."), text)

    def inner(self, values: Mapping[str, Any], key: str) -> _Table:
        """Return a table inside this one."""
        return _Table(values, self._lines, self.place, f"{self._path}.{key}".strip("."))

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
        return [self.inner(one, f"operators.{number}") for number, one in enumerate(values, 1)]

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
        return self.place.at(self.line(key)).malformed("key", f"“{key}” {en}", f"« {key} » {fr}")


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
        line=table.line(),
        admitted=table.moment("admitted"),
        withdrawn=table.optional("withdrawn"),
        pins=tuple((one, table.line("pins", one)) for one in table.texts("pins")),
        domains=tuple(_domain(one, table) for one in table.take("domains", list)),
    )
    table.finish()
    return operator


def _domain(value: Any, operator: _Table) -> DraftDomain:
    if isinstance(value, str):
        return DraftDomain(text=value, line=operator.line("domains", value))
    if not isinstance(value, dict):
        raise operator.wrong(
            "domains",
            "holds something that is neither a text nor a table with a name",
            "contient autre chose qu'un texte ou une table avec un nom",
        )
    table = operator.inner(value, "domains")
    name = table.take("name", str)
    domain = DraftDomain(
        text=name,
        line=operator.line("domains", name),
        admitted=table.optional("admitted"),
        withdrawn=table.optional("withdrawn"),
    )
    table.finish()
    return domain
