"""What the model says of itself: the keys of a table, what each takes, what stands at a place."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from hub.errors import Words
from hub_http.description.values import Block, Scalar, Takes

_PLAIN: Final = {
    str: Words(en="a text", fr="un texte"),
    bool: Words(en="true or false", fr="true ou false"),
    int: Words(en="a whole number", fr="un nombre entier"),
    float: Words(en="a number", fr="un nombre"),
}
_TABLE: Final = Words(en="a table", fr="une table")
_ANYTHING: Final = Words(en="a value", fr="une valeur")
_SCALAR: Final = Words(en="a text, a number, true or false", fr="un texte, un nombre, true ou false")


class Kind(NamedTuple):
    """A type of the model, with what was noted beside it."""

    of: Any
    notes: tuple[Any, ...] = ()


@cache
def fields(block: type[Block]) -> Mapping[str, FieldInfo]:
    """Return the keys of a table, as they are written."""
    return {field.alias or name: field for name, field in block.model_fields.items()}


def kind_of(field: FieldInfo) -> Kind:
    """Return what a key takes."""
    return plain(field.annotation, tuple(field.metadata))


def plain(annotation: Any, notes: tuple[Any, ...] = ()) -> Kind:
    """Take `| None` and the notes off a type."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return plain(inner, (*notes, *more))
    if get_origin(annotation) in {Union, types.UnionType}:
        left = tuple(one for one in get_args(annotation) if one is not types.NoneType)
        if len(left) < len(get_args(annotation)):
            return plain(Union[left], notes)  # noqa: UP007 - members that are known only here
    return Kind(annotation, notes)


def inside(kind: Kind) -> Kind | None:
    """Return what the members of a list or a free table take; None for anything else."""
    origin, arguments = get_origin(kind.of), get_args(kind.of)
    if origin is tuple:
        return plain(arguments[0])
    return plain(arguments[1]) if origin is dict else None


def keys(kind: Kind) -> Kind | None:
    """Return what the names in a free table are."""
    return plain(get_args(kind.of)[0]) if get_origin(kind.of) is dict else None


def blocks(kind: Kind) -> tuple[type[Block], ...]:
    """Return the tables that may stand there: one, or those that `kind` tells apart."""
    if isinstance(kind.of, type) and issubclass(kind.of, Block):
        return (kind.of,)
    if get_origin(kind.of) in {Union, types.UnionType}:
        return tuple(one for one in get_args(kind.of) if isinstance(one, type) and issubclass(one, Block))
    return ()


def choices(kind: Kind) -> tuple[str, ...]:
    """Return the few words that are taken; none when anything is."""
    if get_origin(kind.of) is Literal:
        return tuple(str(one) for one in get_args(kind.of))
    if isinstance(kind.of, type) and issubclass(kind.of, Enum):
        return tuple(str(one.value) for one in kind.of)
    return ()


def takes(kind: Kind) -> Words:
    """Say what would be right."""
    said = next((one for one in kind.notes if isinstance(one, Takes)), None)
    if said is not None:
        return said.words
    if words := choices(kind):
        one = len(words) == 1
        return Words(
            en=words[0] if one else f"one of {', '.join(words)}",
            fr=words[0] if one else f"l'un de {', '.join(words)}",
        )
    if get_origin(kind.of) is dict or blocks(kind):
        return _table(blocks(kind))
    member = inside(kind)
    if member is not None:
        inner = takes(member)
        return Words(en=f"a list, each of it {inner.en}", fr=f"une liste, dont chacun est {inner.fr}")
    return _SCALAR if kind.of == Scalar else _PLAIN.get(kind.of, _ANYTHING)


def _table(known: tuple[type[Block], ...]) -> Words:
    """Say what a table must have: who writes a value in its place learns what it is made of."""
    if len(known) != 1:
        return _TABLE
    needed = [key for key, field in fields(known[0]).items() if field.is_required()]
    if needed:
        listed = ", ".join(f"`{key}`" for key in needed)
        return Words(en=f"a table with {listed}", fr=f"une table avec {listed}")
    if "json" in fields(known[0]) and "header" in fields(known[0]):
        return Words(en='a table such as { json = "$.id" }', fr='une table telle que { json = "$.id" }')
    return _TABLE


def at(root: type[Block], place: Sequence[str | int]) -> Kind | None:
    """Return what stands at a place, given by keys and numbers; None when nothing is known there.

    Of tables told apart by `kind`, that name stands in the place behind them, as pydantic writes it.
    """
    kind: Kind | None = Kind(root)
    for part in place:
        if kind is None:
            return None
        kind = _below(kind, part)
    return kind


def _below(kind: Kind, part: str | int) -> Kind | None:
    known = blocks(kind)
    if len(known) > 1:
        return next((Kind(one) for one in known if part in choices(kind_of(fields(one)["kind"]))), None)
    if known:
        field = fields(known[0]).get(str(part))
        return None if field is None else kind_of(field)
    return inside(kind)


def walk(root: type[Block]) -> Iterator[type[Block]]:
    """Yield every table of the model once, those that hold others first."""
    seen: list[type[Block]] = [root]
    for block in seen:
        yield block
        for field in fields(block).values():
            kind: Kind | None = kind_of(field)
            while kind is not None:
                seen.extend(one for one in blocks(kind) if one not in seen)
                kind = inside(kind)
