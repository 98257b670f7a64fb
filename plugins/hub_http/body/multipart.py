"""multipart/form-data (RFC 7578), with names written as browsers do (WHATWG, multipart/form-data encoding).

The boundary is 128 bits that nobody can guess: no document holds it, and none has to be searched for it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hub.errors import Words
from hub_http.body import json, text
from hub_http.body.segments import Segment
from hub_http.description.requests import Part
from hub_http.mapping import templates
from hub_http.mapping.faults import TemplateError, without_value

MOST: Final = 1000
"""Parts of one body."""
_ESCAPES: Final = {'"': "%22", "\r": "%0D", "\n": "%0A"}
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def parts_of(
    described: Sequence[Part], scope: Mapping[str, Any], *, media_type: str = "multipart/form-data"
) -> tuple[list[bytes | Segment], str]:
    """Return a multipart body in parts, and its media type with the boundary. Raises TemplateError."""
    boundary = f"caducee-{secrets.token_hex(16)}"
    found: list[bytes | Segment] = []
    count = 0
    for one, seen in _each(described, scope):
        if (part := _part(one, seen)) is None:
            continue
        count += 1
        if count > MOST:
            raise TemplateError(one.each or one.name, _TOO_MANY)
        head, content = part
        found.append(f"--{boundary}\r\n{head}\r\n\r\n".encode())
        found += content
        found.append(b"\r\n")
    found.append(f"--{boundary}--\r\n".encode())
    return found, f"{media_type}; boundary={boundary}"


def _each(described: Sequence[Part], scope: Mapping[str, Any]) -> Iterator[tuple[Part, Mapping[str, Any]]]:
    for one in described:
        if one.each is None:
            members: Any = [scope]
        else:
            value = templates.value(one.each, scope)
            if value is not None and not isinstance(value, list | tuple):
                raise TemplateError(one.each, _NO_LIST)
            members = [{**scope, "item": member} for member in value or ()]
        for seen in members:
            if one.if_ is None or templates.value(one.if_, seen):
                yield one, seen


def _part(one: Part, scope: Mapping[str, Any]) -> tuple[str, list[bytes | Segment]] | None:
    """Return the headers and content of a part; None when its content has no value."""
    media_type, filename = _optional(one.media_type, scope), _optional(one.filename, scope)
    content: list[bytes | Segment] | None
    if one.json_ is not None:
        content, media_type = json.parts_of(one.json_, scope), media_type or json.MEDIA_TYPE
    elif one.raw is not None:
        raw = text.raw_of(one.raw, scope)
        content = None if raw is None else raw[0]
        media_type = media_type or (raw[1] if raw else None)
    else:
        content = text.parts_of(one.text or "", scope)
    if content is None:
        return None
    name = templates.text(one.name, scope)
    if name is None:
        raise without_value(one.name)
    disposition = f'form-data; name="{_quoted(name)}"'
    if filename is not None:
        disposition += f'; filename="{_quoted(filename)}"'
    headers = {"Content-Disposition": disposition}
    if media_type is not None:
        headers["Content-Type"] = media_type
    headers |= {
        key: said
        for key, source in one.headers.items()
        if (said := templates.text(source, scope)) is not None
    }
    return "\r\n".join(f"{key}: {_line(said)}" for key, said in headers.items()), content


def _optional(source: str | None, scope: Mapping[str, Any]) -> str | None:
    return None if source is None else templates.text(source, scope)


def _quoted(name: str) -> str:
    return "".join(_ESCAPES.get(one, one) for one in name)


def _line(said: str) -> str:
    """Return what a header holds: what would end its line would begin another one."""
    return _CONTROLS.sub(" ", said).encode("utf-8", "replace").decode().strip()


_TOO_MANY: Final = Words(en=f"it comes to more than {MOST} parts", fr=f"il a plus de {MOST} parties")
_NO_LIST: Final = Words(en="its value is no list", fr="sa valeur n'est pas une liste")
