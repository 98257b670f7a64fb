"""From hand-over to answer through the hub's own mail connector: what a pharmacy gets, and what comes back.

The pharmacy is the standard library's email package: it knows nothing of the hub.
"""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage

import pytest

from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.message import Kind, ReceiptKind, SenderSignature, SignatureResult
from hub.ports.connector import Parcel
from hub.ports.intake import Peer, Submission, To
from hub.ports.prescription import Enclosure
from hub.testing.contents import MemoryStage
from hub.testing.fakes import NOON
from hub_eprescription.mail import answers, composing, telling
from hub_eprescription.mail.answers import Answer
from hub_smtp.mail_settings import Format
from hub_smtp.wire import Arrived, Rcpt
from tests.plugins.eprescription.mail.made import (
    ID,
    LILAS,
    MAILBOX,
    PHARMACY,
    PRESCRIBER,
    TOKEN,
    Reads,
    about,
    event,
    handover,
    voice,
)
from tests.plugins.smtp.mail.world import HUB, HUB_NAME, World, parcel, sent

PEER = Peer(name="operator:erezept", operator=OperatorName("erezept"), domains=frozenset({MAILBOX.domain}))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the hub's keys."""
    return World(tmp_path_factory.mktemp("mail"))


async def handed(*more: Enclosure) -> Parcel:
    """Return a hand-over, as the hub gives it to its mail connector."""
    what, stage = handover(*more), MemoryStage()
    return parcel(
        Submission(
            connector="eprescription",
            peer=PEER,
            native_id=f"{ID}.handed",
            key=f"{ID}.handed",
            sender=LILAS,
            recipients=(To(target=PHARMACY),),
            subject=what.subject,
            parts=await composing.parts(what, stage, sender=PRESCRIBER, to=PHARMACY, at=NOON),
            signature=SenderSignature(result=SignatureResult.NONE),
            kind=Kind.PRESCRIPTION,
            in_reply_to=ID,
            references=(ID,),
            thread=ID,
            receipts=composing.receipts(what),
        )
    )


def received(data: bytes) -> EmailMessage:
    """Open a mail as a pharmacy's program does; what the hub signed is looked into."""
    read = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert isinstance(read, EmailMessage)
    return read


def content(read: EmailMessage) -> EmailMessage:
    """Return what the hub's signature is around."""
    if read.get_content_type() != "multipart/signed":
        return read
    inner = read.get_payload(0)
    assert isinstance(inner, EmailMessage)
    return inner


async def answered(world: World, data: bytes) -> Answer:
    """Have a mail to the service's mailbox come in, and read it as the service's connector does."""
    arrived = Arrived(
        peer=PEER,
        mail_from=PHARMACY,
        recipients=(Rcpt(address=MAILBOX),),
        content=await MemoryStage().keep(data),
        at=NOON,
    )
    read = await world.reader().read(arrived, MemoryStage())
    assert isinstance(read, Submission)
    return await answers.read(parcel(read), Reads(), HUB_NAME)


def reply(to: EmailMessage, text: str, *attached: tuple[bytes, str, str], automatic: bool = False) -> bytes:
    """Write what a pharmacy's program answers."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["Date"] = "Tue, 3 Mar 2026 13:00:00 +0100"
    mail["From"] = f"Pharmacie de Hautmont <{PHARMACY}>"
    mail["To"] = str(MAILBOX)
    mail["Subject"] = f"Re: {to['Subject']}"
    mail["Message-ID"] = "<answer-1@hautmont.example>"
    mail["In-Reply-To"] = to["Message-ID"]
    mail["References"] = f"{to['References']} {to['Message-ID']}"
    mail["X-KIM-Dienstkennung"] = "eRezept;Kommunikation;V1.0"
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(text)
    for data, kind, name in attached:
        mail.add_attachment(data, *kind.split("/"), filename=name)
    return mail.as_bytes()


@pytest.mark.parametrize("sign", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("form", list(Format))
async def test_a_pharmacy_gets_what_the_binding_says(world: World, form: Format, *, sign: bool) -> None:
    """Service header, receipt, letter, the token on a line of its own, whatever form its operator wants."""
    data = await sent(world.composer(form, sign=sign), await handed())
    read = received(data)
    assert read["X-KIM-Dienstkennung"] == "eRezept;Zuweisung;V1.0"
    assert read["Disposition-Notification-To"] == str(HUB)
    assert read["From"].addresses[0].addr_spec == str(LILAS)
    assert read["To"].addresses[0].addr_spec == str(PHARMACY)
    assert read["Subject"] == handover().subject
    letter, token = content(read).iter_parts()
    assert letter.get_content().startswith("Madame, Monsieur,")
    assert (token.get_content_type(), token.get_content_disposition()) == ("text/plain", None)
    assert token.get_content().strip() == TOKEN
    assert f"\r\n{TOKEN}\r\n".encode() in data


async def test_a_plan_goes_with_it(world: World) -> None:
    """A therapy plan stands beside the token as a file."""
    plan = Enclosure(name="plan.pdf", media_type="application/pdf", content=b"%PDF-1.7 plan")
    read = content(received(await sent(world.composer(), await handed(plan))))
    files = [one for one in read.iter_parts() if one.get_content_disposition() == "attachment"]
    assert [(one.get_filename(), one.get_content()) for one in files] == [("plan.pdf", plan.content)]


async def test_another_hub_understands_it(world: World) -> None:
    """It gets the same documents, and asks for the same receipt."""
    data = await sent(world.composer(sign=False), await handed())
    arrived = Arrived(
        peer=PEER,
        mail_from=HUB,
        recipients=(Rcpt(address=PHARMACY),),
        content=await MemoryStage().keep(data),
        at=NOON,
    )
    read = await world.reader().read(arrived, MemoryStage())
    assert isinstance(read, Submission)
    assert ReceiptKind.DISPLAY in read.receipts
    assert TOKEN.encode() in [await one.content.read() for one in read.parts]
    assert read.in_reply_to == f"<{ID}@{HUB_NAME}>"


async def test_a_question_comes_back_to_the_prescriber(world: World) -> None:
    """The pharmacy's words, in the thread of the order, with its file, and marked as passed on."""
    out = received(await sent(world.composer(), await handed()))
    sent_id = out["Message-ID"].strip("<>").partition("@")[0]
    question = "Rupture de stock : un générique convient-il ?"
    answer = await answered(world, reply(out, question, (b"%PDF", "application/pdf", "note.pdf")))
    assert answer.answers == (sent_id, ID)
    assert answer.service == "eRezept;Kommunikation;V1.0"
    letter = await telling.answered(answer, about(), voice(), MemoryStage())
    told = received(await sent(world.composer(sign=False), parcel(letter.submission("eprescription", PEER))))
    assert told["In-Reply-To"] == f"<{ID}@{HUB_NAME}>"
    assert told["References"] == f"<request@cabinet.example> <{ID}@{HUB_NAME}>"
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["From"].addresses[0].addr_spec == str(MAILBOX)
    body = told.get_body(("plain",))
    assert body is not None
    assert question in body.get_content()
    assert [one.get_filename() for one in told.iter_attachments()] == ["note.pdf"]


async def test_a_dispensing_by_mail_is_read(world: World) -> None:
    """The document that says what was dispensed is read as it is, whatever words stand beside it."""
    out = received(await sent(world.composer(), await handed()))
    document = b'{"dispense": 1}'
    answer = await answered(world, reply(out, "Cf. pièce.", (document, "application/fhir+json", "d.json")))
    assert [one.document for one in answer.dispensings] == [document]


async def test_an_automatic_answer_is_known(world: World) -> None:
    """A pharmacy that is closed disturbs nobody."""
    out = received(await sent(world.composer(), await handed()))
    assert (await answered(world, reply(out, "Nous sommes fermés.", automatic=True))).automatic


async def test_the_prescriber_s_own_program_does_not_answer(world: World) -> None:
    """A told dispensing says that it is automatic, through any operator's form."""
    data = (
        b'<ClinicalDocument xmlns="urn:hl7-org:v3">'
        b'<code code="60593-1" codeSystem="2.16.840.1.113883.6.1"/></ClinicalDocument>'
    )
    happened = event(document=data, media_type="text/xml", document_name="eDISP.xml")
    letter = await telling.dispensed(happened, about(), voice(), MemoryStage())
    for form in Format:
        what = parcel(replace(letter.submission("eprescription", PEER), patient=()))
        told = received(await sent(world.composer(form, sign=False), what))
        assert told["Auto-Submitted"] == "auto-generated"
        assert told["X-MSS-CODECDA"] == "60593-1"
        assert Address.parse(told["To"].addresses[0].addr_spec) == LILAS
