"""What a pharmacy answers by mail, and what a service says by calling: it reaches the prescriber's mailbox.

The hub asks its service only once an hour here. The pharmacy's operator speaks SMTP over TLS to the hub, and
answers as mail programs do, with the standard library's email package.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

import pytest

from hub_demo.processes import PATIENCE, until
from hub_demo.world import HUB, PRACTICE, World
from tests.system import prescriptions, stage, worlds
from tests.system.prescriptions import PHARMACIST, issued, order

pytestmark = pytest.mark.timeout(400)
MAILBOX: Final = f"erezept@rezept.{HUB}"
TOKEN: Final = "the-token-of-our-service"
DOOR: Final = """
[receivers.rx]
kind = "eprescription"
listen = ["127.0.0.1:{port}"]
certificate = "tls/{hub}.pem"
key = "tls/{hub}.key"

[receivers.rx.services.erezept]
bearer = "secrets/ping"

"""


class Stage:
    """A hub, its service, and a pharmacy; everything runs."""

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.port = port

    def call(self, token: str) -> int:
        """Ping the hub as the service does."""
        context = ssl.create_default_context(cafile=str(self.world.authority.file))
        # The name is the hub's, the address is loopback; the chain is verified.
        context.check_hostname = False
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}/operators/erezept/ping",
            b"",
            {"Authorization": f"Bearer {token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def handed(self, prescription: str) -> EmailMessage:
        """Return the mail that handed a prescription to the pharmacy, once it is there."""
        found: list[EmailMessage] = []

        def is_there() -> bool:
            mails = [_read(one.read_bytes()) for one in self.world.valbrume.mails(PHARMACIST)]
            found[:] = [one for one in mails if prescription in str(one["References"])]
            return bool(found)

        until(is_there, "no mail at the pharmacy", "")
        return found[0]

    def send(self, recipient: str, mail: EmailMessage) -> tuple[int, str]:
        """Hand a mail to the hub as the pharmacy's operator does; returns its answer."""
        host, tls = self.world.valbrume.host, self.world.folder / "tls"
        context = ssl.create_default_context(cafile=str(self.world.authority.file))
        context.check_hostname = False
        context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
        with smtplib.SMTP(
            "127.0.0.1", self.world.smtp_port, local_hostname=host, timeout=PATIENCE
        ) as session:
            session.starttls(context=context)
            session.ehlo()
            session.mail("" if mail.get_content_type() == "multipart/report" else PHARMACIST)
            session.rcpt(recipient)
            code, said = session.data(b"\r\n".join(mail.as_bytes().splitlines()) + b"\r\n")
        return code, said.decode()

    def told(self, prescription: str) -> list[Any]:
        """Return what the prescriber's mailbox has got in answer to an order."""
        return [
            one
            for one in self.world.courrier.messages()
            if one["to"] == PRACTICE and prescription in str(one.get("answers"))
        ]


@pytest.fixture(scope="module")
def stage_() -> Iterator[Stage]:
    """Set the stage once for this file."""
    with prescriptions.prescribing() as world, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        secret = world.folder / "secrets" / "ping"
        secret.parent.mkdir(exist_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(TOKEN)
        stage.configure(
            world,
            ('poll = "1s"', 'poll = "1h"'),
            ("[receivers.smtp]\n", DOOR.format(port=port, hub=HUB) + "[receivers.smtp]\n"),
        )
        world.start_hub()
        yield Stage(world, port)


def given(stage_: Stage, key: str) -> tuple[Any, EmailMessage]:
    """Issue a prescription and hand it to the pharmacy; returns both."""
    status, answer = order(stage_.world, key, hand_over=[{"to": PHARMACIST, "as": "token"}], language="fr")
    assert status == 201
    return answer, stage_.handed(answer["id"])


def reply(to: EmailMessage, recipient: str, text: str, number: int) -> EmailMessage:
    """Answer a mail as a program does."""
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["From"] = f"Pharmacie des Bruyères <{PHARMACIST}>"
    mail["To"] = recipient
    mail["Subject"] = f"Re: {to['Subject']}"
    mail["Message-ID"] = f"<answer-{number}@valbrume.mssante.example>"
    mail["In-Reply-To"] = str(to["Message-ID"])
    mail["X-KIM-Dienstkennung"] = "eRezept;Kommunikation;V1.0"
    mail.set_content(text)
    return mail


def test_a_ping_is_enough(stage_: Stage) -> None:
    """The service calls without content; the hub asks, and the prescriber reads of the dispensing."""
    answer, _ = given(stage_, "pinged")
    for deed in ("claim", "close"):
        stage_.world.rezept.pharmacy(deed, answer["number"])
    assert stage_.call("another-token-of-nobody") == 401
    assert stage_.told(answer["id"]) == []
    assert stage_.call(TOKEN) == 202
    until(lambda: bool(stage_.told(answer["id"])), "the prescriber was not told", "")
    (message,) = stage_.told(answer["id"])
    assert message["from"] == MAILBOX
    assert "délivrée" in message["subject"]
    assert answer["number"] in message["text"]
    assert message["documents"]
    assert issued(stage_.world, answer["id"])["state"] == "completed"


def test_an_answer_to_the_service_reaches_the_prescriber(stage_: Stage) -> None:
    """What the pharmacy writes to the service's mailbox is passed on, in the thread of the order."""
    answer, mail = given(stage_, "asked")
    question = "Rupture de stock : un générique convient-il ?"
    code, said = stage_.send(MAILBOX, reply(mail, MAILBOX, question, 1))
    assert code == 250, said
    until(lambda: bool(stage_.told(answer["id"])), "the prescriber was not told", "")
    (message,) = stage_.told(answer["id"])
    assert question in message["text"]
    assert f"écrivez à {PHARMACIST}" in message["text"]


def test_an_answer_to_the_prescriber_arrives_as_it_is(stage_: Stage) -> None:
    """The mail came from the prescriber, so programs answer there; it says to what it answers."""
    _, mail = given(stage_, "answered")
    assert mail["From"].addresses[0].addr_spec == PRACTICE
    code, said = stage_.send(PRACTICE, reply(mail, PRACTICE, "Bien reçu, merci.", 2))
    assert code == 250, said
    until(lambda: bool(stage_.told(str(mail["Message-ID"]))), "the answer did not arrive", "")
    (message,) = stage_.told(str(mail["Message-ID"]))
    assert (message["from"], message["text"].strip()) == (PHARMACIST, "Bien reçu, merci.")


def test_that_it_was_displayed_is_known(stage_: Stage) -> None:
    """The pharmacy's program confirms it (RFC 8098) to whom the mail named; the timeline says so."""
    _, mail = given(stage_, "displayed")
    to = str(mail["Disposition-Notification-To"])
    receipt = EmailMessage(policy=SMTP)
    receipt["Date"] = format_datetime(datetime.now(UTC))
    receipt["From"] = PHARMACIST
    receipt["To"] = to
    receipt["Subject"] = "Lu"
    receipt["Message-ID"] = "<read-1@valbrume.mssante.example>"
    receipt["MIME-Version"] = "1.0"
    receipt["Content-Type"] = 'multipart/report; report-type=disposition-notification; boundary="b"'
    receipt.set_payload(
        "--b\nContent-Type: text/plain\n\nLu.\n--b\nContent-Type: message/disposition-notification\n\n"
        f"Final-Recipient: rfc822;{PHARMACIST}\nOriginal-Message-ID: {mail['Message-ID']}\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
    )
    code, said = stage_.send(to, receipt)
    assert code == 250, said
    envelope = str(mail["X-Caducee-Envelope"])
    until(lambda: "acknowledgement.displayed" in str(worlds.report(stage_.world, envelope)), "no receipt", "")


def test_what_is_about_nothing_is_refused_in_words(stage_: Stage) -> None:
    """Its writer gets a notice that says what the mailbox is for."""
    before = len(stage_.world.valbrume.mails(PHARMACIST))
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["From"] = PHARMACIST
    mail["To"] = MAILBOX
    mail["Subject"] = "Bonjour"
    mail["Message-ID"] = "<nothing-1@valbrume.mssante.example>"
    mail.set_content("Bonjour ?")
    code, said = stage_.send(MAILBOX, mail)
    assert code == 250, said
    until(lambda: len(stage_.world.valbrume.mails(PHARMACIST)) > before, "no notice", "")
    notice = stage_.world.valbrume.mails(PHARMACIST)[-1].read_bytes()
    assert b"multipart/report" in notice
    assert b"boite d" in notice or "boîte d".encode() in notice or b"bo=C3=AEte" in notice


def _read(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=SMTP)
