"""What who calls is told of an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from hub.domain.outcome import Refused
from hub.errors import (
    ConfigError,
    ConflictError,
    HubError,
    InputError,
    LimitError,
    PeerError,
    StoreError,
    TrustError,
    Words,
)
from hub.plugin.door import faults, frame, problem

SAID = Words(en="Not so.", fr="Pas ainsi.")


def body(response: web.Response) -> dict[str, Any]:
    """Return the JSON of an answer."""
    assert isinstance(response.body, bytes)
    found: dict[str, Any] = json.loads(response.body)
    return found


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (faults.malformed("a", "b"), 400),
        (faults.no_http(), 400),
        (faults.aborted(), 400),
        (faults.UnprovedError("door.unproved", SAID, proof="hmac"), 401),
        (TrustError("x.y", SAID), 403),
        (faults.not_found(), 404),
        (faults.wrong_method(), 405),
        (faults.slow(), 408),
        (ConflictError("x.y", SAID), 409),
        (faults.too_large(5), 413),
        (LimitError("x.y", SAID), 413),
        (faults.media_type("a", "b"), 415),
        (InputError("x.y", SAID), 422),
        (faults.unexpected("0a"), 500),
        (ConfigError("x.y", SAID), 500),
        (HubError("x.y", SAID), 500),
        (faults.busy(), 503),
        (PeerError("x.y", SAID), 503),
        (StoreError("x.y", SAID), 503),
    ],
)
def test_every_error_has_a_status_and_a_title(error: HubError, status: int) -> None:
    """In the language that is asked for, with the headers that the status asks for."""
    for language, words in (("en", error.words.en), ("fr-FR", error.words.fr), (None, error.words.en)):
        response = problem.answer(error, language)
        said = body(response)
        assert (response.status, said["status"], said["detail"]) == (status, status, words)
        assert said["title"]
        assert said["type"] == f"urn:caducee:problem:{error.code}"
        assert response.content_type == "application/problem+json"
        assert ("Retry-After" in response.headers) == (status == 503)
        assert ("WWW-Authenticate" in response.headers) == (status == 401)
        assert ("Allow" in response.headers) == (status == 405)


def test_no_field_is_told_but_those_for_the_caller() -> None:
    """An incident and who was refused; the proof that does not hold stays in the log."""
    assert "hmac" not in json.dumps(
        body(problem.answer(faults.UnprovedError("a.b", SAID, proof="hmac"), "en"))
    )
    assert body(problem.answer(faults.unexpected("0a"), "en"))["incident"] == "0a"
    refused = {"who@a.example": Refused(code="r.s", reason=SAID)}
    told = body(problem.answer(InputError("x.y", SAID, refused=refused), "fr"))
    assert told["refused"] == {"who@a.example": {"code": "r.s", "detail": "Pas ainsi."}}


def test_a_door_may_know_better_when_to_come_again() -> None:
    """By the code of what is over in a moment."""
    waits = {"door.busy": 2}
    assert problem.answer(faults.busy(), "en", waits).headers["Retry-After"] == "2"
    assert problem.answer(StoreError("x.y", SAID), "en", waits).headers["Retry-After"] == "10"


def test_what_is_no_http_is_told_so() -> None:
    """And a fault of ours is not the caller's."""
    assert body(frame.unread(400))["code"] == "door.malformed"
    assert body(frame.unread(500))["code"] == "door.unexpected"
    assert frame.unread(400).headers["Cache-Control"] == "no-store"
