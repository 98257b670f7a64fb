"""HubError → problem+json (RFC 9457), as the API answers: its statuses, pointers and headers.

A client sees code, words and pointers; never the text of a foreign exception. What all problems have in
common is in `hub.plugin.door.problem`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from hub.adapters.http.faults import Fault
from hub.errors import HubError, Words
from hub.plugin.door import problem

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
_TITLES: Final[Mapping[int, Words]] = {
    **problem.TITLES,
    401: Words(en="Not authenticated", fr="Non authentifié"),
    417: Words(en="Expectation failed", fr="Attente non satisfaite"),
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
    return problem.status_of(error, _BY_CODE)


def answer(error: HubError, language: str) -> web.Response:
    """Make the answer for an error, in `language`."""
    status = status_of(error)
    body = problem.members(error, _TITLES[status], status, language)
    if errors := _errors(error):
        body["errors"] = [
            {"pointer": one.pointer, "detail": one.words.in_language(language)} for one in errors
        ]
    if isinstance(refused := error.fields.get("refused"), Mapping):
        body["refused"] = problem.refusals(refused, language)
    if isinstance(near := error.fields.get("suggestions"), tuple) and near:
        body["suggestions"] = [str(one) for one in near]
    body |= {name: error.fields[name] for name in _MEMBERS if error.fields.get(name) is not None}
    if "incident" in error.fields:
        body["incident"] = error.fields["incident"]
    return problem.written(body, status, language, _headers(status, error))


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
        return {"WWW-Authenticate": problem.CHALLENGE}
    if status == 405:  # noqa: PLR2004 - as in the tables above
        return {"Allow": str(error.fields["allow"])}
    if status == 415:  # noqa: PLR2004 - as in the tables above
        return {"Accept": str(error.fields["accept"]), "Accept-Encoding": "identity"}
    if status == 503:  # noqa: PLR2004 - as in the tables above
        return {"Retry-After": "1" if error.code == "http.busy" else str(problem.RETRY_AFTER)}
    return {}
