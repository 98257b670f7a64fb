"""HubError → problem+json (RFC 9457): the only such mapping.

A client sees code, words and pointers; never the text of a foreign exception.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from hub.adapters.http.faults import Fault
from hub.domain.outcome import Refused
from hub.errors import (
    ConflictError,
    HubError,
    InputError,
    LimitError,
    MalformedError,
    PeerError,
    StoreError,
    TrustError,
    Words,
)

TYPE: Final = "urn:caducee:problem:"
MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 10
"""Seconds after which a client may try again when the hub or the directory could not answer."""

_BY_CODE: Final[Mapping[str, int]] = {
    "http.malformed": 400,
    "http.json": 400,
    "http.form": 400,
    "http.aborted": 400,
    "http.empty": 400,
    "http.query": 400,
    "http.key_missing": 400,
    "http.key_malformed": 400,
    "http.unauthenticated": 401,
    "http.wrong_token": 401,
    "http.not_found": 404,
    "prescription.not_found": 404,
    "prescription.not_signed": 404,
    "prescription.nothing_to_sign": 404,
    "prescription.no_code": 404,
    "prescription.not_issued": 409,
    "directory.not_listed": 404,
    "http.method": 405,
    "http.timeout": 408,
    "http.media_type": 415,
    "http.expect": 417,
}
_BY_TYPE: Final[tuple[tuple[type[HubError], int], ...]] = (
    (ConflictError, 409),
    (LimitError, 413),
    (MalformedError, 422),
    (InputError, 422),
    (TrustError, 403),
    (PeerError, 503),
    (StoreError, 503),
)
_TITLES: Final[Mapping[int, Words]] = {
    400: Words(en="Bad request", fr="Requête illisible"),
    401: Words(en="Not authenticated", fr="Non authentifié"),
    403: Words(en="Not allowed", fr="Non autorisé"),
    404: Words(en="Not found", fr="Introuvable"),
    405: Words(en="Method not allowed", fr="Méthode non permise"),
    408: Words(en="Too slow", fr="Trop lent"),
    409: Words(en="Conflict", fr="Conflit"),
    413: Words(en="Too large", fr="Trop volumineux"),
    415: Words(en="Unsupported media type", fr="Type de média non pris en charge"),
    417: Words(en="Expectation failed", fr="Attente non satisfaite"),
    422: Words(en="Can't be taken as it is", fr="Ne peut être pris tel quel"),
    500: Words(en="The hub failed", fr="Le hub a échoué"),
    503: Words(en="Not available now", fr="Indisponible pour l'instant"),
}
_POINTERS: Final[Mapping[str, str]] = {
    "recipients": "/to",
    "documents": "/documents",
    "size": "/documents",
    "subject": "/subject",
    "language": "/language",
    "in_reply_to": "/in_reply_to",
    "references": "/references",
    "thread": "/thread",
    "patient": "/patient",
    "service": "/service",
    "media_type": "/prescription/media_type",
    "prescription": "/prescription",
    "options": "/options",
    "hand_over": "/hand_over",
}
"""Where the fields that the core names stand in what this API takes."""

_MEMBERS: Final = ("id", "state", "result", "cause", "outcome")
"""What the answer says of a prescription beside the words; `outcome` is what its service said, verbatim."""


def status_of(error: HubError) -> int:
    """Return the HTTP status of an error."""
    found = _BY_CODE.get(error.code)
    return found or next((status for kind, status in _BY_TYPE if isinstance(error, kind)), 500)


def answer(error: HubError, language: str) -> web.Response:
    """Make the answer for an error, in `language`."""
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"{TYPE}{error.code}",
        "title": _TITLES[status].in_language(language),
        "status": status,
        "detail": error.words.in_language(language),
        "code": error.code,
    }
    if errors := _errors(error):
        body["errors"] = [
            {"pointer": one.pointer, "detail": one.words.in_language(language)} for one in errors
        ]
    if isinstance(refused := error.fields.get("refused"), Mapping):
        body["refused"] = refusals(refused, language)
    if isinstance(near := error.fields.get("suggestions"), tuple) and near:
        body["suggestions"] = [str(one) for one in near]
    body |= {name: error.fields[name] for name in _MEMBERS if error.fields.get(name) is not None}
    if "incident" in error.fields:
        body["incident"] = error.fields["incident"]
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": MEDIA_TYPE, "Content-Language": language, **_headers(status, error)},
    )


def refusals(refused: Mapping[str, Refused], language: str) -> dict[str, dict[str, str]]:
    """Say why recipients get nothing, by what the client wrote of them."""
    return {
        who: {"code": why.code, "detail": why.reason.in_language(language)} for who, why in refused.items()
    }


def _errors(error: HubError) -> tuple[Fault, ...]:
    found = error.fields.get("errors")
    if isinstance(found, tuple):
        return found
    pointer = _POINTERS.get(str(error.fields.get("field")))
    return () if pointer is None else (Fault(pointer, error.words),)


def _headers(status: int, error: HubError) -> dict[str, str]:
    if error.code == "http.wrong_token":
        return {"WWW-Authenticate": 'Bearer realm="caducee", error="invalid_token"'}
    if status == 401:  # noqa: PLR2004 - as in the tables above
        return {"WWW-Authenticate": 'Bearer realm="caducee"'}
    if status == 405:  # noqa: PLR2004 - as in the tables above
        return {"Allow": str(error.fields["allow"])}
    if status == 415:  # noqa: PLR2004 - as in the tables above
        return {"Accept": str(error.fields["accept"]), "Accept-Encoding": "identity"}
    if status == 503:  # noqa: PLR2004 - as in the tables above
        return {"Retry-After": "1" if error.code == "http.busy" else str(RETRY_AFTER)}
    return {}
