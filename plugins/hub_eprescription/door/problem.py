"""HubError → problem+json (RFC 9457), as the door answers. A caller sees code and words, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from hub.errors import (
    ConflictError,
    HubError,
    InputError,
    LimitError,
    PeerError,
    StoreError,
    TrustError,
    Words,
    spoken,
)

TYPE: Final = "urn:caducee:problem:"
MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 10
"""Seconds after which a caller may try again."""
FAILED: Final = 500

_BY_CODE: Final[Mapping[str, int]] = {
    "door.malformed": 400,
    "door.aborted": 400,
    "door.unproved": 401,
    "door.not_found": 404,
    "door.method": 405,
    "door.slow": 408,
    "door.media_type": 415,
}
_BY_TYPE: Final[tuple[tuple[type[HubError], int], ...]] = (
    (ConflictError, 409),
    (LimitError, 413),
    (InputError, 422),
    (TrustError, 403),
    (PeerError, 503),
    (StoreError, 503),
)
_TITLES: Final[Mapping[int, Words]] = {
    400: Words(en="Bad request", fr="Requête illisible"),
    401: Words(en="Not proved", fr="Non prouvé"),
    403: Words(en="Not allowed", fr="Non autorisé"),
    404: Words(en="Not found", fr="Introuvable"),
    405: Words(en="Method not allowed", fr="Méthode non permise"),
    408: Words(en="Too slow", fr="Trop lent"),
    409: Words(en="Conflict", fr="Conflit"),
    413: Words(en="Too large", fr="Trop volumineux"),
    415: Words(en="Unsupported media type", fr="Type de média non pris en charge"),
    422: Words(en="Can't be taken as it is", fr="Ne peut être pris tel quel"),
    500: Words(en="The hub failed", fr="Le hub a échoué"),
    503: Words(en="Not available now", fr="Indisponible pour l'instant"),
}
_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": 'Bearer realm="caducee"'},
    405: {"Allow": "POST"},
    503: {"Retry-After": str(RETRY_AFTER)},
}


def status_of(error: HubError) -> int:
    """Return the HTTP status of an error."""
    found = _BY_CODE.get(error.code)
    return found or next((status for kind, status in _BY_TYPE if isinstance(error, kind)), FAILED)


def answer(error: HubError, language: str | None) -> web.Response:
    """Make the answer for an error, in the language that the caller asks for."""
    status, tongue = status_of(error), spoken(language)
    body: dict[str, Any] = {
        "type": f"{TYPE}{error.code}",
        "title": _TITLES[status].in_language(tongue),
        "status": status,
        "detail": error.words.in_language(tongue),
        "code": error.code,
    }
    if "incident" in error.fields:
        body["incident"] = error.fields["incident"]
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": MEDIA_TYPE, "Content-Language": tongue, **_HEADERS.get(status, {})},
    )
