"""A French prescription through a running hub: over HTTP in, in an XDM zip by SMTP out, and back again."""

from __future__ import annotations

import base64
import io
import smtplib
import ssl
import zipfile
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
from tests.plugins.eprescription.cda import papers
from tests.system import prescriptions, stage
from tests.system.prescriptions import PHARMACIST, ask, issued

pytestmark = pytest.mark.timeout(400)
MAILBOX: Final = f"ordonnances@ordonnances.{HUB}"
RPPS: Final = "899900000011"
"""Dr Camille Lilas's, in the demonstration's directory."""
OPERATOR: Final = f"""
[operators.ordonnances]
kind = "cda"
domains = ["ordonnances.{HUB}"]
retry_base = "1s"
retry_cap = "2s"
mailbox = "{MAILBOX}"
title = "Ordonnances"
answers_for = "Cabinet des Lilas"
poll = "1h"

"""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Set the stage once for this file: everything runs."""
    with prescriptions.prescribing() as made:
        stage.configure(made, ("[receivers.smtp]\n", OPERATOR + "[receivers.smtp]\n"))
        made.start_hub()
        yield made


def content(number: int, **fields: Any) -> bytes:
    """Return a prescription of Dr Camille Lilas's."""
    return papers.prescription(number, rpps=RPPS, high='<high value="20990101"/>', **fields)


def order(world: World, key: str, document: bytes, **fields: Any) -> tuple[int, Any]:
    """Order a prescription."""
    said = {
        "from": PRACTICE,
        "service": "ordonnances",
        "prescription": {
            "media_type": "application/hl7-cda+xml",
            "content": base64.b64encode(document).decode(),
        },
        "language": "fr",
        **fields,
    }
    return ask(world, "POST", "/v1/prescriptions", said, {"Idempotency-Key": key, "Prefer": "wait=30"})


def mails(world: World, prescription: str) -> list[EmailMessage]:
    """Return what the pharmacy got about a prescription."""
    found = [message_from_bytes(one.read_bytes(), policy=SMTP) for one in world.valbrume.mails(PHARMACIST)]
    return [one for one in found if prescription in str(one["References"])]


def zipped(mail: EmailMessage) -> list[bytes]:
    """Return the documents in the XDM zip of a mail."""
    (part,) = [one for one in mail.walk() if one.get_filename() == "IHE_XDM.ZIP"]
    with zipfile.ZipFile(io.BytesIO(part.get_content())) as archive:
        return [archive.read(name) for name in archive.namelist() if "/DOC" in name]


def send(world: World, mail: EmailMessage) -> tuple[int, str]:
    """Hand a mail to the hub as the pharmacy's operator does."""
    host, tls = world.valbrume.host, world.folder / "tls"
    context = ssl.create_default_context(cafile=str(world.authority.file))
    context.check_hostname = False
    context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
    with smtplib.SMTP("127.0.0.1", world.smtp_port, local_hostname=host, timeout=PATIENCE) as session:
        session.starttls(context=context)
        session.ehlo()
        session.mail(PHARMACIST)
        session.rcpt(MAILBOX)
        code, said = session.data(b"\r\n".join(mail.as_bytes().splitlines()) + b"\r\n")
    return code, said.decode()


def test_there_and_back(world: World) -> None:
    """Byte for byte to the pharmacy, with its headers; the dispensing document byte for byte back."""
    document = content(1)
    status, answer = order(world, "cda-1", document, hand_over=[{"to": PHARMACIST, "as": "document"}])
    assert status == 201, answer
    assert answer["number"] == papers.epu(1)
    assert ask(world, "GET", f"/v1/prescriptions/{answer['id']}/signed") == (200, document)
    assert ask(world, "GET", f"/v1/prescriptions/{answer['id']}/code.png") == (200, papers.image())
    until(lambda: bool(mails(world, answer["id"])), "no mail at the pharmacy", "")
    (mail,) = mails(world, answer["id"])
    assert zipped(mail) == [document]
    assert (mail["X-MSS-CODECDA"], mail["X-MSS-INS"]) == ("57833-6", "O")

    dispensed = papers.dispensing(1)
    back = EmailMessage(policy=SMTP)
    back["Date"] = format_datetime(datetime.now(UTC))
    back["From"] = PHARMACIST
    back["To"] = MAILBOX
    back["Subject"] = "Dispensation"
    back["Message-ID"] = "<dispensed-1@valbrume.mssante.example>"
    back.set_content("Voir le document.")
    back.add_attachment(dispensed, "text", "xml", filename="eDISP-MED.xml")
    code, said = send(world, back)
    assert code == 250, said

    def told() -> list[Any]:
        return [
            one
            for one in world.courrier.messages()
            if one["to"] == PRACTICE and answer["id"] in str(one.get("answers"))
        ]

    until(lambda: any(one["documents"] for one in told()), "the prescriber was not told", "")
    held = [one for message in told() for one in message["documents"]]
    assert dispensed in [base64.b64decode(one["data"]) for one in held]
    assert issued(world, answer["id"])["state"] == "partly-dispensed"


def test_it_is_issued_once(world: World) -> None:
    """The same key answers the same; another key for the same document is refused in words."""
    document = content(2)
    status, answer = order(world, "cda-2", document)
    assert status == 201, answer
    again, same = order(world, "cda-2", document)
    assert (again, same["id"], same["number"]) == (201, answer["id"], answer["number"])
    status, problem = order(world, "cda-2", content(3))
    assert status == 409, problem
    status, problem = order(world, "cda-2-bis", document)
    assert status in {409, 422}, problem
    assert "prescription.issued_already" in str(problem)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (papers.prescription(4, rpps=RPPS, high='<high value="20260301"/>'), "prescription.expired"),
        (papers.prescription(5, rpps="899900000029", high=None), "prescription.other_prescriber"),
        (
            content(6, body=papers.medicines(papers.medicine(codes='<code code="1" codeSystem="2.999.7"/>'))),
            "prescription.code_system",
        ),
        (content(7)[:-30], "prescription.malformed"),
    ],
    ids=["expired", "of-a-colleague", "unknown-code-system", "torn"],
)
def test_bad_input(world: World, document: bytes, code: str) -> None:
    """It is refused at once, by name, in French."""
    status, problem = order(world, f"cda-{code}", document)
    assert status in {403, 422}, problem
    assert code in str(problem)


def test_withdrawn(world: World) -> None:
    """The pharmacy that got it is told; the answer says what it comes to."""
    status, answer = order(world, "cda-8", content(8), hand_over=[{"to": PHARMACIST, "as": "document"}])
    assert status == 201, answer
    until(lambda: bool(mails(world, answer["id"])), "no mail at the pharmacy", "")
    status, problem = ask(
        world, "DELETE", f"/v1/prescriptions/{answer['id']}", {"reason": {"text": "Erreur de dose"}}
    )
    assert status == 409, problem
    assert "not-supported" in str(problem)
    until(lambda: len(mails(world, answer["id"])) == 2, "the pharmacy was not told", "")
    text = str(mails(world, answer["id"])[1].get_body(("plain",)))
    assert papers.epu(8) in text
