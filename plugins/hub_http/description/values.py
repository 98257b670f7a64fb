"""The small values of a description: durations, sizes, names, templates, ranges of status codes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import (
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Strict,
    StringConstraints,
    WithJsonSchema,
)

from hub.errors import Words

_DURATION: Final = re.compile(r"(\d+)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE: Final = re.compile(r"(\d+)(B|KiB|MiB|GiB)?")
_BYTES: Final = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_STATUS: Final = re.compile(r"([1-5])xx|([1-5]\d\d)(?:-([1-5]\d\d))?")


class Block(BaseModel):
    """A table of a description: every key is known, nothing changes once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Templated:
    """Marks a text whose `{{ expressions }}` are filled in when it is used."""


class Selecting:
    """Marks a path into an answer; `kind` says in which language."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Takes:
    """Says for people what a key takes, so that who wrote something else reads what would be right."""

    def __init__(self, en: str, fr: str) -> None:
        self.words = Words(en=en, fr=fr)


def _duration(said: Any) -> timedelta:
    found = _DURATION.fullmatch(said) if isinstance(said, str) else None
    if not found:
        raise ValueError("a duration such as 30s, 5m, 2h or 3d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _size(said: Any) -> int:
    found = _SIZE.fullmatch(said) if isinstance(said, str) else None
    if not found:
        raise ValueError("a size such as 64KiB or 25MiB")
    return int(found[1]) * _BYTES[found[2]]


def _statuses(said: Any) -> tuple[tuple[int, int], ...]:
    several = said if isinstance(said, list) else [said]
    found = [match for one in several if (match := _STATUS.fullmatch(str(one)))]
    if not found or len(found) != len(several):
        raise ValueError('status codes such as 404, "5xx" or "500-503", or a list of them')
    return tuple(_range(one) for one in found)


def _range(found: re.Match[str]) -> tuple[int, int]:
    if found[1]:
        return int(found[1]) * 100, int(found[1]) * 100 + 99
    return int(found[2]), int(found[3] or found[2])


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"),
    Takes(
        "a name: a-z, then up to 39 of a-z, 0-9 and _",
        "un nom : a-z, puis jusqu'à 39 signes de a-z, 0-9 et _",
    ),
]
Template = Annotated[str, Templated()]
Expression = Annotated[
    str,
    Templated(),
    StringConstraints(pattern=r"^\{\{.*\}\}$"),
    Takes("one expression as a whole: {{ … }}", "une seule expression : {{ … }}"),
]
"""A text that is one expression as a whole: its value keeps its kind, a list stays a list."""
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
    Takes("a duration such as 30s, 5m, 2h or 3d", "une durée telle que 30s, 5m, 2h ou 3d"),
]
Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIZE.pattern}$"}),
    Takes("a size such as 64KiB or 25MiB", "une taille telle que 64KiB ou 25MiB"),
]
_ONE_STATUS: Final = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": "^([1-5]xx|[1-5][0-9][0-9](-[1-5][0-9][0-9])?)$"},
    ]
}
Statuses = Annotated[
    tuple[tuple[int, int], ...],
    BeforeValidator(_statuses),
    WithJsonSchema({"anyOf": [_ONE_STATUS, {"type": "array", "items": _ONE_STATUS, "minItems": 1}]}),
    Takes(
        'status codes such as 404, "5xx" or "500-503", or a list of them',
        'des codes de statut tels que 404, "5xx" ou "500-503", ou leur liste',
    ),
]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Rate = Annotated[float, Strict(), AllowInfNan(False)]
Scalar = str | int | float | bool
Tree = Any
"""A JSON value: texts in it are templates, and the tables of `$each` and `$if` are read as such."""
