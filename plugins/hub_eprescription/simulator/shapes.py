"""Whether a resource has the shape that FHIR gives it, so far as the double walks in it.

What is refused here never reaches the workflow: a text where an element should be, a list where there is one,
a name or a sign that XML can't hold.
"""

from __future__ import annotations

import re
from typing import Any, Final

from hub_eprescription.simulator.elements import REPEATED, REPEATED_IN, REPEATED_WITHIN

_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXTS: Final = frozenset(
    {"alias", "dayOfWeek", "given", "header", "line", "prefix", "profile", "suffix", "timeOfDay", "when"}
)
"""Elements that repeat and are texts."""
_DEEPEST: Final = 64


class ShapeError(ValueError):
    """It has another shape. The text names the place, never what stands there."""


def check(resource: Any) -> None:
    """Raise ShapeError for what can't be walked in."""
    _resource(resource, "", 0)


def _resource(resource: Any, path: str, depth: int) -> None:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or not _NAME.fullmatch(kind):
        raise ShapeError(f"{path or 'this'} is no resource")
    _members(resource, kind, None, path or kind, depth)


def _members(element: dict[str, Any], kind: str, within: str | None, path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ShapeError("this is nested too deep")
    repeated = (
        REPEATED_IN.get(kind, frozenset()) if within is None else REPEATED_WITHIN.get(within, frozenset())
    )
    for name, value in element.items():
        if not _NAME.fullmatch(name):
            raise ShapeError(f"{path} has a member that is no element")
        where = f"{path}.{name}"
        if name in REPEATED or name in (repeated or ()):
            _list(value, kind, name, where, depth)
        elif name == "resource":
            _resource(value, where, depth + 1)
        else:
            _value(value, kind, name, where, depth)


def _list(value: Any, kind: str, name: str, where: str, depth: int) -> None:
    if not isinstance(value, list):
        raise ShapeError(f"{where} is no list")
    for one in value:
        if name == "contained":
            _resource(one, where, depth + 1)
        elif isinstance(one, dict) is (name in _TEXTS) or isinstance(one, list):
            raise ShapeError(f"{where} has a member of another kind")
        else:
            _value(one, kind, name, where, depth)


def _value(value: Any, kind: str, name: str, where: str, depth: int) -> None:
    if isinstance(value, dict):
        _members(value, kind, name, where, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _value(one, kind, name, where, depth + 1)
    elif isinstance(value, str) and _UNFIT.search(value):
        raise ShapeError(f"{where} has a sign that no text may have")
