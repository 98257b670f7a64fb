"""What came is read as a message exactly, or not at all; errors name keys, never values."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.address import Address
from hub.domain.message import DocumentRole, Kind, SignatureResult
from hub.domain.party import INS_NIA, INS_NIR, RPPS, Identifier, Role
from hub.errors import HubError, MalformedError
from hub.ports.intake import Submission, To
from hub.testing.contents import MemoryStage
from hub_http.description.inbound import Arriving
from hub_http.fetching.arriving import key_of, submission_of
from hub_http.fetching.came import Came
from hub_http.fetching.values import safe_name
from hub_http.mapping.answered import Answered
from tests.plugins.http.fetching.far import NAME, PEER, Far, near, offline

TEXT: Final = """
version = 1
title = "Held"
[codes.kinds]
CR = "report"
[inbox]
every = "1m"
least = "1m"
items = { json = "$.list[*]", many = true }
id = { json = "$.id" }
listing = { path = "/list" }
[[inbox.kinds]]
is = "message"
[inbox.kinds.message]
id = { json = "$.id" }
sender = { json = "$.from" }
recipients = { json = "$.to[*]", many = true }
copies = { json = "$.cc[*]", many = true }
subject = { json = "$.subject" }
kind = { json = "$.kind", codes = "kinds" }
language = { json = "$.language" }
thread = { json = "$.thread" }
in_reply_to = { json = "$.answers" }
references = { json = "$.references[*]", many = true }
patient = { json = "$.patient" }
body = { json = "$.text" }
[[inbox.kinds.message.documents]]
each = { json = "$.documents[*]", many = true }
name = { json = "$.name" }
media_type = { json = "$.type" }
code = { json = "$.code" }
role = { json = "$.role" }
sha256 = { json = "$.sha256" }
data = { json = "$.data", decode = "base64" }
"""
PDF: Final = b"%PDF-1.7 ..."
SAID: Final[dict[str, Any]] = {
    "id": "m-7",
    "from": "chirurgie@valbrume.example",
    "to": ["a.martin@city.example", "rpps:10001234567"],
    "cc": ["b.petit@city.example"],
    "subject": "Compte rendu",
    "kind": "CR",
    "language": "fr-FR",
    "thread": "t-1",
    "answers": "m-1",
    "references": ["m-0", "m-1"],
    "patient": "290017523412382",
    "text": "Bonjour,\r\nvoici.",
    "documents": [
        {
            "name": "../../cr.pdf",
            "type": "Application/PDF; version=1.7",
            "code": "11502-2",
            "sha256": hashlib.sha256(PDF).hexdigest().upper(),
            "data": base64.b64encode(PDF).decode(),
        },
        {"data": ""},
    ],
}


def ins(first: str) -> str:
    """Return an INS matricule with its right key."""
    number = first + "900175234123"
    return f"{number}{97 - int(number) % 97:02d}"


def rpps() -> str:
    """Return an RPPS number with its right check digit."""
    digits = "1000123456"
    total = sum(sum(divmod(int(one) * (1 + place % 2), 10)) for place, one in enumerate((digits + "0")[::-1]))
    return digits + str(-total % 10)


async def read(
    folder: Path,
    said: Any,
    *,
    text: str = TEXT,
    headers: dict[str, str] | None = None,
    payload: bytes | None = None,
) -> tuple[Submission, MemoryStage]:
    """Read something as the description says."""
    our, stage = offline(folder, text), MemoryStage()
    inbox = our.described.inbox
    assert inbox is not None
    arriving = inbox.kinds[0].message
    assert arriving is not None
    body = payload if payload is not None else json.dumps(said, ensure_ascii=False).encode()
    answered = Answered(status=200, headers=headers or {"content-type": "application/json"}, body=body)
    came = Came(answered=answered, payload=None if payload is None else await stage.keep(payload))
    async with our.operator() as operator:
        return await submission_of(arriving, came, stage, operator=operator, peer=PEER), stage


def good(**changes: Any) -> dict[str, Any]:
    """Return a message that can be read, with changes; None takes a field away."""
    said = {**SAID, "patient": ins("2"), "to": ["a.martin@city.example", f"rpps:{rpps()}"], **changes}
    return {key: value for key, value in said.items() if value is not None}


async def test_everything_that_is_said_is_in_the_submission(tmp_path: Path) -> None:
    """Parties, subject, kind, references, patient, text and documents; who was refused hears of it."""
    read_, _ = await read(tmp_path, good())
    assert read_.connector == NAME
    assert read_.peer == PEER
    assert (read_.native_id, read_.key) == ("m-7", key_of(NAME, "m-7"))
    assert read_.sender == Address.parse("chirurgie@valbrume.example")
    assert read_.recipients == (
        To(target=Address.parse("a.martin@city.example")),
        To(target=Identifier(RPPS, f"8{rpps()}")),
        To(target=Address.parse("b.petit@city.example"), role=Role.CC),
    )
    assert (read_.subject, read_.kind, read_.language) == ("Compte rendu", Kind.REPORT, "fr-FR")
    assert (read_.thread, read_.in_reply_to, read_.references) == ("t-1", "m-1", ("m-0", "m-1"))
    assert read_.patient == (Identifier(INS_NIR, ins("2")),)
    assert read_.signature.result is SignatureResult.NONE
    assert read_.unanswered
    assert not read_.whole


async def test_documents_are_byte_equal_and_named_safely(tmp_path: Path) -> None:
    """The original first, then the text, then what is attached; what is not said has a default."""
    said = good()
    read_, _ = await read(tmp_path, said)
    parts = [(one.role, one.name, one.media_type, one.code, await one.content.read()) for one in read_.parts]
    assert parts == [
        (
            DocumentRole.ORIGINAL,
            "original.json",
            "application/json",
            None,
            json.dumps(said, ensure_ascii=False).encode(),
        ),
        (DocumentRole.BODY, "body.txt", "text/plain", None, b"Bonjour,\nvoici."),
        (DocumentRole.ATTACHMENT, "cr.pdf", "application/pdf", "11502-2", PDF),
        (DocumentRole.ATTACHMENT, "document-2", "application/octet-stream", None, b""),
    ]


async def test_little_is_enough(tmp_path: Path) -> None:
    """An id, a sender, a recipient."""
    text = TEXT.replace('"$.to[*]"', '"$.to"')
    said = {"id": 7, "from": SAID["from"], "to": "a.martin@city.example"}
    read_, _ = await read(tmp_path, said, text=text)
    assert (read_.native_id, read_.subject, read_.kind) == ("7", "", Kind.MESSAGE)
    assert [one.role for one in read_.parts] == [DocumentRole.ORIGINAL]


async def test_a_download_that_is_the_document_is_not_kept_twice(tmp_path: Path) -> None:
    """It is one document, with the name and type that its headers say."""
    text = (
        TEXT.partition("[inbox.kinds.message]")[0]
        + """
[inbox.kinds.message]
id = { header = "X-Id" }
sender = { header = "X-From" }
recipients = { value = "{{ headers['X-To'] }}", many = true }
subject = { header = "X-Subject", default = "Sans objet" }
documents = [{ payload = true, name = { header = "X-Name" }, media_type = { header = "Content-Type" } }]
"""
    )
    headers = {
        "x-id": "m-7",
        "x-from": "chirurgie@valbrume.example",
        "x-to": "a.martin@city.example",
        "x-name": "C:\\temp\\cr.pdf",
        "content-type": "application/pdf",
    }
    read_, stage = await read(tmp_path, None, text=text, headers=headers, payload=PDF)
    (part,) = read_.parts
    assert (part.role, part.name, part.media_type) == (DocumentRole.ATTACHMENT, "cr.pdf", "application/pdf")
    assert await part.content.read() == PDF
    assert read_.subject == "Sans objet"
    assert len(stage.contents) == 1


async def test_documents_may_be_asked_for_one_by_one(tmp_path: Path) -> None:
    """Each is streamed, and held to its digest."""
    text = TEXT.replace(
        'data = { json = "$.data", decode = "base64" }',
        'fetch = { path = "/documents/{{ document.value.at }}", accept = "application/pdf" }',
    )
    far = Far()

    async def document(request: web.Request) -> web.StreamResponse:
        return web.Response(body=request.match_info["at"].encode() * 100_000)

    far.routes["GET /documents/{at}"] = document
    wanted = b"b" * 100_000
    said = good(documents=[{"at": "a"}, {"at": "b", "sha256": hashlib.sha256(wanted).hexdigest()}])
    stage = MemoryStage()
    async with near(far, text, tmp_path, "") as our, our.operator() as operator:
        inbox = our.described.inbox
        assert inbox is not None
        arriving = inbox.kinds[0].message
        assert arriving is not None
        came = Came(answered=Answered.of(said))
        read_ = await submission_of(arriving, came, stage, operator=operator, peer=PEER)
    assert [await one.content.read() for one in read_.parts[2:]] == [b"a" * 100_000, wanted]


@pytest.mark.parametrize(
    ("first", "system"), [("1", INS_NIR), ("2", INS_NIR), ("3", INS_NIA), ("8", INS_NIA)]
)
async def test_a_patient_is_known_by_their_ins(tmp_path: Path, first: str, system: str) -> None:
    """By the series of its first digit, as a text or a number."""
    for said in (ins(first), int(ins(first)), f"{ins(first)[:13]} {ins(first)[13:]}"):
        read_, _ = await read(tmp_path, good(patient=said))
        assert read_.patient == (Identifier(system, ins(first)),)


MARK: Final = "Zoé-Marqueur"
WRONG: Final[dict[str, dict[str, Any]]] = {
    "id": {"id": None},
    "sender": {"from": MARK},
    "recipients": {"to": [MARK]},
    "copies": {"cc": [f"{MARK} <a@b.example>"]},
    "kind": {"kind": MARK},
    "subject": {"subject": {"value": MARK}},
    "language": {"language": [MARK, MARK]},
    "thread": {"thread": {"value": MARK}},
    "references": {"references": [{"value": MARK}]},
    "patient": {"patient": MARK},
    "body": {"text": {"value": MARK}},
    "documents[0].media_type": {"documents": [{"data": "", "type": MARK}]},
    "documents[0].role": {"documents": [{"data": "", "role": MARK}]},
    "documents[0].sha256": {"documents": [{"data": "", "sha256": MARK}]},
    "documents[0].data": {"documents": [{"name": MARK}]},
    "documents[0].name": {"documents": [{"data": "", "name": {"value": MARK}}]},
}


@pytest.mark.parametrize("key", WRONG)
async def test_what_is_wrong_is_named_by_the_descriptions_key(tmp_path: Path, key: str) -> None:
    """In both languages, without a value that came: it may be a patient's."""
    text = TEXT.replace(', codes = "kinds"', "")
    with pytest.raises(MalformedError) as caught:
        await read(tmp_path, good(**{"kind": "report", **WRONG[key]}), text=text)
    error = caught.value
    assert error.code == "arrived.malformed"
    assert error.fields == {"field": f"message.{key}"}
    for words in (error.words.en, error.words.fr):
        assert f"`message.{key}`" in words
        assert MARK not in words


async def test_altered_bytes_are_refused(tmp_path: Path) -> None:
    """Nothing is taken; the words say which digest."""
    documents = [{"data": base64.b64encode(PDF + b"x").decode(), "sha256": hashlib.sha256(PDF).hexdigest()}]
    with pytest.raises(MalformedError, match="altered"):
        await read(tmp_path, good(documents=documents))


_ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(SAID)), inner, max_size=5)
    ),
)


@given(said=_ANYTHING)
async def test_whatever_an_operator_says_is_a_submission_or_an_error_of_the_tree(
    tmp_path_factory: pytest.TempPathFactory, said: Any
) -> None:
    """Nothing else comes out of it."""
    with suppress(HubError):
        read_, _ = await read(tmp_path_factory.getbasetemp(), said)
        assert read_.recipients


@given(st.text(max_size=300))
def test_a_name_can_do_no_harm(name: str) -> None:
    """No folder, no control, nothing hidden, not too long; a plain one stays as it is."""
    safe = safe_name(name)
    assert not {"/", "\\", "\n", "\r", "\0", "\u202e"} & set(safe)
    assert not safe.startswith(".")
    assert len(safe) <= 255
    assert safe_name(safe) == safe


def test_two_operators_may_use_one_id() -> None:
    """And nobody can make one key out of two ids."""
    assert key_of("a", "1") != key_of("b", "1")
    assert key_of("a", "1") != key_of("a", "2")
    assert key_of("a", "1") == key_of("a", "1")


async def test_a_hook_reads_what_cant_be_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the answer and the stage; senders of what it reads hear of refusals too."""
    expected, _ = await read(tmp_path, good())

    class Hook:
        """Reads anything."""

        async def arriving(self, *_: Any) -> Submission:
            return replace(expected, unanswered=False)

    monkeypatch.setattr("hub_http.hooks.named", lambda *_: Hook())
    text = TEXT.replace('subject = { json = "$.subject" }', 'subject = { json = "$.subject" }\nhook = "mine"')
    read_, _ = await read(tmp_path, good(), text=text)
    assert read_ == replace(expected, unanswered=True)


def test_the_description_used_here_is_one() -> None:
    """The tests read what an operator could configure."""
    assert Arriving.model_fields.keys() >= {"id", "sender", "recipients"}
