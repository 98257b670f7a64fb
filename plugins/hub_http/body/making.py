"""A described request and a scope → its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.errors import LimitError, Words
from hub_http.body import form, json, multipart, text, whole, xml
from hub_http.body.segments import Segment
from hub_http.body.whole import SMALL, Body
from hub_http.description.model import Limits
from hub_http.description.requests import Request
from hub_http.mapping import templates
from hub_http.mapping.faults import without_value

__all__ = ["SMALL", "Body", "body_of"]

_GROWTH: Final = 3
"""How much encodings may add to the documents: base64 a third, hexadecimal twice, escapes seldom more."""


async def body_of(request: Request, scope: Mapping[str, Any], *, limits: Limits) -> Body | None:
    """Return the body that a request carries; None when it names none.

    Its length is known, if the request may be cut into chunks. Raises TemplateError, StoreError when a
    document can't be read, and LimitError for a body that is far beyond `limits.max_message`.
    """
    made = _parts(request, scope)
    if made is None:
        return None
    parts, media_type = made
    if request.media_type is not None and request.multipart is None:
        media_type = templates.text(request.media_type, scope) or media_type
    body = await whole.made(
        parts,
        media_type=media_type,
        compressed=request.gzip,
        measured=getattr(request, "chunks", None) is not None,
    )
    if body.length is not None and body.length > _GROWTH * limits.max_message + SMALL:
        raise _too_large(limits.max_message)
    return body


def _parts(  # noqa: PLR0911 - one for each kind of body
    request: Request, scope: Mapping[str, Any]
) -> tuple[list[bytes | Segment], str] | None:
    if request.json_ is not None:
        return json.parts_of(request.json_, scope), json.MEDIA_TYPE
    if request.raw is not None:
        raw = text.raw_of(request.raw, scope)
        if raw is None:
            raise without_value(request.raw)
        return raw
    if request.multipart is not None:
        media_type = request.media_type and templates.text(request.media_type, scope)
        return multipart.parts_of(request.multipart, scope, media_type=media_type or "multipart/form-data")
    if request.form is not None:
        return form.parts_of(request.form, scope), form.MEDIA_TYPE
    if request.xml is not None:
        return xml.parts_of(request.xml, scope), xml.MEDIA_TYPE
    if request.text is not None:
        parts = text.parts_of(request.text, scope)
        if parts is None:
            raise without_value(request.text)
        return parts, text.MEDIA_TYPE
    return None


def _too_large(limit: int) -> LimitError:
    return LimitError(
        "http.body_too_large",
        Words(
            en=f"The message is larger than the {limit >> 20} MiB that the operator takes.",
            fr=f"Le message dépasse les {limit >> 20} Mio que l'opérateur accepte.",
        ),
        limit=limit,
    )
