"""One JSON object, read member by member and element by element.

A thread that reads a page of a megabyte so lets others run in between: the standard library's decoder
reads a text in one breath.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from hub_annuaire.fhir import faults

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def read(body: bytes, max_depth: int) -> dict[str, Any]:
    """Read one JSON object (RFC 8259), at most `max_depth` levels deep.

    Raises MalformedError, and LimitError for what is deeper.
    """
    try:
        text = body.decode("utf-8")
        members, at = _object(text, _space(text, 0), max_depth - 1)
        if _space(text, at) != len(text):
            raise ValueError("more than one")
    except RecursionError as error:
        raise faults.too_deep(max_depth) from error
    except ValueError as error:
        raise faults.not_fhir(
            "its answer is not a JSON object", "sa réponse n'est pas un objet JSON"
        ) from error
    return members


def _object(text: str, at: int, inside: int) -> tuple[dict[str, Any], int]:
    members: dict[str, Any] = {}
    at, more = _open(text, at, "{", "}")
    while more:
        if text[at : at + 1] != '"':
            raise ValueError("not a name")
        name, at = _DECODER.raw_decode(text, at)
        at = _space(text, at)
        if text[at : at + 1] != ":":
            raise ValueError("no colon")
        at = _space(text, at + 1)
        if text[at : at + 1] == "[":
            members[name], at = _array(text, at, inside - 1)
        else:
            members[name], at = _value(text, at, inside)
        at, more = _next(text, at, "}")
    return members, at


def _array(text: str, at: int, inside: int) -> tuple[list[Any], int]:
    if inside < 0:
        raise RecursionError
    values: list[Any] = []
    at, more = _open(text, at, "[", "]")
    while more:
        value, at = _value(text, at, inside)
        values.append(value)
        at, more = _next(text, at, "]")
    return values, at


def _value(text: str, at: int, max_depth: int) -> tuple[Any, int]:
    value, at = _DECODER.raw_decode(text, at)
    if not fits(value, max_depth):
        raise RecursionError
    return value, at


def fits(value: Any, max_depth: int) -> bool:
    """Whether a value is nested at most so deep; a plain one has depth 0."""
    level = [one for one in [value] if isinstance(one, dict | list)]
    for _ in range(max_depth):
        if not level:
            return True
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
    return not level


def _open(text: str, at: int, opening: str, closing: str) -> tuple[int, bool]:
    if text[at : at + 1] != opening:
        raise ValueError("not opened")
    at = _space(text, at + 1)
    if text[at : at + 1] == closing:
        return at + 1, False
    return at, True


def _next(text: str, at: int, closing: str) -> tuple[int, bool]:
    at = _space(text, at)
    sign = text[at : at + 1]
    if sign == closing:
        return at + 1, False
    if sign != ",":
        raise ValueError("neither more nor an end")
    return _space(text, at + 1), True


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
