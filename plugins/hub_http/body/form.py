"""Forms: application/x-www-form-urlencoded, as the URL Standard of WHATWG serialises it (5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from hub_http.body import text
from hub_http.body.segments import Converted, Segment

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"


def parts_of(fields: Mapping[str, str], scope: Mapping[str, Any]) -> list[bytes | Segment]:
    """Return a form in parts; fields without a value are left out. Raises TemplateError."""
    parts: list[bytes | Segment] = []
    for name, source in fields.items():
        value = text.parts_of(source, scope, encoded)
        if value is not None:
            parts.append(f"{'&' if parts else ''}{encoded(name)}=".encode())
            parts += [_encoded(one) for one in value]
    return parts


def encoded(value: str) -> str:
    """Percent-encode a text; a space becomes +, a line end CR LF."""
    return quote_plus(value, safe="*-._")


def _encoded(part: bytes | Segment) -> bytes | Segment:
    # base64 has + / and =, which mean something here.
    return part if isinstance(part, bytes | Converted) else Converted(part, encoded)
