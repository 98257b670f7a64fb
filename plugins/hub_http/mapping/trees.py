"""JSON trees of a description: values as in TOML, whose texts are templates.

- A text that is one expression keeps the kind of its value; what has no value is left out, with its key.
- `{ "$each" = "{{ list }}", "$item" = tree, "$as" = "name" }` gives one tree for each member (`item` unless
  it is named); inside a list its members take their places in that list.
- `{ "$if" = "{{ … }}", … }` is left out unless that is true.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
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
    found = _Filling().fill(tree, scope, 0)
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


class _Filling:
    """One tree being filled in; it counts what `$each` goes through."""

    def __init__(self) -> None:
        self._passes = 0

    def fill(self, tree: Any, scope: Mapping[str, Any], depth: int) -> Any:
        if isinstance(tree, str):
            return self._text(tree, scope)
        if isinstance(tree, dict):
            if depth > MAX_DEPTH:
                raise TemplateError("", _TOO_DEEP)
            if IF in tree and not templates.value(tree[IF], scope):
                return _ABSENT
            if EACH in tree:
                return self._each(tree, scope, depth)
            return self._table(tree, scope, depth)
        if isinstance(tree, list):
            if depth > MAX_DEPTH:
                raise TemplateError("", _TOO_DEEP)
            return self._list(tree, scope, depth)
        plain_date = isinstance(tree, date) and not isinstance(tree, datetime)
        return tree.isoformat() if plain_date else _plain("", tree)

    def _table(self, tree: dict[str, Any], scope: Mapping[str, Any], depth: int) -> dict[str, Any]:
        made = {}
        for key, one in tree.items():
            if key != IF:
                value = self.fill(one, scope, depth + 1)
                if value is not _ABSENT:
                    made[key] = value
        return made

    def _list(self, tree: list[Any], scope: Mapping[str, Any], depth: int) -> list[Any]:
        made: list[Any] = []
        for one in tree:
            value = self.fill(one, scope, depth + 1)
            if value is not _ABSENT:
                if isinstance(one, dict) and EACH in one:
                    made += value
                else:
                    made.append(value)
        return made

    def _each(self, tree: dict[str, Any], scope: Mapping[str, Any], depth: int) -> list[Any]:
        source = tree[EACH]
        members = templates.value(source, scope)
        if members is None:
            return []
        if not isinstance(members, list | tuple):
            raise TemplateError(source, _no_list(members))
        self._passes += len(members)
        if self._passes > MAX_LOOPS:
            raise TemplateError(source, _TOO_MANY)
        name, item = tree.get(AS, "item"), tree[ITEM]
        inner = dict(scope)
        made = []
        for one in members:
            inner[name] = one
            value = self.fill(item, inner, depth + 1)
            if value is not _ABSENT:
                made.append(value)
        return made

    def _text(self, source: str, scope: Mapping[str, Any]) -> Any:
        value = templates.pieces(source, scope)
        return _ABSENT if value is None else _plain(source, value)


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
