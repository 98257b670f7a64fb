"""Bodies that are texts or documents as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hub.errors import Words
from hub_http.body.holes import segment_of
from hub_http.body.segments import Raw, Segment
from hub_http.mapping import templates
from hub_http.mapping.faults import TemplateError
from hub_http.mapping.seen import named, written
from hub_http.mapping.streams import Mixed, Streamed, content_of

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
OCTETS: Final = "application/octet-stream"


def parts_of(
    source: str, scope: Mapping[str, Any], escape: Callable[[str], str] | None = None
) -> list[bytes | Segment] | None:
    """Return a text in parts, None when it is none as a whole. Raises TemplateError.

    `escape` writes the text as the body needs it; what documents are written as needs it only for `| text`.
    """
    value = templates.pieces(source, scope)
    if value is None:
        return None
    pieces = value.parts if isinstance(value, Mixed) else (value,)
    try:
        return [
            segment_of(one, escape)
            if isinstance(one, Streamed)
            else (escape(written(one)) if escape else written(one)).encode()
            for one in pieces
        ]
    except Exception as error:  # noqa: BLE001 - values may be anything
        raise templates.unfit(source, error) from None


def raw_of(source: str, scope: Mapping[str, Any]) -> tuple[list[bytes | Segment], str] | None:
    """Return a document byte for byte, and its media type; None when there is none. Raises TemplateError."""
    value = templates.value(source, scope)
    if value is None:
        return None
    media_type = str(getattr(value, "media_type", OCTETS) or OCTETS)
    if (content := content_of(value)) is not None:
        return [Raw(content)], media_type
    if isinstance(value, Streamed):
        return [segment_of(value, None)], media_type
    if isinstance(value, bytes):
        return [value], media_type
    en, fr = named(value)
    raise TemplateError(source, Words(en=f"{en} is no document", fr=f"{fr} n'est pas un document"))
