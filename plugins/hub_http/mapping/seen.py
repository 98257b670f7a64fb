"""What a template may see of a value: the marks by which objects show some of their attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from jinja2.runtime import LoopContext, Undefined

from hub.domain.times import rfc3339
from hub_http.mapping.faults import UnfitError

_TEXT: Final = frozenset(
    {
        *("capitalize", "casefold", "count", "endswith", "find", "isalnum", "isalpha", "isascii", "isdigit"),
        *("lower", "lstrip", "partition", "removeprefix", "removesuffix", "rpartition", "rsplit", "rstrip"),
        *("split", "splitlines", "startswith", "strip", "title", "upper"),
    }
)
"""Methods of texts that give no more than they are given; `format`, `join`, `ljust` … can."""
_TABLE: Final = frozenset({"get", "items", "keys", "values"})
_MOMENT: Final = frozenset({"year", "month", "day", "hour", "minute", "second"})
_LOOP: Final = frozenset({"index", "index0", "first", "last", "length"})
CALLABLE: Final = _TEXT | _TABLE
"""Names of everything that a template may call."""


class Seen:
    """Base of objects that templates look at: public dataclass fields and properties, but `hidden` ones."""

    __slots__ = ()
    hidden: ClassVar[frozenset[str]] = frozenset()


@lru_cache(256)
def attributes(kind: type) -> frozenset[str]:
    """Return which attributes of a type templates see."""
    if issubclass(kind, str):
        return _TEXT
    if issubclass(kind, Mapping):
        return _TABLE
    if issubclass(kind, datetime):
        return _MOMENT
    if issubclass(kind, LoopContext):
        return _LOOP
    if not issubclass(kind, Seen):
        return frozenset()
    named = {one.name for one in fields(kind)} if is_dataclass(kind) else set()
    named |= {name for base in kind.__mro__ for name, one in vars(base).items() if isinstance(one, property)}
    return frozenset(name for name in named if not name.startswith("_") and name not in kind.hidden)


def written(value: Any) -> str:
    """Write a value as it stands in a text: JSON's true and false, RFC 3339 for moments.

    Raises UnfitError for what is no text: nothing, lists, tables, documents.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, datetime):
        return rfc3339(value if value.tzinfo else value.replace(tzinfo=UTC))
    raise UnfitError(f"{named(value)[0]} is no text", f"{named(value)[1]} n'est pas un texte")


def named(value: Any) -> tuple[str, str]:
    """Say what kind of value it is, in English and French."""
    if isinstance(value, Undefined):
        str(value)  # raises, and names what is missing
    if value is None:
        return "a missing value", "une valeur absente"
    for kinds, en, fr in _NAMES:
        if isinstance(value, kinds):
            return en, fr
    return "such a value", "une telle valeur"


_NAMES: Final[tuple[tuple[Any, str, str], ...]] = (
    (str, "a text", "un texte"),
    (bool, "a truth value", "une valeur logique"),
    (int | float, "a number", "un nombre"),
    (Mapping, "a table", "une table"),
    (list | tuple, "a list", "une liste"),
    (bytes, "a row of bytes", "une suite d'octets"),
    (datetime, "a moment", "un instant"),
    (Seen, "an object as a whole", "un objet entier"),
)
