"""The shipped description of NHS MESH against NHS's own sandbox, with NHS's own client at the other end."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.adapters.clock import SystemChance, SystemClock
from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.message import DocumentRole
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.plugin import Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Addressee, Delivers, Parcel, Recovers
from hub.ports.host import Host, Receives
from hub.ports.intake import Peer, Submission
from hub.testing.connector_contract import ConnectorContract, Rig, Seen, deliver, make
from hub.testing.contents import MemoryContent
from hub.testing.fakes import RecordingIntake, RecordingLog, entry
from hub.testing.parcels import Attached
from hub_http import parts
from hub_http.description.model import Description
from tests import mesh_stage
from tests.front import Front, front
from tests.mesh_stage import OURS, WORKFLOW
from tests.mesh_user import MeshUser
from tests.servers import MAILBOX_PASSWORD, SHARED_KEY, Papers, Tls, free_port, mesh_sandbox, running

DOMAIN = "mesh.example"
OUTBOX = rf"/messageexchange/{OURS}/outbox"
PEER = Peer(name="operator:mesh", operator=OperatorName("mesh"), domains=frozenset({DOMAIN}))
FHIR = "application/fhir+json"


@dataclass
class MeshRig(Rig):
    """Our connector, the sandbox behind a front, and the owners of its three mailboxes."""

    connector: Delivers
    users: Sequence[MeshUser]
    before: Front
    log: RecordingLog
    ledger: EphemeralLedger
    sender = Address.parse("compte-rendus@ch-hautmont.mssante.example")
    good = tuple(entry(f"x26abc{number}@{DOMAIN}") for number in (1, 2, 3))
    unknown = entry(f"x26abc9@{DOMAIN}")

    async def seen(self) -> Sequence[Seen]:
        """Read every mailbox, and leave all there."""
        return [one for user in self.users for one in await asyncio.to_thread(_seen, user)]

    async def stall(self) -> None:
        """Make the front answer nobody."""
        self.before.stall()

    async def resume(self) -> None:
        """Make it answer again."""
        self.before.resume()

    async def shut(self) -> None:
        """Make it listen no more."""
        await asyncio.to_thread(self.before.shut)

    async def reopen(self) -> None:
        """Make it listen again."""
        await asyncio.to_thread(self.before.reopen)

    @property
    def other(self) -> MeshUser:
        """The owner of the second mailbox."""
        return self.users[1]


def _seen(user: MeshUser) -> list[Seen]:
    found = []
    for message in user.collect(acknowledge=False):
        said = mesh_stage.told(message.content)
        (recipient,) = said.recipients
        assert user.mailbox == recipient.partition("@")[0].upper()
        digests = frozenset(hashlib.sha256(data).hexdigest() for data in said.documents.values())
        found.append(Seen(recipient=Address.parse(recipient), digests=digests, subject=said.subject))
    return found


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Papers, str]]:
    """Run one sandbox for this file; each test empties it."""
    folder = tmp_path_factory.mktemp("mesh")
    papers = Papers(folder / "tls")
    with mesh_sandbox(folder, papers.issue()) as url:
        yield papers, url


@pytest.fixture
async def rig(sandbox: tuple[Papers, str], tmp_path: Path) -> AsyncIterator[MeshRig]:
    """Yield a connector whose recipients' mailboxes stand before the @."""
    async with _rig(sandbox, tmp_path) as made:
        yield made


@asynccontextmanager
async def _rig(sandbox: tuple[Papers, str], folder: Path, **parameters: str) -> AsyncIterator[MeshRig]:
    papers, url = sandbox
    host = papers.issue()
    users = [_user(url, f"X26ABC{number}", host, folder) for number in (1, 2, 3)]
    await asyncio.to_thread(users[0].reset)
    log, ledger = RecordingLog(), EphemeralLedger()
    with front(url, host, client=True) as before:
        settings = _configured(folder, before.url, host, parameters)
        shared = parts.Shared()
        lent = Host(
            name="mesh",
            hub_name="hub.valbrume.example",
            address=Address.parse("hub@hub.valbrume.example"),
            clock=SystemClock(),
            chance=SystemChance(),
            log=log,
            data=folder,
            ledger=ledger,
        )
        async with shared.open_operator(shared.parse_operator(settings), lent) as connector:
            yield MeshRig(connector=connector, users=users, before=before, log=log, ledger=ledger)


def _user(url: str, mailbox: str, tls: Tls, folder: Path) -> MeshUser:
    return MeshUser(
        url=url,
        mailbox=mailbox,
        certificate=tls.certificate,
        key=tls.key,
        authority=tls.authority,
        shared_key=SHARED_KEY,
        folder=folder,
    )


def _configured(folder: Path, url: str, tls: Tls, parameters: dict[str, str]) -> Table:
    mesh_stage.hurried(folder / "mesh.toml")
    _secrets(folder)
    values: dict[str, Any] = {
        "description": "mesh.toml",
        "base_url": url,
        "anchors": [str(tls.authority)],
        "certificate": str(tls.certificate),
        "key": str(tls.key),
        "networks": ["127.0.0.0/8", "::1/128"],
        "parameters": {"mailbox": OURS, "workflow": WORKFLOW, **parameters},
        "secrets": {"password": "password", "shared_key": "key"},
    }
    return Table(values, file=folder / "hub.toml", path="operators.mesh")


def test_meshs_own_rules_are_kept() -> None:
    """Polled every five minutes to every 24 hours, less than 20 MB in a request, no subject shown."""
    shipped = Description.model_validate(tomllib.loads(mesh_stage.DESCRIPTION.read_text("utf-8")))
    assert shipped.inbox is not None
    assert shipped.send is not None
    assert timedelta(minutes=5) <= shipped.inbox.least <= shipped.inbox.every
    assert shipped.inbox.longest == timedelta(hours=24)
    (step,) = shipped.send.steps
    assert step.chunks is not None
    assert step.chunks.size < 20_000_000
    assert "Mex-Subject" not in step.headers


def _secrets(folder: Path) -> None:
    for name, secret in (("password", MAILBOX_PASSWORD), ("key", SHARED_KEY)):
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(f"{secret}\n")


class TestContract(ConnectorContract):
    """What every connector keeps, against MESH's own sandbox."""


def _sent(rig: MeshRig, *attached: Attached) -> Parcel:
    return make(rig, rig.good[1:2], *attached)


def _only(parcel: Parcel) -> Addressee:
    (one,) = parcel.addressees
    return one


async def test_the_headers_are_meshs(rig: MeshRig) -> None:
    """The delivery's id is the local id, the workflow ours, and MESH is shown no subject."""
    parcel = _sent(rig)
    await deliver(rig, parcel)
    (request,) = rig.before.asked("POST", OUTBOX)
    headers = {name.lower(): value for name, value in request.headers.items()}
    expected = {
        "mex-from": OURS,
        "mex-to": "X26ABC2",
        "mex-workflowid": WORKFLOW,
        "mex-localid": _only(parcel).delivery,
        "content-type": FHIR,
    }
    assert expected == {name: headers.get(name) for name in expected}
    assert "mex-subject" not in headers
    assert "Compte rendu" not in str(headers)


async def test_no_token_is_used_twice(rig: MeshRig) -> None:
    """Each request proves itself anew, as MESH demands and its sandbox does not check."""
    for _ in range(3):
        await deliver(rig, _sent(rig))
    tokens = [one.headers["Authorization"] for one in rig.before.seen]
    assert len(tokens) == len(set(tokens)) >= 3


async def test_everything_is_in_the_bundle(rig: MeshRig) -> None:
    """Parties, subject, and every document with its name, type, role and digest."""
    report = Attached(content=MemoryContent(b"%PDF-1.7 compte rendu"))
    await deliver(rig, _sent(rig, report))
    (message,) = await asyncio.to_thread(rig.other.collect)
    said = mesh_stage.told(message.content)
    assert (str(rig.sender), (f"x26abc2@{DOMAIN}",), "Compte rendu") == (
        said.sender,
        said.recipients,
        said.subject,
    )
    assert {"lettre.txt", "compte-rendu.pdf"} == set(said.documents)
    found = [entry["resource"] for entry in json.loads(message.content)["entry"]]
    roles = [
        (one["content"][0]["attachment"]["contentType"], one["category"][0]["coding"][0]["code"])
        for one in found
        if one["resourceType"] == "DocumentReference"
    ]
    assert [("text/plain", "body"), ("application/pdf", "attachment")] == roles


async def test_a_large_message_goes_in_chunks(rig: MeshRig) -> None:
    """Each is compressed by itself and below the limit; NHS's client puts them together."""
    scan = Attached(content=MemoryContent(os.urandom(3_000_000)), name="imagerie.pdf")
    parcel = _sent(rig, scan)
    outcomes = await deliver(rig, parcel)
    assert isinstance(outcomes[_only(parcel).delivery], Delivered)
    (message,) = await asyncio.to_thread(rig.other.collect)
    assert await scan.content.read() == mesh_stage.told(message.content).documents["imagerie.pdf"]
    requests = rig.before.asked("POST", rf"{OUTBOX}.*")
    count = len(requests)
    assert count == 4
    assert [f"{number}:{count}" for number in range(1, count + 1)] == [
        one.headers["Mex-Chunk-Range"] for one in requests
    ]
    assert {"gzip"} == {one.headers["Content-Encoding"] for one in requests}
    assert all(len(one.body) <= 1 << 20 for one in requests)


async def test_a_lost_answer_is_uncertain_and_found_by_reading(rig: MeshRig) -> None:
    """The message is there once; asking by our id says so, without sending again."""
    rig.before.spoil("POST", OUTBOX, "cut")
    parcel = _sent(rig)
    delivery = _only(parcel).delivery
    assert isinstance((await deliver(rig, parcel))[delivery], Uncertain)
    assert isinstance(rig.connector, Recovers)
    assert isinstance((await rig.connector.recover(parcel))[delivery], Delivered)
    assert 1 == len(await asyncio.to_thread(rig.other.inbox))
    assert 1 == len(rig.before.asked("POST", OUTBOX))


async def test_an_unknown_mailbox_is_refused_in_meshs_words(rig: MeshRig) -> None:
    """Code 12: the sender reads what MESH said."""
    assert rig.unknown is not None
    parcel = make(rig, [rig.unknown])
    outcome = (await deliver(rig, parcel))[_only(parcel).delivery]
    assert isinstance(outcome, Refused)
    assert "Unregistered to address" in outcome.reason.en


@pytest.mark.parametrize(("status", "expected"), [(429, Deferred), (403, Deferred), (502, Uncertain)])
async def test_other_answers_are_not_final(rig: MeshRig, status: int, expected: type) -> None:
    """Too fast, not let in, a gateway that gave up: nobody is refused for it."""
    rig.before.spoil("POST", OUTBOX, status, times=2)
    parcel = _sent(rig)
    assert isinstance((await deliver(rig, parcel))[_only(parcel).delivery], expected)


@asynccontextmanager
async def _fetching(rig: MeshRig) -> AsyncIterator[RecordingIntake]:
    assert isinstance(rig.connector, Receives)
    intake = RecordingIntake(operators={"mesh": PEER})
    task = asyncio.ensure_future(rig.connector.receive(intake))
    try:
        yield intake
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until_acknowledged(rig: MeshRig, count: int) -> None:
    """Wait until so many messages of the hub's mailbox were acknowledged to MESH."""
    path = rf"/messageexchange/{OURS}/inbox/.*/status/acknowledged"
    while len(rig.before.asked("PUT", path)) < count:  # noqa: ASYNC110 - another process's doing raises no event
        await asyncio.sleep(0.05)


async def _document(submission: Submission, name: str) -> bytes:
    (part,) = (one for one in submission.parts if one.name == name)
    return b"".join([piece async for piece in part.content.pieces()])


async def test_a_bundle_is_read_into_a_submission(rig: MeshRig) -> None:
    """Sender, recipients, subject and documents are what the other side wrote; it is acknowledged after."""
    papers = {"avis.pdf": b"%PDF-1.7 avis", "annexe.pdf": b"%PDF-1.7 annexe"}
    sender, recipients = f"x26abc2@{DOMAIN}", ("dr.a@valbrume.example", "dr.b@valbrume.example")
    content = mesh_stage.bundle(sender, recipients, "Avis", papers)
    sent = await asyncio.to_thread(rig.other.send, OURS, content, workflow_id=WORKFLOW, content_type=FHIR)
    async with _fetching(rig) as intake:
        await _until_acknowledged(rig, 1)
    (submission,) = intake.submissions
    assert (sender, list(recipients), "Avis", PEER) == (
        str(submission.sender),
        [one.asked for one in submission.recipients],
        submission.subject,
        submission.peer,
    )
    assert sent in submission.native_id
    assert papers == {name: await _document(submission, name) for name in papers}
    assert "acknowledged" == (await asyncio.to_thread(rig.other.track, sent))["status"]


async def test_what_the_hub_writes_it_reads(rig: MeshRig) -> None:
    """Two hubs with MESH between them: roles, types and bytes are the same at the other end."""
    report = Attached(content=MemoryContent(b"%PDF-1.7 compte rendu"))
    empty = Attached(content=MemoryContent(b""), name="vide.txt", media_type="text/plain")
    await deliver(rig, make(rig, rig.good[:1], report, empty))
    async with _fetching(rig) as intake:
        await _until_acknowledged(rig, 1)
    (submission,) = intake.submissions
    original, *documents = submission.parts
    assert ("original.json", FHIR, DocumentRole.ORIGINAL) == (
        original.name,
        original.media_type,
        original.role,
    )
    assert [
        ("lettre.txt", "text/plain", DocumentRole.BODY),
        ("compte-rendu.pdf", "application/pdf", DocumentRole.ATTACHMENT),
        ("vide.txt", "text/plain", DocumentRole.ATTACHMENT),
    ] == [(one.name, one.media_type, one.role) for one in documents]
    assert b"%PDF-1.7 compte rendu" == await _document(submission, "compte-rendu.pdf")
    assert b"" == await _document(submission, "vide.txt")
    assert ("report", "fr") == (submission.kind.value, submission.language)


async def test_a_chunked_message_is_put_together(rig: MeshRig) -> None:
    """After each 206 comes the next part; the document is the sender's, byte for byte."""
    scan = b"%PDF-1.7\n" + os.urandom(2_500_000)
    content = mesh_stage.bundle(f"x26abc2@{DOMAIN}", ("dr.a@valbrume.example",), "Scan", {"scan.pdf": scan})
    await asyncio.to_thread(
        rig.other.send, OURS, content, chunk=1 << 20, workflow_id=WORKFLOW, content_type=FHIR
    )
    async with _fetching(rig) as intake:
        await _until_acknowledged(rig, 1)
    (submission,) = intake.submissions
    assert scan == await _document(submission, "scan.pdf")


async def test_a_plain_file_is_one_document(sandbox: tuple[Papers, str], tmp_path: Path) -> None:
    """No bundle: the file is the document, its sender's mailbox the sender, `reception` gets it."""
    parameters = {"domain": DOMAIN, "reception": "accueil@valbrume.example"}
    async with _rig(sandbox, tmp_path, **parameters) as rig:
        sending = {"workflow_id": WORKFLOW, "filename": "radio.csv", "content_type": "text/csv"}
        await asyncio.to_thread(rig.other.send, OURS, b"a,b\n1,2\n", **sending)
        async with _fetching(rig) as intake:
            await _until_acknowledged(rig, 1)
    (submission,) = intake.submissions
    assert (f"x26abc2@{DOMAIN}", ["accueil@valbrume.example"]) == (
        str(submission.sender),
        [one.asked for one in submission.recipients],
    )
    (part,) = submission.parts
    assert ("radio.csv", "text/csv", b"a,b\n1,2\n") == (
        part.name,
        part.media_type,
        await _document(submission, "radio.csv"),
    )


@pytest.mark.parametrize(("partner", "sender"), [("X26ABC2", "dr.b"), ("X26ABC3", "x26abc2")])
async def test_only_the_partner_speaks_for_senders(
    sandbox: tuple[Papers, str], tmp_path: Path, partner: str, sender: str
) -> None:
    """A bundle of another mailbox, whoever it says it is from, is a file of that mailbox."""
    parameters = {"domain": DOMAIN, "reception": "accueil@valbrume.example", "partner": partner}
    async with _rig(sandbox, tmp_path, **parameters) as rig:
        content = mesh_stage.bundle(f"dr.b@{DOMAIN}", ("dr.a@valbrume.example",), "Avis", {"a.pdf": b"%PDF"})
        await asyncio.to_thread(rig.other.send, OURS, content, workflow_id=WORKFLOW, content_type=FHIR)
        async with _fetching(rig) as intake:
            await _until_acknowledged(rig, 1)
    (submission,) = intake.submissions
    assert str(submission.sender) == f"{sender}@{DOMAIN}"


async def test_a_report_is_about_its_delivery(rig: MeshRig) -> None:
    """MESH could not deliver: the refusal names our delivery and carries MESH's code and words."""
    parcel = _sent(rig)
    await deliver(rig, parcel)
    (message,) = await asyncio.to_thread(rig.other.collect)
    said = {"code": "14", "description": "-", "workflow_id": WORKFLOW}
    await asyncio.to_thread(
        rig.other.report, OURS, local_id=message.headers["localid"], linked_message_id=message.id, **said
    )
    async with _fetching(rig) as intake:
        await _until_acknowledged(rig, 1)
    (_, receipt), *more = [one for one in intake.acknowledgements if isinstance(one[1].outcome, Refused)]
    assert [] == more
    assert _only(parcel).delivery == receipt.delivery
    assert isinstance(receipt.outcome, Refused)
    assert "not collected" in receipt.outcome.reason.en


async def test_a_page_is_not_the_end(rig: MeshRig) -> None:
    """All that waits is fetched, over as many pages as MESH makes of it."""
    content = mesh_stage.bundle(f"x26abc2@{DOMAIN}", ("dr.a@valbrume.example",), "Avis", {"a.pdf": b"%PDF"})
    await asyncio.to_thread(rig.other.send, OURS, content, copies=25, workflow_id=WORKFLOW, content_type=FHIR)
    async with _fetching(rig) as intake:
        await _until_acknowledged(rig, 25)
    assert 25 == len({one.key for one in intake.submissions}) == len(intake.submissions)


@contextmanager
def _double(folder: Path, host: Tls) -> Iterator[str]:
    """Run the description's own double as whoever integrates does, under mutual TLS; yields its base URL."""
    port = free_port()
    _secrets(folder)
    command = [sys.executable, "-m", "hub", "operator", "simulate", str(mesh_stage.DESCRIPTION)]
    command += ["--port", str(port), "--folder", str(folder / "double")]
    command += ["--certificate", str(host.certificate), "--key", str(host.key)]
    command += ["--anchors", str(host.authority), "--clients", str(host.authority)]
    command += ["--set", f"mailbox={OURS}", "--set", f"workflow={WORKFLOW}"]
    command += ["--secret", f"password={folder / 'password'}", "--secret", f"shared_key={folder / 'key'}"]
    with running(command, port, folder / "double.log"):
        yield f"https://localhost:{port}"


async def test_nhs_client_and_the_double_understand_each_other(tmp_path: Path) -> None:
    """What NHS's client sends to the double in chunks, it reads back."""
    host = Papers(tmp_path / "tls").issue()
    with _double(tmp_path, host) as url:
        user = _user(url, OURS, host, tmp_path)
        content = os.urandom(5000)
        sent = user.send(OURS, content, chunk=2000, workflow_id=WORKFLOW, local_id="l-1", filename="a.bin")
        (got,) = user.collect()
        assert (sent, content, "l-1", OURS) == (
            got.id,
            got.content,
            got.headers["localid"],
            got.headers["from"],
        )
        assert "acknowledged" == user.track(sent)["status"]
        assert [] == user.inbox()


async def test_the_double_is_strict_where_the_sandbox_is_not(tmp_path: Path) -> None:
    """A token counts once, and what was acknowledged can't be downloaded again."""
    host = Papers(tmp_path / "tls").issue()
    with _double(tmp_path, host) as url, front(url, host, client=True) as before:
        user = _user(before.url, OURS, host, tmp_path)
        sent = user.send(OURS, b"once", workflow_id=WORKFLOW, local_id="l-1", filename="a.bin")
        assert [sent] == [one.id for one in user.collect()]
        with pytest.raises(AssertionError, match="410"):
            user.fetch(sent)
        (used,) = before.asked("GET", rf"/messageexchange/{OURS}/inbox")[:1]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=host.client())) as session:
            token = {"Authorization": used.headers["Authorization"]}
            async with session.get(f"{url}/messageexchange/{OURS}/inbox", headers=token) as answer:
                assert 403 == answer.status
