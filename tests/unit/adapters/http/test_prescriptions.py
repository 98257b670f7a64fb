"""Programs order prescriptions, follow and cancel them, and are told in words what happened."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import aiohttp
import pytest

from hub.adapters.http import preferences
from hub.domain.address import Address
from hub.domain.ids import EnvelopeId
from hub.domain.party import INS_NIR, Identifier
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.errors import ConflictError, HubError, InputError, PeerError, StoreError, TrustError, Words
from hub.ports.prescription import Cancellation, Reason
from tests.unit.adapters.http.prescribing import (
    ABILITIES,
    EREZEPT,
    NUMBER,
    ORDER,
    OUTCOME,
    PRESCRIBER,
    SECRET,
    TOKEN_2D,
    XML,
    Prescribing,
    prescribing,
)
from tests.unit.adapters.http.serving import OTHER, Served

WORDS = Words(en="Said in English.", fr="Dit en français.")
FRENCH = {"Accept-Language": "fr"}
AT_ONCE = {"Prefer": "wait=0"}


def _only(one: Prescribing) -> EnvelopeId:
    (found,) = one.prescriptions.kept
    return found


async def test_an_issued_prescription_comes_back_with_number_and_code() -> None:
    """201, the number, access code and 2D text, what people read of it, and where to ask again."""
    async with prescribing() as one:
        response, body = await one.order()
        assert response.status == 201
        assert response.headers["Location"] == f"/v1/prescriptions/{body['id']}"
        assert response.headers["Cache-Control"] == "no-store"
        assert (body["state"], body["number"], body["access_code"]) == ("active", NUMBER, SECRET)
        assert (body["token"], body["issued_at"]) == (TOKEN_2D, "2026-03-03T14:00:00.000Z")
        assert body["warnings"] == ["Taken with a warning."]
        assert body["view"]["medicines"][0]["name"] == "Ginkgo 40 mg"
        assert body["view"]["patient"]["born"] == "1979-03-05"
        assert "2D code" in body["detail"]
        again, same = await one.ask("GET", f"/{body['id']}")
        assert (again.status, same) == (200, body)


async def test_every_field_of_an_order_arrives() -> None:
    """Whatever an order can say reaches the hub as it was said."""
    order = {
        **ORDER,
        "service": "erezept",
        "options": {"workflow": "160"},
        "hand_over": [
            {"to": "pharmacie@valbrume.example", "as": "document"},
            {"to": {"rpps": "10001234565"}},
        ],
        "language": "fr-FR",
        "patient": [{"system": INS_NIR, "value": "279035121518989"}],
    }
    async with prescribing() as one:
        response, body = await one.order(order)
        assert response.status == 201, body
        got = one.prescriptions.kept[_only(one)].order
    assert (got.prescriber, got.service) == (Address.parse(PRESCRIBER), EREZEPT)
    assert (got.media_type, got.content) == ("application/fhir+xml", XML)
    assert (dict(got.options), got.language) == ({"workflow": "160"}, "fr-FR")
    assert [one.form for one in got.hand_over] == [Handing.DOCUMENT, Handing.TOKEN]
    assert list(got.patient) == [Identifier(INS_NIR, "279035121518989")]


def _form(order: Any, **parts: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("message", json.dumps(order), content_type="application/json")
    for name, data in parts.items():
        form.add_field(name, data, filename=name, content_type="application/octet-stream")
    return form


_IN_A_PART = {**ORDER, "prescription": {"media_type": "application/fhir+xml", "part": "rx"}}


async def test_a_form_carries_the_prescription_byte_for_byte() -> None:
    """As a part of its own, as with the documents of a message."""
    async with prescribing() as one:
        response, body = await one.order(data=_form(_IN_A_PART, rx=XML))
        assert response.status == 201, body
        assert one.prescriptions.kept[_only(one)].order.content == XML


@pytest.mark.parametrize(
    ("order", "parts", "pointer"),
    [
        (_IN_A_PART, {}, "/prescription/part"),
        (_IN_A_PART, {"rx": b""}, "/prescription/part"),
        (_IN_A_PART, {"rx": XML, "ry": XML}, "/prescription"),
        (ORDER, {"rx": XML}, "/prescription"),
    ],
)
async def test_a_form_that_does_not_fit_its_order_is_refused(
    order: Any, parts: dict[str, bytes], pointer: str
) -> None:
    """A part that is missing, stray or empty is named, and nothing is ordered."""
    async with prescribing() as one:
        response, body = await one.order(data=_form(order, **parts))
        assert (response.status, body["errors"][0]["pointer"]) == (422, pointer)
        assert not one.prescriptions.kept
        assert one.served.nothing_kept()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"from": None}, "/from"),
        ({"prescription": {}}, "/prescription/media_type"),
        ({"prescription": {"media_type": "application/fhir+xml"}}, "/prescription/content"),
        ({"prescription": {"media_type": "fhir", "content": "AA=="}}, "/prescription/media_type"),
        ({"prescription": {"media_type": "a/b", "content": "AA"}}, "/prescription/content"),
        ({"prescription": {"media_type": "a/b", "part": "rx"}}, "/prescription/content"),
        ({"options": {"workflow": 160}}, "/options/workflow"),
        ({"options": {str(one): "" for one in range(33)}}, "/options"),
        ({"options": ["workflow"]}, "/options"),
        ({"hand_over": [{"as": "token"}]}, "/hand_over/0/to"),
        ({"hand_over": [{"to": None}]}, "/hand_over/0/to"),
        ({"hand_over": [{"to": {"rpps": "10001234567"}}]}, "/hand_over/0/to/rpps"),
        ({"hand_over": [{"to": "a@b.example", "as": "fax"}]}, "/hand_over/0/as"),
        ({"hand_over": [{"to": "a@b.example", "by": "fax"}]}, "/hand_over/0/by"),
        ({"hand_over": [{"to": "a@b.example"}] * 11}, "/hand_over"),
        ({"language": "français"}, "/language"),
        ({"patient": [{"system": "x", "value": "1"}]}, "/patient/0/system"),
        ({"subject": "Ordonnance"}, "/subject"),
    ],
)
async def test_a_field_that_is_wrong_is_named(change: dict[str, Any], pointer: str) -> None:
    """By JSON pointer, before anything is kept."""
    async with prescribing() as one:
        response, body = await one.order(ORDER | change, headers=FRENCH)
        assert (response.status, body["code"]) == (422, "http.fields")
        assert pointer in [each["pointer"] for each in body["errors"]]
        assert not one.prescriptions.kept


@pytest.mark.parametrize("where", ["part", "content"])
async def test_a_prescription_larger_than_its_service_takes_is_413(where: str) -> None:
    """Told while it comes, whether it is in the JSON or beside it; a byte less is taken."""
    most = ABILITIES.max_bytes
    async with prescribing(body=4 << 20, json=1 << 20, inline_document=1 << 20) as one:
        for size, status in ((most + 1, 413), (most, 201)):
            if where == "part":
                response, _ = await one.order(data=_form(_IN_A_PART, rx=bytes(size)))
            else:
                content = base64.b64encode(bytes(size)).decode()
                inner = {"media_type": "application/fhir+xml", "content": content}
                response, _ = await one.order({**ORDER, "prescription": inner})
            assert response.status == status
        assert [len(each.order.content) for each in one.prescriptions.kept.values()] == [most]


async def test_a_prescription_over_the_inline_limit_is_told_to_come_as_a_part() -> None:
    """When the service would take it, the words say how it can come."""
    async with prescribing(inline_document=10) as one:
        response, body = await one.order()
        assert (response.status, body["code"]) == (413, "http.too_large")
        assert "multipart/form-data" in body["detail"]


async def test_the_same_key_gives_the_same_prescription() -> None:
    """A repetition, even in parallel, is one prescription with one number."""
    async with prescribing() as one:
        answers = await asyncio.gather(*(one.order() for _ in range(5)))
        assert {response.status for response, _ in answers} == {201}
        assert len({body["id"] for _, body in answers}) == len(one.prescriptions.kept) == 1
        replayed = [response.headers.get("Idempotent-Replayed") for response, _ in answers]
        assert sorted(replayed, key=str) == [None, "true", "true", "true", "true"]
        assert all(stage.discarded for stage in one.served.intake.stages)


async def test_the_same_key_for_another_prescription_is_a_conflict() -> None:
    """409, and the first one stands."""
    async with prescribing() as one:
        await one.order()
        response, body = await one.order({**ORDER, "options": {"workflow": "169"}})
        assert (response.status, body["code"]) == (409, "submission.conflict")
        assert len(one.prescriptions.kept) == 1


@pytest.mark.parametrize("headers", [AT_ONCE, {"Prefer": "respond-async"}])
async def test_a_prescription_under_way_is_202(headers: dict[str, str]) -> None:
    """A client that does not wait is told where to ask, and not to order it twice."""
    async with prescribing() as one:
        one.prescriptions.at_once = one.prescriptions.hold
        response, body = await one.order(headers={**headers, **FRENCH})
        assert (response.status, body["state"], body["number"]) == (202, "draft", None)
        assert response.headers["Location"].endswith(body["id"])
        assert "ne la commandez pas une seconde fois" in body["detail"]


async def test_who_waits_is_told_as_soon_as_it_is_issued() -> None:
    """The answer comes with the issue, not when the time is over."""
    async with prescribing() as one:
        one.prescriptions.at_once = one.prescriptions.hold
        asking = asyncio.create_task(one.order(headers={"Prefer": "wait=30"}))
        await one.prescriptions.taken.wait()
        one.prescriptions.activate(_only(one))
        response, body = await asking
        assert (response.status, body["number"]) == (201, NUMBER)


async def test_a_service_out_of_reach_is_told_as_a_reason_to_wait() -> None:
    """202 with the reason, when it will be tried again, and that nothing is to be done."""
    async with prescribing() as one:
        one.prescriptions.at_once = one.prescriptions.defer
        response, body = await one.order(headers={**AT_ONCE, **FRENCH})
        assert (response.status, body["code"]) == (202, "prescription.unreachable")
        assert body["due_at"] == "2026-03-03T14:01:00.000Z"
        assert body["detail"].startswith("Le service ne répond pas. Elle n'est pas encore émise")


async def test_what_the_service_refuses_is_422_with_its_outcome() -> None:
    """The words say what is wrong, the OperationOutcome is there verbatim, and a new key is asked for."""
    async with prescribing() as one:
        one.prescriptions.at_once = one.prescriptions.refuse
        response, body = await one.order(headers=FRENCH)
        assert (response.status, response.content_type) == (422, "application/problem+json")
        assert (body["code"], body["cause"]) == ("prescription.rejected", "prescription.refused")
        assert (body["outcome"], body["state"]) == (OUTCOME, "rejected")
        assert body["detail"].startswith("La posologie manque. Elle est refusée")
        again, same = await one.order(headers=FRENCH)
        assert (again.status, same) == (422, body)
        found, told = await one.ask("GET", f"/{body['id']}")
        assert (found.status, told["state"], told["outcome"]) == (200, "rejected", OUTCOME)


async def test_a_prescriber_struck_off_since_is_403() -> None:
    """Who lost the right between order and issue is told so, as one who never had it."""
    async with prescribing() as one:
        one.prescriptions.at_once = lambda each: one.prescriptions.refuse(each, "sender.struck-off")
        response, body = await one.order()
        assert (response.status, body["cause"]) == (403, "sender.struck-off")


@pytest.mark.parametrize(
    ("state", "code", "signed", "words"),
    [
        (PrescriptionState.EXPIRED, "expired", False, "nothing was issued"),
        (PrescriptionState.EXPIRED, "expired", True, "Ask the service before"),
        (PrescriptionState.CANCELLED, "cancelled", False, "nothing was issued"),
        (PrescriptionState.CANCELLED, "cancelled", True, "Ask the service before"),
        (PrescriptionState.REJECTED, "outcome.unknown", True, "Ask the service before"),
    ],
)
async def test_an_order_that_ends_says_no_more_than_is_known(
    state: PrescriptionState, code: str, *, signed: bool, words: str
) -> None:
    """Once signed bytes may have reached the service, nobody is told that nothing was issued."""
    async with prescribing() as one:

        def end(each: EnvelopeId) -> None:
            if signed:
                one.prescriptions.move(each, PrescriptionState.SIGNED, signed_sha256="00")
            one.prescriptions.end(each, state, code)

        one.prescriptions.at_once = end
        response, body = await one.order()
        assert (response.status, body["state"]) == (422, state.value)
        assert words in body["detail"]


async def test_an_order_whose_end_nobody_knows_is_not_refused() -> None:
    """The service may have it: its state is unknown, and the words say to ask before ordering again."""
    async with prescribing() as one:

        def end(each: EnvelopeId) -> None:
            one.prescriptions.move(each, PrescriptionState.SIGNED, signed_sha256="00")
            one.prescriptions.end(each, PrescriptionState.UNKNOWN, "outcome.unknown")

        one.prescriptions.at_once = end
        response, body = await one.order()
        assert (response.status, body["state"], body["code"]) == (202, "unknown", "outcome.unknown")
        assert "Ask the service before" in body["detail"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("prescription.option", WORDS, field="options"), 422),
        (InputError("prescription.malformed", WORDS, field="prescription", outcome=OUTCOME), 422),
        (TrustError("prescriber.profession", WORDS), 403),
        (ConflictError("submission.conflict", WORDS), 409),
        (PeerError("directory.unavailable", WORDS), 503),
        (StoreError("store.full", WORDS), 503),
    ],
)
async def test_what_the_hub_says_of_an_order_reaches_the_client(error: HubError, status: int) -> None:
    """Each refusal is a problem with its own status, code and words; nothing stays behind."""
    async with prescribing() as one:
        one.prescriptions.error = error
        response, body = await one.order(headers=FRENCH)
        assert (response.status, body["code"], body["detail"]) == (status, error.code, WORDS.fr)
        assert body.get("outcome") == error.fields.get("outcome")
        if "field" in error.fields:
            assert body["errors"][0]["pointer"] == f"/{error.fields['field']}"
        assert one.served.nothing_kept()


async def test_a_dispensing_is_in_the_answer() -> None:
    """State and events, as the hub heard them; the service is asked at once only when it is wished."""
    async with prescribing() as one:
        _, body = await one.order()
        one.prescriptions.dispense(_only(one))
        _, told = await one.ask("GET", f"/{body['id']}?fresh=false")
        assert (told["state"], told["events"][0]["detail"]) == ("completed", "Dispensed.")
        assert one.prescriptions.asked == []
        await one.ask("GET", f"/{body['id']}?fresh=true")
        assert one.prescriptions.asked == [_only(one)]
        one.prescriptions.unreachable = PeerError("prescription.unreachable", WORDS)
        response, _ = await one.ask("GET", f"/{body['id']}?fresh=true")
        assert (response.status, response.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("query", ["fresh=yes", "fresh=true&fresh=true", "ac=1", "fresh"])
async def test_a_query_that_is_not_known_is_refused(query: str) -> None:
    """With the words that are known."""
    async with prescribing() as one:
        _, body = await one.order()
        response, told = await one.ask("GET", f"/{body['id']}?{query}")
        assert (response.status, told["code"]) == (400, "http.query")


async def test_a_cancelled_prescription_is_200_each_time() -> None:
    """With the result, and the reason as it was given."""
    reason = {"reason": {"code": "0001", "text": "Erreur de dosage"}}
    async with prescribing() as one:
        _, body = await one.order()
        for wanted in ("cancelled", "already-cancelled"):
            response, told = await one.ask("DELETE", f"/{body['id']}", json=reason, headers=FRENCH)
            assert (response.status, told["result"], told["state"]) == (200, wanted, "cancelled")
            assert told["detail"] == "Elle est annulée."
        assert one.prescriptions.reasons == [Reason(code="0001", text="Erreur de dosage")] * 2
        response, told = await one.ask("DELETE", f"/{body['id']}")
        assert (response.status, one.prescriptions.reasons[-1]) == (200, Reason())
        again, told = await one.order()
        assert (again.status, told["state"], told["number"]) == (201, "cancelled", NUMBER)


async def test_what_cant_be_cancelled_is_409_with_the_services_outcome() -> None:
    """The words say what to do; result and OperationOutcome are inside the problem."""
    async with prescribing() as one:
        _, body = await one.order()
        one.prescriptions.cancelling = Cancellation(
            result=CancelResult.WITH_DISPENSER, state=PrescriptionState.CLAIMED, words=WORDS, detail=OUTCOME
        )
        response, told = await one.ask("DELETE", f"/{body['id']}", json={}, headers=FRENCH)
        assert (response.status, told["code"]) == (409, "prescription.not_cancelled")
        assert (told["result"], told["state"], told["outcome"]) == ("with-dispenser", "claimed", OUTCOME)
        assert (told["detail"], told["id"]) == (WORDS.fr, body["id"])


async def test_a_service_that_cant_be_asked_to_cancel_is_202() -> None:
    """The hub goes on asking, and the client is told not to rely on it yet."""
    async with prescribing() as one:
        _, body = await one.order()
        one.prescriptions.cancelling = PeerError("prescription.unreachable", WORDS)
        response, told = await one.ask("DELETE", f"/{body['id']}", json={})
        assert (response.status, told["result"]) == (202, "pending")
        assert told["detail"].startswith("Said in English. It could not be cancelled yet")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "no"}, "/reason"),
        ({"reason": {"code": 1}}, "/reason/code"),
        ({"why": {}}, "/why"),
        ({"reason": {"cause": "x"}}, "/reason/cause"),
    ],
)
async def test_a_reason_that_is_wrong_is_named(body: Any, pointer: str) -> None:
    """And nothing is cancelled."""
    async with prescribing() as one:
        _, ordered = await one.order()
        response, told = await one.ask("DELETE", f"/{ordered['id']}", json=body)
        assert (response.status, told["errors"][0]["pointer"]) == (422, pointer)
        assert one.prescriptions.reasons == []
        response, _ = await one.ask("DELETE", f"/{ordered['id']}", data="no JSON")
        assert response.status == 415
        assert response.headers["Accept"] == "application/json"


async def test_a_hand_over_is_one_mail_for_each_order() -> None:
    """202 with the mail's envelope; the same order again sends nothing more."""
    wish = {"to": "pharmacie@valbrume.example", "as": "token"}
    async with prescribing() as one:
        _, body = await one.order()
        path = f"/{body['id']}/hand-over"
        response, told = await one.ask("POST", path, json=wish)
        assert (response.status, told["to"], told["as"]) == (202, wish["to"], "token")
        _, again = await one.ask("POST", path, json={"to": wish["to"]})
        assert again == told
        await one.ask("POST", path, json={"to": {"rpps": "10001234565"}, "as": "document"})
        _, standing = await one.ask("GET", f"/{body['id']}")
        assert {"to": wish["to"], "as": "token", "message": told["message"]} in standing["handed_over"]
        assert len(standing["handed_over"]) == 2


async def test_what_is_not_issued_cant_be_handed_over() -> None:
    """409: it can be later, perhaps."""
    async with prescribing() as one:
        one.prescriptions.at_once = one.prescriptions.hold
        _, body = await one.order(headers=AT_ONCE)
        response, told = await one.ask("POST", f"/{body['id']}/hand-over", json={"to": "a@b.example"})
        assert (response.status, told["code"]) == (409, "prescription.not_issued")
        response, told = await one.ask("POST", f"/{body['id']}/hand-over", json={"to": "nobody"})
        assert (response.status, told["errors"][0]["pointer"]) == (422, "/to")


_PATHS = ("", "/to-sign", "/signed", "/code.png", "/code.svg", "/print.pdf")


async def test_nobody_elses_prescription_is_there() -> None:
    """To another client it is absent, whatever is asked; so is what never was."""
    async with prescribing() as one:
        _, body = await one.order()
        asked = [("GET", path) for path in _PATHS] + [
            ("DELETE", ""),
            ("POST", "/hand-over"),
            ("PUT", "/signed"),
        ]
        for method, path in asked:
            more: dict[str, Any] = {"json": {"to": "a@b.example"}} if method == "POST" else {}
            response, told = await one.ask(method, f"/{body['id']}{path}", token=OTHER, **more)
            assert (response.status, told["code"]) == (404, "prescription.not_found"), path
            response, told = await one.ask(method, f"/x{path}", **more)
            assert (response.status, told["code"]) == (404, "http.not_found"), path
        assert one.prescriptions.reasons == []


async def test_a_hub_without_prescriptions_knows_no_such_path(served: Served) -> None:
    """404, as for anything unknown."""
    for method in ("POST", "GET", "DELETE"):
        async with served.session.request(method, f"{served.url}/v1/prescriptions") as response:
            told = await response.json(content_type=None)
            assert (response.status, told["code"]) == (404, "http.not_found")


async def test_nothing_of_a_prescription_is_in_the_log() -> None:
    """Route, status and code, never the id, number, access code, a name or the contents."""
    async with prescribing() as one:
        _, body = await one.order()
        for path in _PATHS:
            await one.ask("GET", f"/{body['id']}{path}")
        await one.ask("DELETE", f"/{body['id']}", json={"reason": {"text": "Erreur de dosage"}})
        said = repr(one.served.log.events)
    assert "/v1/prescriptions/{id}/print.pdf" in said
    for secret in (body["id"], NUMBER, SECRET, "HAUTMONT", "Ginkgo", "dosage", "lilas"):
        assert secret.lower() not in said.lower()


async def test_who_finds_no_place_to_wait_is_answered_at_once() -> None:
    """So many may wait; the next one learns how it stands now, and the order is safe."""
    async with prescribing(concurrency=1) as one:
        one.prescriptions.at_once = one.prescriptions.hold
        first = asyncio.create_task(one.order(headers={"Prefer": "wait=30"}))
        await one.prescriptions.taken.wait()
        response, _ = await one.order(key="k2", headers={"Prefer": "wait=30"})
        assert response.status == 202
        for each in one.prescriptions.kept:
            one.prescriptions.activate(each)
        assert (await first)[0].status == 201


async def test_the_api_closes_without_waiting_for_those_who_wait() -> None:
    """A client that waits is answered when the hub stops."""
    async with aiohttp.ClientSession() as session:
        async with prescribing() as one:
            one.prescriptions.at_once = one.prescriptions.hold
            one.served.session, kept = session, one.served.session
            asking = asyncio.create_task(one.order(headers={"Prefer": "wait=30"}))
            await one.prescriptions.taken.wait()
            one.served.session = kept
        response, _ = await asking
        assert response.status == 202


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ([], preferences.USUAL_WAIT),
        (["wait=0"], 0),
        (["wait=12"], 12),
        (['return=minimal, WAIT = "7"; x=y, wait=3'], 7),
        (["return=minimal", "wait=9"], 9),
        (["wait=86400"], preferences.MOST_WAIT),
        (["respond-async"], 0),
        (["respond-async, wait=10"], 10),
        (["wait=-1"], preferences.USUAL_WAIT),
        (["wait=٣"], preferences.USUAL_WAIT),
        (["wait"], preferences.USUAL_WAIT),
        (["handling=lenient, ,,=;"], preferences.USUAL_WAIT),
    ],
)
def test_how_long_a_client_waits(given: list[str], seconds: int) -> None:
    """`Prefer: wait`, within bounds; what can't be read is ignored (RFC 7240, 2)."""
    assert preferences.wait_of(given) == seconds
