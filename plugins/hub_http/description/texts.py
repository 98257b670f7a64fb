"""Checks of templates: they can be read, and use only what is known at their place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import nodes

from hub.errors import Words
from hub_http.description import places, walking
from hub_http.description.inbound import Documents
from hub_http.description.mistakes import Mistake, Place, suggested, wrong
from hub_http.description.model import Description
from hub_http.description.picking import Pick
from hub_http.description.requests import Part, Step
from hub_http.description.values import Tree
from hub_http.description.walking import Spot
from hub_http.mapping import compiling, templates
from hub_http.mapping.faults import words_of

_AS: Final = "$as"
_USUAL: Final = "item"
_STATEMENTS: Final = "xml"
_LISTS: Final = {"attachments": "body", "documents": "body", "originals": "body", "recipients": "recipient"}
"""Lists of which every member looks like that variable."""
Local = Mapping[str, frozenset[str] | None]
"""Names that are known within a list, with their attributes, None when they are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What templates ask for, by the place where they do: `parameters.mailbox`, `delivery.id`."""

    paths: dict[Place, frozenset[str]] = field(default_factory=dict)
    codes: dict[Place, frozenset[str]] = field(default_factory=dict)

    def below(self, *keys: str | int) -> frozenset[str]:
        """Return all paths that are used at places that begin so."""
        found = (paths for place, paths in self.paths.items() if place[: len(keys)] == keys)
        return frozenset().union(*found)

    def names(self, root: str) -> frozenset[str]:
        """Return which members of a variable are used anywhere."""
        every = frozenset().union(*self.paths.values())
        return frozenset(one.split(".")[1] for one in every if one.startswith(f"{root}."))


class Texts:
    """Checks every template of a description; `used` is what they ask for."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self.used = Used()

    def check(self) -> Iterator[Mistake]:
        """Yield what is wrong."""
        for spot in walking.spots(self._description):
            if spot.kind.of is Tree and not isinstance(spot.value, str):
                yield from self._tree(spot, spot.place, spot.value, _around(spot))
            elif isinstance(spot.value, str) and _is_template(spot):
                yield from self._text(spot, spot.place, spot.value, _around(spot))

    def _tree(self, spot: Spot, place: Place, value: Any, local: Local) -> Iterator[Mistake]:
        if isinstance(value, Mapping):
            if "$each" in value:
                named = value.get(_AS, _USUAL)
                yield from self._tree(spot, (*place, "$each"), value["$each"], local)
                if isinstance(named, str):
                    local = {**local, named: _of_each(value["$each"], spot.place)}
            for key, one in value.items():
                if key not in {"$each", _AS}:
                    yield from self._tree(spot, (*place, str(key)), one, local)
        elif isinstance(value, list | tuple):
            for number, one in enumerate(value):
                yield from self._tree(spot, (*place, number), one, local)
        elif isinstance(value, dt.date | dt.time):
            yield wrong(
                place,
                "is a date of TOML, and JSON has none: put it in quotes",
                "est une date de TOML, inconnue de JSON : mettez-la entre guillemets",
            )
        elif isinstance(value, str):
            yield from self._text(spot, place, value, local)

    def _text(self, spot: Spot, place: Place, source: str, local: Local) -> Iterator[Mistake]:
        if "{" not in source:
            return
        statements = spot.place[-1] == _STATEMENTS
        fault = templates.fault(source, statements=statements)
        if fault is not None:
            words = words_of(fault)
            yield wrong(
                place,
                f"is no template that can be used: {words.en}",
                f"n'est pas un modèle utilisable : {words.fr}",
            )
            return
        paths = templates.roots(source, statements=statements)
        self.used.paths[place] = paths
        self.used.codes[place] = _tables(source, statements=statements)
        known = _known(spot) | local.keys()
        for path in sorted(paths):
            words_or_none = self._fault(path, known, local, spot.place)
            if words_or_none is not None:
                yield Mistake(place=place, words=words_or_none)

    def _fault(self, path: str, known: frozenset[str], local: Local, place: Place) -> Words | None:
        name, _, rest = path.partition(".")
        if name not in known:
            listed = ", ".join(sorted(known)) or "–"
            words = Words(en=f"uses {name}, which is not known here", fr=f"utilise {name}, inconnu ici")
            meant = suggested(words, name, known)
            more = Words(en=f"{words.en}; known are {listed}", fr=f"{words.fr} ; connus : {listed}")
            return meant if meant is not words else more
        if not rest:
            return None
        member = rest.split(".")[0]
        members = local[name] if name in local else self._members(name, place)
        if members is None or member in members:
            return None
        listed = ", ".join(sorted(members)) or "–"
        words = Words(
            en=f"uses {name}.{member}, which there is not; {name} has: {listed}",
            fr=f"utilise {name}.{member}, qui n'existe pas ; {name} a : {listed}",
        )
        return suggested(words, member, members)

    def _members(self, name: str, place: Place) -> frozenset[str] | None:
        description = self._description
        if name == "parameters":
            return frozenset(description.parameters)
        if name == "secrets":
            return frozenset(description.secrets)
        if name == "taken" and description.send is not None:
            steps = description.send.steps
            number = place[2] if place[:2] == ("send", "steps") else None
            before = steps[: number if isinstance(number, int) else None]
            return frozenset(one for step in before for one in step.take)
        return places.variable(name, place).members


def _around(spot: Spot) -> Local:
    """Return what `each` of a step or of a part of its body goes through."""
    if spot.place[-1:] == ("each",):
        return {}
    tables = [one for one in (*spot.around, spot.value) if isinstance(one, Step | Part)]
    through = [one.each for one in tables if one.each is not None]
    return {_USUAL: _of_each(through[-1], spot.place)} if through else {}


def _of_each(source: Any, place: Place) -> frozenset[str] | None:
    """Return the attributes of the members of a list, if it is one that every send has."""
    name = source.removeprefix("{{").removesuffix("}}").strip() if isinstance(source, str) else ""
    return places.variable(_LISTS[name], place).members if name in _LISTS else None


def _is_template(spot: Spot) -> bool:
    return walking.is_template(spot.kind) or spot.kind.of is Tree or _is_value(spot)


def _is_value(spot: Spot) -> bool:
    return spot.place[-1:] == ("value",) and isinstance(spot.around[-1], Pick)


def _known(spot: Spot) -> frozenset[str]:
    """Return the names that are known at a place; `item` only where something is gone through."""
    known = places.seen_at(spot.place)
    if _is_value(spot):
        known |= places.OF_AN_ANSWER
    tables = (*spot.around, spot.value)
    if spot.place[:2] == ("send", "steps") and not any(
        isinstance(one, Step | Part) and one.each is not None for one in tables
    ):
        known -= {"item"}
    if "document" in known and not any(isinstance(one, Documents) and one.each is not None for one in tables):
        known -= {"document"}
    return known


def _tables(source: str, *, statements: bool) -> frozenset[str]:
    """Return the tables of `codes` that a template names."""
    tree = compiling.read(source, statements=statements)
    named = (one.args[0] for one in tree.find_all(nodes.Filter) if one.name == "code" and one.args)
    return frozenset(str(one.value) for one in named if isinstance(one, nodes.Const))
