"""Programs hand messages over by HTTP: what is accepted, and what every fault is told."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import aiohttp
import pytest

from hub.domain.address import Address
from hub.domain.message import DocumentRole, Kind, ReceiptKind
from hub.domain.outcome import Refused
from hub.domain.party import FINESS, INS_NIR, RPPS, Identifier, Role
from hub.domain.target import Description
from hub.errors import ConflictError, HubError, InputError, LimitError, StoreError, TrustError, Words
from hub.plugin.door import problem
from hub.ports.directory import DirectoryUnavailableError
from hub.ports.intake import To
from tests.unit.adapters.http.serving import LETTER, TOKEN, Served, serving

WORDS = Words(en="Said in English.", fr="Dit en français.")
PDF = b"%PDF-1.7 " + bytes(range(256)) * 40


async def test_a_letter_is_accepted_after_the_commit(served: Served) -> None:
    """A program that posts a letter gets 202, the id, and where to ask for its state."""
    response, body = await served.post()
    assert response.status == 202
    (submission,) = served.intake.submissions
    assert body == {"id": body["id"], "ids": [body["id"]], "state": "accepted", "refused": {}}
    assert response.headers["Location"] == f"/v1/messages/{body['id']}"
    assert "Idempotent-Replayed" not in response.headers
    assert submission.connector == "api"
    assert submission.peer.name == "client:cabinet"
    assert (submission.key, submission.native_id) == ("k1", "k1")
    assert submission.receipts == (ReceiptKind.FAILURE,)
    (part,) = submission.parts
    assert (part.role, part.media_type, part.name) == (DocumentRole.BODY, "text/plain", "message.txt")
    assert await part.content.read() == LETTER["text"].encode()


async def test_every_field_arrives(served: Served) -> None:
    """Whatever a message can say reaches the hub as it was said."""
    message = {
        **LETTER,
        "to": [
            "dr.aubepine@valbrume.example",
            {"rpps": "10001234565"},
            {"name": "Camille  Lilas", "specialty": "cardiologie", "town": "Hautmont"},
        ],
        "cc": [{"finess": "750712184"}, {"ins": "2 79 03 51 215 189 89"}],
        "bcc": [{"system": "urn:oid:1.2.3", "value": "x1"}],
        "kind": "report",
        "language": "fr-FR",
        "documents": [
            {
                "name": "cr.pdf",
                "media_type": "application/pdf",
                "code": "34112-3",
                "content": base64.b64encode(PDF).decode(),
            }
        ],
        "patient": [{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": "279035121518989"}],
        "in_reply_to": "<a@b.example>",
        "references": ["<a@b.example>", "r2"],
        "thread": "t1",
        "receipts": ["delivery", "display"],
    }
    response, _ = await served.post(message)
    assert response.status == 202
    (got,) = served.intake.submissions
    assert list(got.recipients) == [
        To(target=Address.parse("dr.aubepine@valbrume.example")),
        To(target=Identifier(RPPS, "810001234565")),
        To(target=Description(name="Camille Lilas", specialty="cardiologie", town="Hautmont")),
        To(target=Identifier(FINESS, "1750712184"), role=Role.CC),
        To(target=Identifier(INS_NIR, "279035121518989"), role=Role.CC),
        To(target=Identifier("urn:oid:1.2.3", "x1"), blind=True),
    ]
    assert (got.kind, got.language, got.subject) == (Kind.REPORT, "fr-FR", "Compte rendu")
    assert list(got.patient) == [Identifier("urn:oid:1.2.250.1.213.1.4.10", "279035121518989")]
    assert (got.in_reply_to, list(got.references), got.thread) == (
        "<a@b.example>",
        ["<a@b.example>", "r2"],
        "t1",
    )
    assert list(got.receipts) == [ReceiptKind.DELIVERY, ReceiptKind.DISPLAY]
    document = got.parts[1]
    assert (document.name, document.media_type, document.code) == ("cr.pdf", "application/pdf", "34112-3")
    assert await document.content.read() == PDF


def _form(message: Any, **parts: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("message", json.dumps(message), content_type="application/json")
    for name, data in parts.items():
        form.add_field(name, data, filename=f"{name}.bin", content_type="application/octet-stream")
    return form


def _documents(*parts: str) -> dict[str, Any]:
    return {
        **LETTER,
        "documents": [{"name": f"{one}.pdf", "media_type": "application/pdf", "part": one} for one in parts],
    }


async def test_a_form_carries_large_documents(served: Served) -> None:
    """Documents sent as parts of a form arrive byte for byte, whatever their order."""
    response, body = await served.post(data=_form(_documents("a", "b"), b=PDF * 3, a=PDF))
    assert response.status == 202, body
    (got,) = served.intake.submissions
    assert [await part.content.read() for part in got.parts[1:]] == [PDF, PDF * 3]


@pytest.mark.parametrize(
    ("message", "parts", "pointer"),
    [
        (_documents("a", "b"), {"a": PDF}, "/documents/1/part"),
        (_documents("a"), {"a": PDF, "c": PDF}, "/documents"),
        (_documents("a"), {"a": b""}, "/documents/0/part"),
        (_documents("a", "a"), {"a": PDF}, "/documents/0/part"),
    ],
)
async def test_a_form_that_does_not_fit_its_message_is_refused(
    served: Served, message: Any, parts: dict[str, bytes], pointer: str
) -> None:
    """A part that is missing, stray, empty or claimed twice is named, and nothing is kept."""
    response, body = await served.post(data=_form(message, **parts))
    assert (response.status, body["errors"][0]["pointer"]) == (422, pointer)
    assert served.nothing_kept()


async def test_the_same_key_gives_the_same_answer(served: Served) -> None:
    """A repetition, even in parallel, is one message; the answer says that it was one."""
    answers = await asyncio.gather(*(served.post() for _ in range(5)))
    assert {response.status for response, _ in answers} == {202}
    assert len({body["id"] for _, body in answers}) == 1
    assert len(served.intake.submissions) == 1
    replayed = [response.headers.get("Idempotent-Replayed") for response, _ in answers]
    assert sorted(replayed, key=str) == [None, "true", "true", "true", "true"]
    assert all(stage.discarded for stage in served.intake.stages)
    response, _ = await served.post(key='"k1"')
    assert response.headers["Idempotent-Replayed"] == "true"


async def test_a_key_used_for_another_message_is_a_conflict(served: Served) -> None:
    """Other content under a known key is refused with 409, and the first message stands."""
    await served.post()
    response, body = await served.post({**LETTER, "subject": "Autre"})
    assert (response.status, body["code"]) == (409, "key.conflict")


async def test_a_refused_recipient_is_named_and_the_others_go_on(served: Served) -> None:
    """The answer says who gets nothing and why, in the client's language."""
    served.intake.refused = {"x@y.example": Refused(code="recipient.struck-off", reason=WORDS)}
    _, body = await served.post(headers={"Accept-Language": "en;q=0.5, fr-FR"})
    assert body["refused"] == {"x@y.example": {"code": "recipient.struck-off", "detail": WORDS.fr}}


@pytest.mark.parametrize(
    ("error", "status", "shown"),
    [
        (TrustError("sender.not_yours", WORDS, peer="p"), 403, {}),
        (LimitError("content.too_large", WORDS, limit=1), 413, {}),
        (InputError("message.malformed", WORDS, field="subject"), 422, {"pointer": "/subject"}),
        (ConflictError("key.conflict", WORDS), 409, {}),
        (StoreError("store.full", WORDS), 503, {}),
        (DirectoryUnavailableError("directory.unavailable", WORDS), 503, {}),
    ],
)
async def test_what_the_hub_says_reaches_the_client(
    served: Served, error: HubError, status: int, shown: dict[str, str]
) -> None:
    """Each refusal of the hub is a problem with its own status, code and words; nothing stays behind."""
    served.intake.error = error
    response, body = await served.post(headers={"Accept-Language": "fr"})
    assert response.status == status
    assert response.content_type == problem.MEDIA_TYPE
    assert response.headers["Content-Language"] == "fr"
    assert (response.headers.get("Retry-After") is not None) == (status == 503)
    assert (body["status"], body["code"], body["detail"]) == (status, error.code, WORDS.fr)
    assert body["type"] == f"urn:caducee:problem:{error.code}"
    if shown:
        assert body["errors"] == [{**shown, "detail": WORDS.fr}]
    assert served.nothing_kept()


async def test_everybody_refused_is_told_by_name(served: Served) -> None:
    """When nobody can be reached, each recipient's reason is in the problem."""
    refused = {"x@y.example": Refused(code="recipient.unknown", reason=WORDS)}
    served.intake.error = InputError("recipients.refused", WORDS, refused=refused)
    response, body = await served.post()
    assert response.status == 422
    assert body["refused"] == {"x@y.example": {"code": "recipient.unknown", "detail": WORDS.en}}


async def test_a_failure_that_nobody_foresaw_says_nothing_of_itself(served: Served) -> None:
    """The client gets an incident number, the log the type, nobody the text."""
    served.intake.error = ValueError("Jean Dupont")  # type: ignore[assignment]
    response, body = await served.post()
    assert response.status == 500
    assert "Dupont" not in json.dumps(body)
    assert "Dupont" not in str(served.log.lines)
    assert (
        "warning",
        "http.failed",
        {"incident": body["incident"], "error": "ValueError", "code": None},
    ) in (served.log.lines)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Idempotency-Key": None}, 400, "http.key_missing"),
        ({"Idempotency-Key": "<a@b.example>"}, 400, "http.key_malformed"),
        ({"Idempotency-Key": "k" * 129}, 400, "http.key_malformed"),
        ({"Content-Type": "text/plain"}, 415, "http.media_type"),
        ({"Content-Type": "application/json; charset=latin-1"}, 415, "http.media_type"),
        ({"Content-Type": "multipart/form-data"}, 400, "http.form"),
        ({"Content-Encoding": "gzip"}, 415, "http.media_type"),
        ({"Expect": "a-miracle"}, 417, "http.expect"),
    ],
)
async def test_headers_that_are_wrong_are_named(
    served: Served, headers: dict[str, str | None], status: int, code: str
) -> None:
    """A header that is missing or not of its form is told before the body is read."""
    response, body = await served.post(headers=headers)
    assert (response.status, body["code"]) == (status, code)
    assert not served.intake.stages


async def test_a_client_may_ask_before_it_sends(served: Served) -> None:
    """`Expect: 100-continue` is answered when the body is wanted, and only then."""
    response, _ = await served.post(expect100=True)
    assert response.status == 202
    response, _ = await served.post(expect100=True, headers={"Authorization": "Bearer wrong"})
    assert response.status == 401


async def test_an_oversize_body_is_refused_whether_announced_or_not() -> None:
    """Over the limit is 413, by Content-Length or by the bytes that come."""
    big = json.dumps({**LETTER, "text": "x" * (512 << 10)}).encode()
    headers = {"Content-Type": "application/json"}

    async def chunks() -> Any:
        for at in range(0, len(big), 1 << 14):
            yield big[at : at + (1 << 14)]

    async with serving(body=64 << 10) as served:
        for data in (big, chunks()):
            response, body = await served.post(data=data, headers=headers)
            assert (response.status, body["code"]) == (413, "http.too_large")
        assert served.nothing_kept()


async def test_a_document_too_large_for_the_message_is_sent_to_the_form(served: Served) -> None:
    """An inline document over its limit is 413, names the document and says what to do instead."""
    content = base64.b64encode(bytes((64 << 10) + 3)).decode()
    document = {"name": "a.pdf", "media_type": "application/pdf", "content": content}
    response, body = await served.post({**LETTER, "documents": [document]})
    assert (response.status, body["errors"][0]["pointer"]) == (413, "/documents/0/content")
    assert "multipart/form-data" in body["detail"]


async def test_too_many_at_a_time_are_told_to_come_back() -> None:
    """Beyond the configured number of submissions at a time the answer is 503, soon to be repeated."""
    async with serving(concurrency=1) as served:
        release = asyncio.Event()

        async def slowly() -> Any:
            yield json.dumps(LETTER).encode()
            await release.wait()

        headers = {"Content-Type": "application/json"}
        first = asyncio.create_task(served.post(data=slowly(), headers=headers))
        await served.staged.wait()
        response, body = await served.post(key="k2")
        assert (response.status, body["code"], response.headers["Retry-After"]) == (503, "http.busy", "1")
        release.set()
        assert (await first)[0].status == 202


async def test_the_log_says_what_was_asked_and_nothing_of_the_message(served: Served) -> None:
    """One line per request, with method, route template, status, duration and client."""
    await served.post({**LETTER, "subject": "Jean Dupont"})
    await served.get("/v1/messages/Jean-Dupont?nom=Dupont")
    lines = [(level, fields) for level, event, fields in served.log.lines if event == "http.answered"]
    expected = {"duration_ms": 0.0, "client": "client:cabinet"}
    assert lines == [
        ("info", {"method": "POST", "route": "/v1/messages", "status": 202, "code": None, **expected}),
        (
            "info",
            {
                "method": "GET",
                "route": "/v1/messages/{id}",
                "status": 404,
                "code": "http.not_found",
                **expected,
            },
        ),
    ]
    assert "Dupont" not in str(served.log.lines)
    assert TOKEN not in str(served.log.lines)
