"""JSON bodies (RFC 8259): the tree filled in, without spaces, keys in the order of the description."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONEncoder
from typing import Any, Final

from hub.errors import Words
from hub_http.body.holes import Holes
from hub_http.body.segments import Segment
from hub_http.mapping import trees
from hub_http.mapping.faults import TemplateError
from hub_http.mapping.limits import MAX_TEXT
from hub_http.mapping.streams import Mixed

MEDIA_TYPE: Final = "application/json"


def parts_of(tree: Any, scope: Mapping[str, Any]) -> list[bytes | Segment]:
    """Return a JSON value in parts. Raises TemplateError."""
    holes = Holes(escaped)

    def hole(value: Any) -> str:
        return holes.text(value) if isinstance(value, Mixed) else holes.mark(value)

    filled = trees.filled(tree, scope)
    try:
        text = JSONEncoder(
            ensure_ascii=False,
            check_circular=False,
            allow_nan=False,
            separators=(",", ":"),
            default=hole,
        ).encode(filled)
        if len(text) > MAX_TEXT:
            raise TemplateError("", _TOO_LONG)
        return holes.parts(text)
    except (ValueError, RecursionError):
        raise TemplateError("", _NO_JSON) from None


def escaped(text: str) -> str:
    """Write a text as it stands between the quotes of JSON."""
    return _quoted(text)[1:-1]


_quoted: Final = JSONEncoder(ensure_ascii=False).encode


_TOO_LONG: Final = Words(en="it becomes too long", fr="il devient trop long")
_NO_JSON: Final = Words(
    en="it becomes no JSON: a text in it is not Unicode",
    fr="il ne devient pas du JSON : un de ses textes n'est pas de l'Unicode",
)
