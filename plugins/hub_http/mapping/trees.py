"""JSON trees of a description: values as in TOML, whose texts are templates.

- A text that is one expression keeps the kind of its value; what has no value is left out, with its key.
- `{ "$each" = "{{ list }}", "$item" = tree, "$as" = "name" }` gives one tree for each member (`item` unless
  it is named); inside a list its members take their places in that list.
- `{ "$if" = "{{ … }}", … }` is left out unless that is true.

A tree does not change: what is done with it is worked out when it is filled in first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from hub.errors import Words
from hub_http.mapping import templates
from hub_http.mapping.faults import TemplateError
from hub_http.mapping.limits import MAX_DEPTH, MAX_LOOPS, MAX_NESTED
from hub_http.mapping.seen import Seen, named, written
from hub_http.mapping.streams import Mixed, Streamed

EACH: Final = "$each"
ITEM: Final = "$item"
AS: Final = "$as"
IF: Final = "$if"
CACHED: Final = 4096
"""Trees whose plans are kept."""


class Leaf(NamedTuple):
    """A text of a tree: where it is, the template, and the names that `$each` gives it."""

    path: tuple[str | int, ...]
    source: str
    names: frozenset[str]


class TreeFault(NamedTuple):
    """What is wrong with the shape of a tree: where, and a kind: depth, each, item, as, if, key, value."""

    path: tuple[str | int, ...]
    kind: str


class _Absent:
    """Nothing stands here."""


_ABSENT: Final = _Absent()


def filled(tree: Any, scope: Mapping[str, Any]) -> Any:
    """Return the JSON value; None when nothing is left. Documents stay `Streamed`. Raises TemplateError."""
    found = _plan(tree)(scope, _Passes())
    return None if found is _ABSENT else found


def leaves(
    tree: Any, path: tuple[str | int, ...] = (), names: frozenset[str] = frozenset()
) -> Iterator[Leaf]:
    """Yield all texts of a tree that are templates, those of `$each` and `$if` too."""
    match tree:
        case str():
            yield Leaf(path, tree, names)
        case list():
            for place, one in enumerate(tree):
                yield from leaves(one, (*path, place), names)
        case dict():
            for key, one in tree.items():
                if key != AS:
                    inner = names | {str(tree.get(AS, "item"))} if key == ITEM else names
                    yield from leaves(one, (*path, key), inner)


def faults(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[TreeFault]:
    """Yield what is wrong with the shape of a tree."""
    if len(path) > MAX_DEPTH:
        yield TreeFault(path[:3], "depth")
        return
    if isinstance(tree, dict):
        yield from _shape_faults(tree, path)
    elif not isinstance(tree, str | bool | int | float | list | date):
        yield TreeFault(path, "value")
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, one in members:
        yield from faults(one, (*path, key))


def _shape_faults(tree: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[TreeFault]:
    for key in (EACH, IF):
        if key in tree and not (isinstance(tree[key], str) and _sole(tree[key])):
            yield TreeFault((*path, key), key[1:])
    if EACH in tree:
        if ITEM not in tree:
            yield TreeFault((*path, ITEM), "item")
        name = tree.get(AS, "item")
        if not (isinstance(name, str) and name.isidentifier() and not name.startswith("_")):
            yield TreeFault((*path, AS), "as")
    known = {EACH, ITEM, AS, IF} if EACH in tree else {IF}
    for key in tree:
        if (EACH in tree or key.startswith("$")) and key not in known:
            yield TreeFault((*path, key), "key")


def _sole(source: str) -> bool:
    return source.startswith("{{") and source.endswith("}}")


class _Passes:
    """Counts what `$each` goes through in one filling of a tree."""

    __slots__ = ("made",)

    def __init__(self) -> None:
        self.made = 0


_Fill = Callable[[Mapping[str, Any], _Passes], Any]
"""Fills in one place of a tree: gives the value, or `_ABSENT`."""

_planned: Final[dict[int, tuple[Any, _Fill]]] = {}


def _plan(tree: Any) -> _Fill:
    """Return how a tree of a description is filled in, worked out once while it is in use."""
    held = _planned.get(id(tree))
    if held is not None and held[0] is tree:
        return held[1]
    fill = _of(tree, 0)
    while len(_planned) >= CACHED:
        del _planned[next(iter(_planned))]
    _planned[id(tree)] = tree, fill
    return fill


def _of(tree: Any, depth: int) -> _Fill:
    if isinstance(tree, str):
        return _text(tree)
    if isinstance(tree, dict | list):
        if depth > MAX_DEPTH:
            raise TemplateError("", _TOO_DEEP)
        if isinstance(tree, list):
            return _list(tree, depth)
        made = _each(tree, depth) if EACH in tree else _table(tree, depth)
        return made if IF not in tree else _when(tree[IF], made)
    plain_date = isinstance(tree, date) and not isinstance(tree, datetime)
    value = tree.isoformat() if plain_date else _plain("", tree)
    return lambda _, __: value


def _text(source: str) -> _Fill:
    filling = templates.filling(source)

    def fill(scope: Mapping[str, Any], _: _Passes) -> Any:
        value = filling(scope)
        if type(value) is str:
            return value
        return _ABSENT if value is None else _plain(source, value)

    return fill


def _when(source: str, fill: _Fill) -> _Fill:
    return lambda scope, passes: fill(scope, passes) if templates.value(source, scope) else _ABSENT


def _table(tree: dict[str, Any], depth: int) -> _Fill:
    members = tuple((key, _of(one, depth + 1)) for key, one in tree.items() if key != IF)

    def fill(scope: Mapping[str, Any], passes: _Passes) -> dict[str, Any]:
        made = {}
        for key, member in members:
            value = member(scope, passes)
            if value is not _ABSENT:
                made[key] = value
        return made

    return fill


def _list(tree: list[Any], depth: int) -> _Fill:
    members = tuple((isinstance(one, dict) and EACH in one, _of(one, depth + 1)) for one in tree)

    def fill(scope: Mapping[str, Any], passes: _Passes) -> list[Any]:
        made: list[Any] = []
        for several, member in members:
            value = member(scope, passes)
            if value is not _ABSENT:
                if several:
                    made += value
                else:
                    made.append(value)
        return made

    return fill


def _each(tree: dict[str, Any], depth: int) -> _Fill:
    source, name, item = tree[EACH], tree.get(AS, "item"), _of(tree[ITEM], depth + 1)

    def fill(scope: Mapping[str, Any], passes: _Passes) -> list[Any]:
        members = templates.value(source, scope)
        if members is None:
            return []
        if not isinstance(members, list | tuple):
            raise TemplateError(source, _no_list(members))
        passes.made += len(members)
        if passes.made > MAX_LOOPS:
            raise TemplateError(source, _TOO_MANY)
        inner = dict(scope)
        made = []
        for one in members:
            inner[name] = one
            value = item(inner, passes)
            if value is not _ABSENT:
                made.append(value)
        return made

    return fill


def _plain(source: str, value: Any, depth: int = 0) -> Any:
    """Return a value that JSON has, or a document. Raises TemplateError for any other."""
    if isinstance(value, str | bool | int | Streamed | Mixed) or value is None:
        return value
    if isinstance(value, dict | list | tuple):
        if depth > MAX_NESTED:
            raise TemplateError(source, _TOO_DEEP)
        if isinstance(value, dict):
            return {str(key): _plain(source, one, depth + 1) for key, one in value.items()}
        return [_plain(source, one, depth + 1) for one in value]
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Seen) and hasattr(value, "content"):
        raise TemplateError(source, _DOCUMENT)
    en, fr = named(value)
    raise TemplateError(source, Words(en=f"{en} is no JSON value", fr=f"{fr} n'est pas une valeur JSON"))


def _no_list(value: Any) -> Words:
    en, fr = named(value)
    return Words(en=f"{en} is no list", fr=f"{fr} n'est pas une liste")


_TOO_DEEP: Final = Words(en="it is nested too deeply", fr="il est trop imbriqué")
_TOO_MANY: Final = Words(
    en=f"its lists come to more than {MAX_LOOPS}", fr=f"ses listes dépassent {MAX_LOOPS}"
)
_DOCUMENT: Final = Words(
    en="how a document is written must be said: | base64 or | text",
    fr="la manière d'écrire un document doit être dite : | base64 ou | text",
)
