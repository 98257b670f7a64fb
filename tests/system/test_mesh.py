"""A hub between mail operators and NHS MESH: its sandbox, and NHS's own client at the other end."""

from __future__ import annotations

import io
import os
import re
import smtplib
import ssl
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from hub_demo.papers import letter, report_mail
from hub_demo.story import COLLEAGUE
from hub_demo.world import HOSPITAL, HUB, PRACTICE, World, until
from tests import mesh_stage
from tests.front import Front, front
from tests.mesh_user import USER, Collected, MeshUser
from tests.servers import MAILBOX_PASSWORD, SHARED_KEY, Tls, mesh_sandbox
from tests.system import worlds

OUTBOX = rf"/messageexchange/{mesh_stage.OURS}/outbox"
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TABLE = """
[operators.mesh]
kind = "http"
domains = ["cabinet-lilas.mssante.example"]
description = "operators/mesh.toml"
base_url = "{url}"
anchors = ["tls/authority.pem"]
certificate = "tls/{hub}.pem"
key = "tls/{hub}.key"
networks = ["127.0.0.0/8", "::1/128"]
retry_base = "1s"
retry_cap = "2s"
breaker_pause = "1s"
[operators.mesh.parameters]
mailbox = "{ours}"
partner = "{theirs}"
workflow = "{workflow}"
[operators.mesh.secrets]
password = "secrets/mesh-password"
shared_key = "secrets/mesh-key"
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A hub, its two mail operators, MESH behind a front, and the practice's own user of MESH."""

    world: World
    practice: MeshUser
    before: Front

    def send(self, subject: str, documents: dict[str, bytes], recipients: Sequence[str] = (PRACTICE,)) -> str:
        """Send a mail as the hospital's operator; returns the id of the envelope that the hub answered."""
        mail = EmailMessage(SMTP)
        mail["From"], mail["To"], mail["Subject"] = HOSPITAL, ", ".join(recipients), subject
        mail["Message-ID"] = f"<{subject.encode().hex()}@ch-hautmont.mssante.example>"
        mail["Date"] = "Mon, 02 Nov 2026 10:35:00 +0100"
        mail.set_content("Bonjour,\n\nvoici le compte rendu.\n")
        for name, data in documents.items():
            mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)
        return self.hand_over(mail.as_bytes(), recipients)

    def hand_over(self, mail: bytes, recipients: Sequence[str]) -> str:
        """Hand a mail to the hub as the hospital's operator does; returns the id of its envelope."""
        tls, host = self.world.folder / "tls", self.world.hautmont.host
        context = ssl.create_default_context(cafile=str(self.world.authority.file))
        context.check_hostname = False  # the hub's certificate bears its name, not the loopback address
        context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
        with smtplib.SMTP("127.0.0.1", self.world.smtp_port, timeout=60) as session:
            session.starttls(context=context)
            session.ehlo()
            session.mail(HOSPITAL)
            for one in recipients:
                assert 250 == session.rcpt(one)[0]
            code, said = session.data(mail)
        assert 250 == code, said
        found = _ID.search(said)
        assert found, said
        return found[0].decode()

    def collected(self) -> Collected:
        """Wait for the one message in the practice's MESH mailbox, read and acknowledge it."""
        until(lambda: bool(self.practice.inbox()), "nothing came into the mailbox", "")
        (message,) = self.practice.collect()
        return message

    def arrived(self, mailbox: str, subject: str) -> EmailMessage:
        """Wait for the one mail with this subject in a mailbox of a mail operator."""
        operator = self.world.valbrume if mailbox == COLLEAGUE else self.world.hautmont

        def found() -> list[EmailMessage]:
            mails = [message_from_bytes(one.read_bytes(), policy=SMTP) for one in operator.mails(mailbox)]
            return [one for one in mails if subject in str(one["Subject"])]

        until(lambda: bool(found()), f"nothing about {subject} arrived", "")
        (mail,) = found()
        return mail

    def timeline(self, envelope: str, *expected: str) -> list[str]:
        """Wait until `hub trace` tells of these events, and return all it tells of, in order."""

        def events() -> list[str]:
            return [step["event"] for step in worlds.report(self.world, envelope)["timeline"]]

        until(lambda: set(expected) <= set(events()), f"{expected} not in the timeline", "")
        return events()

    def holds(self, envelope: str) -> bool:
        """Take the sealed envelope out of the hub and have `hub verify` check it as anybody can."""
        jws = self.practice.folder / f"{envelope}.jws"
        self.world.run("trace", envelope, "--envelope", str(jws), language="en")
        return "All of it holds." in self.world.run("verify", str(jws), language="en")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Run everything once for this file."""
    folder = tmp_path_factory.mktemp("mesh")
    with ExitStack() as stack:
        world = stack.enter_context(worlds.world())
        for host in ("localhost", "practice.example"):
            world.authority.host(host)
        url = stack.enter_context(mesh_sandbox(folder, _tls(world, "localhost")))
        before = stack.enter_context(front(url, _tls(world, "localhost"), client=True))
        mine = _tls(world, "practice.example")
        practice = MeshUser(
            url=url,
            certificate=mine.certificate,
            key=mine.key,
            authority=mine.authority,
            shared_key=SHARED_KEY,
            folder=folder,
        )
        _configure(world, before.url)
        world.hautmont.start()
        world.valbrume.start()
        world.start_hub()
        yield Stage(world, practice, before)


def _tls(world: World, host: str) -> Tls:
    tls = world.folder / "tls"
    return Tls(certificate=tls / f"{host}.pem", key=tls / f"{host}.key", authority=world.authority.file)


def _configure(world: World, url: str) -> None:
    mesh_stage.hurried(world.folder / "operators" / "mesh.toml")
    (world.folder / "secrets").mkdir(mode=0o700)
    for name, secret in (("mesh-password", MAILBOX_PASSWORD), ("mesh-key", SHARED_KEY)):
        file = world.folder / "secrets" / name
        file.touch(mode=0o600)
        file.write_text(f"{secret}\n")
    table = _TABLE.format(url=url, hub=HUB, ours=mesh_stage.OURS, theirs=USER, workflow=mesh_stage.WORKFLOW)
    with (world.folder / "hub.toml").open("a") as configuration:
        configuration.write(table)


def _pdfs(mail: EmailMessage) -> set[bytes]:
    """Return the PDFs in a mail: in its XDM package, and again beside it for who reads without."""
    found = []
    for part in mail.walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() == "application/zip" and isinstance(content, bytes):
            with zipfile.ZipFile(io.BytesIO(content)) as package:
                found += [package.read(name) for name in package.namelist()]
        elif isinstance(content, bytes):
            found.append(content)
    return {one for one in found if one.startswith(b"%PDF")}


def test_a_mail_reaches_a_mesh_mailbox_byte_for_byte(stage: Stage) -> None:
    """SMTP → hub → MESH: NHS's client reads sender, recipient, subject and documents; the trail is whole."""
    paper = letter(["Compte rendu opératoire"])
    envelope = stage.send("Sortie vers MESH", {"compte-rendu.pdf": paper})
    message = stage.collected()
    said = mesh_stage.told(message.content)
    assert (HOSPITAL, (PRACTICE,), "Sortie vers MESH") == (said.sender, said.recipients, said.subject)
    assert paper == said.documents["compte-rendu.pdf"]
    assert ("DATA", mesh_stage.WORKFLOW) == (message.headers["messagetype"], message.headers["workflowid"])
    assert "message.accepted" in stage.timeline(envelope, "delivery.delivered")
    assert stage.holds(envelope)


def test_a_signed_mail_goes_along_as_it_was(stage: Stage) -> None:
    """The hospital's own S/MIME signature can be verified at the other end: its mail is there, unchanged."""
    mail = report_mail(stage.world.hospital, HOSPITAL, [PRACTICE], "Compte rendu signé", 1)
    stage.hand_over(mail, (PRACTICE,))
    documents = mesh_stage.told(stage.collected().content).documents
    assert mail in documents.values()
    assert any(name.lower().endswith(".xml") for name in documents)


def test_a_mesh_message_reaches_a_mailbox_byte_for_byte(stage: Stage) -> None:
    """MESH → hub → SMTP: the doctor's own operator has the documents; it is acknowledged to MESH after."""
    paper = letter(["Demande d'avis"])
    content = mesh_stage.bundle(PRACTICE, (COLLEAGUE,), "Avis par MESH", {"avis.pdf": paper})
    sent = stage.practice.send(
        mesh_stage.OURS, content, workflow_id=mesh_stage.WORKFLOW, content_type="application/fhir+json"
    )
    mail = stage.arrived(COLLEAGUE, "Avis par MESH")
    assert {paper} == _pdfs(mail)
    until(lambda: stage.practice.track(sent)["status"] == "acknowledged", "not acknowledged", "")
    envelope = str(mail["X-Caducee-Envelope"])
    assert "message.accepted" in stage.timeline(envelope, "delivery.delivered")
    assert stage.holds(envelope)


def test_a_large_message_goes_in_chunks_both_ways(stage: Stage) -> None:
    """5 MB that don't compress leave in several requests, and come in several; nothing of them is changed."""
    scan = b"%PDF-1.7\n" + os.urandom(5_000_000)
    stage.before.seen.clear()
    stage.send("Imagerie", {"imagerie.pdf": scan})
    message = stage.collected()
    assert scan == mesh_stage.told(message.content).documents["imagerie.pdf"]
    chunks = stage.before.asked("POST", rf"{OUTBOX}.*")
    assert int(message.headers["total-chunks"]) == len(chunks) > 5
    assert all(len(one.body) <= 1 << 20 for one in chunks)

    content = mesh_stage.bundle(PRACTICE, (COLLEAGUE,), "Imagerie par MESH", {"imagerie.pdf": scan})
    stage.practice.send(
        mesh_stage.OURS,
        content,
        chunk=1 << 20,
        workflow_id=mesh_stage.WORKFLOW,
        content_type="application/fhir+json",
    )
    assert {scan} == _pdfs(stage.arrived(COLLEAGUE, "Imagerie par MESH"))


def test_a_report_of_mesh_reaches_the_sender_as_a_notice(stage: Stage) -> None:
    """Nobody collected the message within five days: MESH says so in the mailbox, the hub to the hospital."""
    envelope = stage.send("Jamais relevé", {"lettre.pdf": letter(["Bonjour"])})
    message = stage.collected()
    stage.practice.report(
        mesh_stage.OURS,
        code="14",
        description="Undelivered message",
        workflow_id=mesh_stage.WORKFLOW,
        local_id=message.headers["localid"],
        linked_message_id=message.id,
    )
    notice = stage.arrived(HOSPITAL, "pas été remis")
    status = next(part for part in notice.walk() if part.get_content_type() == "message/delivery-status")
    assert "Action: failed" in str(status)
    assert PRACTICE in str(status)
    stage.timeline(envelope, "acknowledgement.failed")


def test_a_lost_answer_is_recovered_by_reading(stage: Stage) -> None:
    """MESH took the message, its answer was cut: the hub asks by its own id and never sends again."""
    stage.before.seen.clear()
    stage.before.spoil("POST", OUTBOX, "cut")
    paper = letter(["Une seule fois"])
    envelope = stage.send("Une seule fois", {"lettre.pdf": paper})
    events = stage.timeline(envelope, "delivery.delivered")
    assert "delivery.uncertain" in events
    message = stage.collected()
    assert paper == mesh_stage.told(message.content).documents["lettre.pdf"]
    assert 1 == len(stage.before.asked("POST", rf"{OUTBOX}.*"))
    asked = stage.before.asked("GET", rf"{OUTBOX}/tracking/.*")
    assert 200 == asked[-1].status
    assert [] == stage.practice.inbox()


def test_a_request_that_never_arrived_is_sent_again_once_mesh_says_so(stage: Stage) -> None:
    """The link broke before MESH saw it: MESH knows no such id, so the hub sends it once more."""
    stage.before.seen.clear()
    stage.before.spoil("POST", OUTBOX, "drop")
    envelope = stage.send("Deuxième essai", {"lettre.pdf": letter(["Deuxième essai"])})
    assert "delivery.uncertain" in stage.timeline(envelope, "delivery.uncertain")
    (delivery,) = (one["id"] for one in worlds.report(stage.world, envelope)["deliveries"])

    def is_delivered() -> bool:
        # the hub asks again every two minutes; this is how a person has it ask now
        stage.world.run("queue", "retry", delivery, language="en", may_fail=True)
        (state,) = (one["state"] for one in worlds.report(stage.world, envelope)["deliveries"])
        return bool(state == "delivered")

    until(is_delivered, "it was not sent again", "")
    assert "Deuxième essai" == mesh_stage.told(stage.collected().content).subject
    assert [0, 202] == [one.status for one in stage.before.asked("POST", OUTBOX)]


def test_the_store_is_sound_in_the_end(stage: Stage) -> None:
    """`hub check` finds nothing wrong, and nothing waits for a person."""
    until(lambda: not stage.world.json("queue", "list", language="en")["deliveries"], "something waits", "")
    assert "mesh" in stage.world.run("check", language="en")


def test_secrets_and_contents_are_in_no_log(stage: Stage) -> None:
    """Neither the password nor the key, nor an address, a subject or a document's name is in the log."""
    log = (stage.world.folder / "hub.log").read_text()
    hidden = (SHARED_KEY, PRACTICE, HOSPITAL, "Jamais relevé", "compte-rendu.pdf", "NHSMESH")
    assert [] == [one for one in hidden if one in log]
    assert f'"{MAILBOX_PASSWORD}"' not in log
