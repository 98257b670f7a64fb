"""Which route a request is for: the first whose method and path fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from hub_http.description.simulation import Route


class Fit(NamedTuple):
    """A route and the variables of its path."""

    route: Route
    path: dict[str, str]


def fitting(routes: Sequence[Route], method: str, raw_path: str) -> Fit | int:
    """Return the route for a request, or the status that says why there is none: 404 or 405."""
    known = False
    for route in routes:
        found = _pattern(route.path).fullmatch(raw_path)
        if found is None:
            continue
        if route.method == method:
            return Fit(route, {name: unquote(one) for name, one in found.groupdict().items()})
        known = True
    return 405 if known else 404


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """Return what fits a path; whoever asks may have encoded signs that need not be."""
    parts = re.split(r"\{([a-z_][a-z0-9_]*)\}", path)
    made = [f"(?P<{one}>[^/]+)" if number % 2 else _literal(one) for number, one in enumerate(parts)]
    return re.compile("".join(made))


def _literal(text: str) -> str:
    return "".join(
        re.escape(sign) if sign.isalnum() or sign == "/" else f"(?:{re.escape(sign)}|(?i:%{ord(sign):02x}))"
        for sign in text
    )
