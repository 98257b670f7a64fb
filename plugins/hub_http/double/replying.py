"""What a description says of an answer → the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub_http.description.simulation import Reply
from hub_http.double.store import Held
from hub_http.mapping import templates, trees
from hub_http.mapping.templates import TemplateError

_JSON: Final = "application/json"
_TEXT: Final = "text/plain; charset=utf-8"
_PARTIAL: Final = 206


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer that is ready."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    @property
    def good(self) -> bool:
        """Whether it says that all went well."""
        return self.status < 300  # noqa: PLR2004 - the good ones


def said(reply: Reply, scope: Mapping[str, Any], *, part: tuple[int, int | None] = (1, None)) -> Said:
    """Fill in an answer. `part` is which part of a message's bytes is wanted, of how many bytes each.

    Raises TemplateError; a header whose value is missing is left out.
    """
    headers = {}
    for name, source in reply.headers.items():
        if (value := _header(source, scope)) is not None:
            headers[name] = value
    body, media_type, status = b"", None, reply.status
    if reply.json_ is not None:
        filled = trees.filled(reply.json_, scope)
        body, media_type = json.dumps(filled, ensure_ascii=False, separators=(",", ":")).encode(), _JSON
    elif reply.text is not None:
        body, media_type = (templates.text(reply.text, scope) or "").encode(), _TEXT
    elif reply.raw is not None:
        held = templates.value(reply.raw, scope)
        if not isinstance(held, Held):
            raise templates.without_value(reply.raw)
        body, media_type = held.body, held.media_type
        number, size = part
        if size is not None:
            status = _PARTIAL if number * size < len(body) else status
            body = body[(number - 1) * size : number * size]
    media_type = reply.media_type or media_type
    if media_type is not None:
        headers.setdefault("Content-Type", media_type)
    return Said(status=status, headers=headers, body=body)


def _header(source: str, scope: Mapping[str, Any]) -> str | None:
    try:
        return templates.text(source, scope)
    except TemplateError as error:
        if error.missing is None:
            raise
        return None
