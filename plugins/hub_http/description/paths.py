"""Checks of picks and conditions: one place, one question, paths and expressions that can be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub_http.description.mistakes import Mistake, Place, wrong
from hub_http.description.picking import Condition, Pick
from hub_http.mapping import patterns, picking

_PLACES: Final = ("json_", "xpath", "fhirpath", "header", "text", "value")
_BARE: Final = {"pattern": None, "matches": None}
_QUESTIONS: Final = ("equals", "one_of", "matches", "exists")


def check(place: Place, pick: Pick) -> Iterator[Mistake]:
    """Check one pick or condition."""
    given = [one for one in _PLACES if getattr(pick, one) not in {None, False}]
    if len(given) != 1:
        names = "json, xpath, fhirpath, header, text, value"
        said = ", ".join(one.rstrip("_") for one in given)
        if given:
            yield wrong(place, f"names {said}: it takes one of them", f"nomme {said} : un seul est possible")
        else:
            yield wrong(place, f"names no place: one of {names}", f"ne nomme aucun lieu : l'un de {names}")
    else:
        yield from _path(place, pick)
    if pick.namespaces and pick.xpath is None:
        yield wrong((*place, "namespaces"), "is for xpath only", "ne sert qu'à xpath")
    if pick.pattern is not None:
        yield from _pattern((*place, "pattern"), pick.pattern)
    if isinstance(pick, Condition):
        yield from _question(place, pick)


def _path(place: Place, pick: Pick) -> Iterator[Mistake]:
    # Templates and expressions are checked elsewhere, with what only their place tells.
    fault = None if pick.value is not None else picking.fault(pick.model_copy(update=_BARE))
    if fault is not None:
        yield wrong(
            (*place, fault.key),
            f"is no path that can be used: {fault.detail}",
            f"n'est pas un chemin utilisable ({fault.detail})",
        )


def _pattern(place: Place, pattern: str) -> Iterator[Mistake]:
    if (fault := patterns.fault(pattern)) is not None:
        yield wrong(
            place,
            f"is no regular expression that can be used: {fault}",
            f"n'est pas une expression régulière utilisable ({fault})",
        )


def _question(place: Place, condition: Condition) -> Iterator[Mistake]:
    asked = [one for one in _QUESTIONS if getattr(condition, one) is not None]
    if len(asked) > 1:
        said = ", ".join(asked)
        yield wrong(
            place, f"asks {said}: it takes one question", f"demande {said} : une seule question est possible"
        )
    if condition.one_of == ():
        yield wrong((*place, "one_of"), "must not be empty", "ne doit pas être vide")
    if condition.matches is not None:
        yield from _pattern((*place, "matches"), condition.matches)
