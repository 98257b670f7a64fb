"""Shows a body to people: its structure, without long values and secrets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any, Final
from urllib.parse import parse_qsl

from hub_http.wire.veiling import VEIL, Veil, secret

LONG: Final = 64
"""Characters from which a value is told by its size."""
_ANSWERED: Final = 2000
_BETWEEN: Final = re.compile(r"(?<=>)[^<]+(?=<)|(?<==\")[^\"]+(?=\")|(?<==')[^']+(?=')")
_ELEMENT: Final = re.compile(r"(<(?:[\w.-]+:)?([\w.-]+)[^<>]*>)[^<]+(?=</)")


def shown(data: bytes, media_type: str, veil: Veil) -> Iterator[str]:
    """Yield a body in lines."""
    kind = media_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            tree = _json(json.loads(data))
            yield from veil.text(json.dumps(tree, ensure_ascii=False, indent=2)).splitlines()
            return
        if kind == "application/x-www-form-urlencoded":
            for name, value in parse_qsl(data.decode(), keep_blank_values=True):
                yield f"{veil.text(name)}={VEIL if secret(name) else veil.text(_short(value))}"
            return
        if kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
            yield from veil.text(_xml(data.decode())).splitlines()
            return
        if kind.startswith("multipart/"):
            yield from _parts(data, media_type, veil)
            return
        if kind == "text/html" or (kind == "text/plain" and len(data) <= LONG):
            yield from veil.text(data.decode()[:_ANSWERED]).splitlines()
            return
    except (ValueError, RecursionError, LookupError):
        pass
    yield told("document", len(data), "bytes", hashlib.sha256(data).hexdigest())


def told(what: str, size: int, unit: str, digest: str) -> str:
    """Return what stands for something that is not shown."""
    return f"<{what} {size:,} {unit} sha256:{digest}>"


def _json(tree: Any) -> Any:
    match tree:
        case dict():
            return {
                name: VEIL if secret(name) and isinstance(value, str | int) else _json(value)
                for name, value in tree.items()
            }
        case list():
            return [_json(one) for one in tree]
        case str():
            return _short(tree)
    return tree


def _short(text: str) -> str:
    if len(text) <= LONG:
        return text
    return told("text", len(text), "characters", hashlib.sha256(text.encode()).hexdigest())


def _xml(text: str) -> str:
    text = _ELEMENT.sub(lambda found: found[1] + VEIL if secret(found[2]) else found[0], text)
    return _BETWEEN.sub(lambda found: _short(found[0]), text)


def _parts(data: bytes, media_type: str, veil: Veil) -> Iterator[str]:
    head = f"Content-Type: {media_type}\r\n\r\n".encode()
    for number, part in enumerate(message_from_bytes(head + data, policy=policy.HTTP).walk()):
        if part.is_multipart():
            if number:
                return
            continue
        yield "--"
        for name, value in part.items():
            yield f"{name}: {veil.header(name, str(value))}"
        content = part.get_payload(decode=True)
        name = str(part.get_param("name", "", "Content-Disposition"))
        if secret(name):
            yield VEIL
        elif isinstance(content, bytes):
            yield from shown(content, str(part.get("Content-Type", "")), veil)
