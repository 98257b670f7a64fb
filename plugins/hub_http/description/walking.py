"""Every value of a description with its place, as the checks walk through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hub_http.description import anatomy
from hub_http.description.anatomy import Kind
from hub_http.description.mistakes import Place
from hub_http.description.values import Block, Templated, Tree


class Spot(NamedTuple):
    """A value at its place. `around` are the tables that it stands in, the outermost first."""

    place: Place
    value: Any
    kind: Kind
    around: tuple[Block, ...]


def spots(description: Block) -> Iterator[Spot]:
    """Yield every value that is there, tables before what is in them; what was left out is not there."""
    yield from _block((), description, ())


def _block(place: Place, block: Block, around: tuple[Block, ...]) -> Iterator[Spot]:
    yield Spot(place, block, Kind(type(block)), around)
    for key, kind, name, default in _keys(type(block)):
        value = getattr(block, name)
        if value is not None and value is not default:
            yield from _value((*place, key), value, kind, (*around, block))


def _keys(block: type[Block]) -> list[tuple[str, Kind, str, Any]]:
    if block not in _KEYS:
        _KEYS[block] = [
            (field.alias or name, anatomy.kind_of(field), name, field.default)
            for name, field in block.model_fields.items()
        ]
    return _KEYS[block]


_KEYS: dict[type[Block], list[tuple[str, Kind, str, Any]]] = {}


def _value(place: Place, value: Any, kind: Kind, around: tuple[Block, ...]) -> Iterator[Spot]:
    if isinstance(value, Block):
        yield from _block(place, value, around)
        return
    inner = anatomy.inside(kind)
    if inner is None or kind.of is Tree:
        yield Spot(place, value, kind, around)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _value((*place, str(name)), one, inner, around)
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            yield from _value((*place, number), one, inner, around)


def is_template(kind: Kind) -> bool:
    """Whether a text of this kind is a template."""
    return any(isinstance(note, Templated) for note in kind.notes)
