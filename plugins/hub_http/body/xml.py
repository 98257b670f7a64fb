"""XML bodies: a text with `{% for %}` and `{% if %}`, in which every value is escaped.

One that is small is held to be well-formed before it leaves; of a large one only its own text is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context
from lxml import etree

from hub.errors import Words
from hub_http.body.holes import Holes
from hub_http.body.segments import Segment
from hub_http.mapping import compiling, templates
from hub_http.mapping.faults import TemplateError
from hub_http.mapping.limits import MAX_TEXT
from hub_http.mapping.markup import escaped
from hub_http.mapping.sandbox import Sandbox
from hub_http.mapping.seen import written
from hub_http.mapping.streams import Streamed

MEDIA_TYPE: Final = "application/xml"


@pass_context
def _finalised(context: Context, value: Any) -> str:
    """Write one value: escaped, or a mark for a document."""
    holes: Holes = context.resolve_or_missing("_holes")
    return holes.mark(value) if isinstance(value, Streamed) else escaped(written(value))


_SANDBOX: Final = Sandbox(finalize=_finalised)


def parts_of(source: str, scope: Mapping[str, Any]) -> list[bytes | Segment]:
    """Return an XML body in parts. Raises TemplateError."""
    holes = Holes(escaped)
    pieces: list[str] = []
    size = 0
    try:
        context = Context(_SANDBOX, {**scope, "_holes": holes, "_passes": [0]}, None, {})
        for piece in _compiled(source)(context):
            size += len(piece)
            if size > MAX_TEXT:
                raise TemplateError(source, _TOO_LONG)
            pieces.append(piece)
        text = "".join(pieces).lstrip()
        parts = holes.parts(text)
    except Exception as error:  # noqa: BLE001 - an expression may raise anything
        raise templates.unfit(source, error) from None
    # The marks of documents are letters: they stand for text, which can't make it ill-formed.
    _check(source, text)
    return parts


def _check(source: str, text: str) -> None:
    try:
        etree.fromstring(
            text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        )
    except (etree.XMLSyntaxError, ValueError):
        raise TemplateError(source, _ILL_FORMED) from None


@lru_cache(256)
def _compiled(source: str) -> Callable[[Context], Iterator[str]]:
    return compiling.compiled(_SANDBOX, compiling.read(source, statements=True), source)


_TOO_LONG: Final = Words(en="it becomes too long", fr="il devient trop long")
_ILL_FORMED: Final = Words(
    en="what it becomes is no well-formed XML", fr="ce qu'il devient n'est pas du XML bien formé"
)
