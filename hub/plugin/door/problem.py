"""HubError → problem+json (RFC 9457). A caller sees code and words, nothing else.

`answer` is how a door answers; an interface with codes of its own is built of `status_of`, `members` and
`written`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from hub.domain.outcome import Refused
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
"""Seconds after which a caller may try again when the hub could not answer."""
FAILED: Final = 500
"""The least status that says that the fault is ours."""
CHALLENGE: Final = 'Bearer realm="caducee"'
"""What is asked of who has not proved who it is (RFC 6750, 3)."""

TITLES: Final[Mapping[int, Words]] = {
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
_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": CHALLENGE},
    405: {"Allow": "POST"},
    503: {"Retry-After": str(RETRY_AFTER)},
}


def status_of(error: HubError, by_code: Mapping[str, int] = _BY_CODE) -> int:
    """Return the HTTP status of an error: that of its code, else of its place in the tree of errors."""
    found = by_code.get(error.code)
    return found or next((status for kind, status in _BY_TYPE if isinstance(error, kind)), FAILED)


def answer(
    error: HubError, language: str | None, retry_after: Mapping[str, int] | None = None
) -> web.Response:
    """Make the answer for an error, in the language that the caller asks for.

    `retry_after` holds, by code, the seconds to wait where they are not `RETRY_AFTER`.
    """
    status, tongue = status_of(error), spoken(language)
    body = members(error, TITLES[status], status, tongue)
    if isinstance(refused := error.fields.get("refused"), Mapping):
        body["refused"] = refusals(refused, tongue)
    if "incident" in error.fields:
        body["incident"] = error.fields["incident"]
    headers = dict(_HEADERS.get(status, {}))
    if retry_after is not None and error.code in retry_after:
        headers["Retry-After"] = str(retry_after[error.code])
    return written(body, status, tongue, headers)


def members(error: HubError, title: Words, status: int, language: str) -> dict[str, Any]:
    """Return what every problem holds."""
    return {
        "type": f"{TYPE}{error.code}",
        "title": title.in_language(language),
        "status": status,
        "detail": error.words.in_language(language),
        "code": error.code,
    }


def refusals(refused: Mapping[str, Refused], language: str) -> dict[str, dict[str, str]]:
    """Say why recipients get nothing, by what the caller wrote of them."""
    return {
        who: {"code": why.code, "detail": why.reason.in_language(language)} for who, why in refused.items()
    }


def written(body: Mapping[str, Any], status: int, language: str, headers: Mapping[str, str]) -> web.Response:
    """Make the answer that carries a problem."""
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": MEDIA_TYPE, "Content-Language": language, **headers},
    )
