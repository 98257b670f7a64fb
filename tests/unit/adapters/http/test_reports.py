"""Programs ask how their messages fare: their own, and nobody else's."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain import envelope as envelopes
from hub.domain.delivery import State
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, OperatorName
from hub.errors import StoreError, Words
from hub.ports.records import DeliveryReport, Report, Step
from hub.testing.fakes import NOON
from tests.unit.adapters.http.serving import OTHER, Served

ASSETS = Path(__file__).parents[3] / "assets" / "envelope"
SEALED = SealedEnvelope(
    envelope=envelopes.from_bytes((ASSETS / "report.json").read_bytes()),
    jws=(ASSETS / "report.jws").read_bytes(),
)
ID = SEALED.envelope.id


def _report(*states: State, peer: str = "client:cabinet") -> Report:
    recipient = SEALED.envelope.message.recipients[0]
    return Report(
        sealed=SEALED,
        peer=peer,
        deliveries=[
            DeliveryReport(
                id=DeliveryId(f"d{number}"),
                recipient=recipient,
                operator=OperatorName("valbrume"),
                state=state,
                attempts=2,
                due_at=None if state.final else NOON + timedelta(minutes=1),
                code="smtp.4xx",
                reason=Words(en="Try later.", fr="Réessayez."),
            )
            for number, state in enumerate(states)
        ],
        steps=[Step(at=NOON, event="message.accepted", detail="client:cabinet")],
    )


async def test_the_state_of_each_recipient_and_the_timeline_are_told(served: Served) -> None:
    """A client reads who got the message, what is still tried, and what happened so far."""
    served.records.reports[ID] = _report(State.PENDING)
    response, data = await served.get(f"/v1/messages/{ID}", headers={"Accept-Language": "fr"})
    assert response.status == 200
    body = json.loads(data)
    recipient = SEALED.envelope.message.recipients[0]
    assert body["id"] == ID
    assert body["deliveries"] == [
        {
            "id": "d0",
            "recipient": {"address": str(recipient.address), "name": recipient.name, "role": "to"},
            "operator": "valbrume",
            "state": "pending",
            "attempts": 2,
            "due_at": "2026-03-03T12:01:00.000Z",
            "code": "smtp.4xx",
            "detail": "Réessayez.",
        }
    ]
    assert body["timeline"] == [
        {
            "at": "2026-03-03T12:00:00.000Z",
            "event": "message.accepted",
            "delivery": None,
            "code": None,
            "detail": "client:cabinet",
        }
    ]


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([State.DELIVERED], "delivered"),
        ([State.DELIVERED, State.UNCERTAIN], "open"),
        ([State.DELIVERED, State.REFUSED], "partial"),
        ([State.REFUSED, State.EXPIRED], "failed"),
    ],
)
async def test_one_word_sums_up_all_recipients(served: Served, states: list[State], whole: str) -> None:
    """A client that wants one word gets it."""
    served.records.reports[ID] = _report(*states)
    _, data = await served.get(f"/v1/messages/{ID}")
    assert json.loads(data)["state"] == whole


async def test_the_envelope_comes_byte_for_byte(served: Served) -> None:
    """What is verified offline is exactly what is stored."""
    served.records.reports[ID] = _report(State.PENDING)
    response, data = await served.get(f"/v1/messages/{ID}/envelope")
    assert response.content_type == "application/jose+json"
    assert data == SEALED.jws


@pytest.mark.parametrize("path", [f"/v1/messages/{ID}", f"/v1/messages/{ID}/envelope"])
async def test_another_client_s_message_is_as_absent_as_none(served: Served, path: str) -> None:
    """Nobody can tell from the answer whether an id exists."""
    absent, missing = await served.get(path)
    served.records.reports[ID] = _report(State.PENDING)
    foreign, hidden = await served.get(path, token=OTHER)
    unreadable, rubbish = await served.get("/v1/messages/rubbish")
    assert absent.status == foreign.status == unreadable.status == 404
    assert missing == hidden == rubbish


async def test_without_a_token_nothing_is_told(served: Served) -> None:
    """Whoever asks says who they are first."""
    served.records.reports[ID] = _report(State.PENDING)
    response, _ = await served.get(f"/v1/messages/{ID}", token=None)
    assert response.status == 401


async def test_a_store_that_fails_says_when_to_ask_again(served: Served) -> None:
    """A failing store is 503 with Retry-After, for reports and for readiness; the process stays alive."""
    served.records.error = StoreError("store.full", Words(en="Secret path /data.", fr="Chemin secret."))
    response, _ = await served.get(f"/v1/messages/{ID}")
    assert (response.status, response.headers["Retry-After"]) == (503, "10")
    response, data = await served.get("/readyz", token=None)
    assert (response.status, json.loads(data)["code"]) == (503, "http.not_ready")
    assert b"Secret" not in data
    assert ("warning", "http.not_ready", {"code": "store.full"}) in served.log.lines
    response, data = await served.get("/healthz", token=None)
    assert (response.status, json.loads(data)) == (200, {"status": "alive"})


async def test_readiness_needs_no_token(served: Served) -> None:
    """Whoever watches learns that the hub is ready, without a secret."""
    response, data = await served.get("/readyz", token=None)
    assert (response.status, json.loads(data)) == (200, {"status": "ready"})


async def test_paths_and_methods_that_are_not_there_are_problems(served: Served) -> None:
    """A wrong path is 404, a wrong method 405 that names the right ones; both as problem+json."""
    response, data = await served.get("/v2")
    assert (response.status, json.loads(data)["code"]) == (404, "http.not_found")
    async with served.session.put(f"{served.url}/v1/messages") as wrong:
        body = await wrong.json(content_type="application/problem+json")
        assert (wrong.status, wrong.headers["Allow"], body["code"]) == (405, "POST", "http.method")


async def test_every_answer_carries_the_safe_headers(served: Served) -> None:
    """No answer is stored, sniffed or framed, and none names the software's version."""
    for path in ("/healthz", "/nothing", f"/v1/messages/{ID}"):
        response, _ = await served.get(path)
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Server"] == "caducee"
