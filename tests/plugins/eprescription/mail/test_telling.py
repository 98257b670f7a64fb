"""What a prescriber reads of their prescriptions: in their thread and language, with what came attached."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

import pytest

from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.message import DocumentRole, Kind
from hub.domain.party import Identifier, Party, PartyKind
from hub.domain.prescription import CancelResult, PrescriptionState
from hub.domain.prescription_order import HandOrder
from hub.domain.target import Description, Target
from hub.errors import Words
from hub.ports.intake import Peer, To
from hub.ports.prescription import Cancellation
from hub.testing.contents import MemoryStage
from hub.testing.fakes import NOON
from hub_eprescription.mail import telling, wording
from hub_eprescription.mail.answers import Answer
from hub_eprescription.mail.letter import Letter
from hub_eprescription.mail.writing import Piece
from tests.plugins.eprescription.mail.made import (
    CODE,
    ID,
    INS,
    LILAS,
    MAILBOX,
    NUMBER,
    PATIENT,
    PHARMACY,
    about,
    event,
    voice,
)
from tests.plugins.eprescription.mail.test_answers import ANSWER_ID, QUESTION

PEER = Peer(name="operator:erezept", operator=OperatorName("erezept"), domains=frozenset({MAILBOX.domain}))
NOT_CANCELLED = Words(
    en="A pharmacy holds it; it is cancelled if it comes back.",
    fr="Une pharmacie la détient ; elle sera annulée si elle revient.",
)


async def body(letter: Letter) -> str:
    """Return what the prescriber reads."""
    (found,) = [one for one in letter.parts if one.role is DocumentRole.BODY]
    return (await found.content.read()).decode().replace("\r\n", "\n")


async def mail(letter: Letter) -> EmailMessage:
    """Return the mail that goes along as the original."""
    (found,) = [one for one in letter.parts if one.role is DocumentRole.ORIGINAL]
    read = email.message_from_bytes(await found.content.read(), policy=email.policy.SMTP)
    assert isinstance(read, EmailMessage)
    return read


def answer(text: str = QUESTION, *attached: Piece, unreadable: tuple[Words, ...] = ()) -> Answer:
    """Return what a pharmacy wrote."""
    return Answer(
        envelope=ANSWER_ID,
        sender=Party(kind=PartyKind.ORGANISATION, name="Pharmacie de Hautmont", address=PHARMACY),
        at=NOON,
        subject="Rupture",
        text=text,
        dispensings=(),
        attached=attached,
        unreadable=unreadable,
    )


async def test_a_dispensing_in_french() -> None:
    """Which prescription, what became of it, when, and in the service's own words."""
    letter = await telling.dispensed(event(), about("fr"), voice(), MemoryStage())
    assert letter.subject == "E-Rezept : délivrée"
    said = await body(letter)
    assert f"l'ordonnance {NUMBER} de {PATIENT}, rédigée le 1er mars 2026 : délivrée" in said
    assert "le 3 mars 2026 à 09:05 (UTC)" in said
    assert "Délivré : paracétamol, 20 comprimés." in said


async def test_a_dispensing_in_english() -> None:
    """The order's language decides."""
    letter = await telling.dispensed(event(), about("en-GB"), voice(), MemoryStage())
    assert letter.subject == "E-Rezept: dispensed"
    said = await body(letter)
    assert f"the prescription {NUMBER} for {PATIENT}, written on 2026-03-01: dispensed" in said
    assert "on 2026-03-03 at 09:05 (UTC)" in said
    assert "Dispensed: paracetamol, 20 tablets." in said


@pytest.mark.parametrize(("asked", "subject"), [(None, "E-Rezept : délivrée"), ("de", "E-Rezept: dispensed")])
async def test_other_languages(asked: str | None, subject: str) -> None:
    """None asked: the service's. One that the hub does not speak: English."""
    assert (await telling.dispensed(event(), about(asked), voice(), MemoryStage())).subject == subject


@pytest.mark.parametrize("state", list(PrescriptionState))
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_state_has_words(state: PrescriptionState, language: str) -> None:
    """And no subject names patient, number or secret."""
    letter = await telling.dispensed(event(state), about(language), voice(), MemoryStage())
    assert wording.STATES[state].in_language(language) in await body(letter)
    assert not any(one in letter.subject for one in (PATIENT, NUMBER, CODE))
    assert CODE not in await body(letter)


@pytest.mark.parametrize("result", list(CancelResult))
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_cancel_that_was_answered_late(result: CancelResult, language: str) -> None:
    """The prescriber reads the service's answer to a wish of before."""
    said = Cancellation(result=result, state=PrescriptionState.CLAIMED, words=NOT_CANCELLED)
    letter = await telling.cancelled(said, about(language), voice(), MemoryStage())
    assert NOT_CANCELLED.in_language(language) in await body(letter)
    assert NUMBER in await body(letter)
    assert wording.RESULTS[result].in_language(language) in letter.subject


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    ("to", "named"),
    [
        (PHARMACY, str(PHARMACY)),
        (Identifier("urn:oid:1.2.250.1.71.4.2.2", "1750000001"), "1750000001"),
        (Description(name="Pharmacie des Lilas", town="Hautmont"), "Pharmacie des Lilas, Hautmont"),
    ],
)
async def test_a_hand_over_that_came_to_nothing(language: str, to: Target, named: str) -> None:
    """To whom, why, and that the prescription stands."""
    letter = await telling.not_handed(
        HandOrder(to=to), NOT_CANCELLED, about(language), voice(), MemoryStage()
    )
    said = await body(letter)
    assert f" {named} " in said
    assert NOT_CANCELLED.in_language(language) in said


async def test_an_answer_is_passed_on() -> None:
    """The pharmacy's words and files as they are, and where to answer."""
    plan = Piece(name="plan.pdf", media_type="application/pdf", content=b"%PDF")
    letter = await telling.answered(answer(QUESTION, plan), about(), voice(), MemoryStage())
    said = await body(letter)
    assert "Pharmacie de Hautmont <pharmacie@hautmont.example> a écrit" in said
    assert QUESTION.replace("\r\n", "\n").strip() in said
    assert f"écrivez à {PHARMACY}" in said
    assert "- plan.pdf" in said
    attached = [one for one in letter.parts if one.role is DocumentRole.ATTACHMENT]
    assert [(one.name, await one.content.read()) for one in attached] == [("plan.pdf", b"%PDF")]


async def test_what_could_not_be_read_is_said() -> None:
    """So that somebody looks at the file."""
    broken = (Words(en="It breaks off.", fr="Il s'interrompt."),)
    letter = await telling.answered(answer("", unreadable=broken), about("en"), voice(), MemoryStage())
    assert "It breaks off." in await body(letter)


@pytest.mark.parametrize(
    ("fields", "name", "code"),
    [
        ({"media_type": "application/fhir+json"}, "dispensation.json", None),
        ({"media_type": "application/xml"}, "dispensation.xml", "60593-1"),
        ({"media_type": "application/pdf"}, "dispensation.pdf", None),
        ({"media_type": None}, "dispensation.bin", None),
        ({"media_type": "text/xml", "document_name": "eDISP.xml"}, "eDISP.xml", "60593-1"),
    ],
)
async def test_the_document_is_attached_byte_for_byte(
    fields: dict[str, str | None], name: str, code: str | None
) -> None:
    """Under a name that programs understand; a CDA document with its code."""
    data = (
        b'<?xml version="1.0"?>\r\n<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="FR"/>'
        b'<code codeSystem="2.16.840.1.113883.6.1" code="60593-1"/></ClinicalDocument>\n\n'
    )
    letter = await telling.dispensed(event(document=data, **fields), about(), voice(), MemoryStage())
    (found,) = [one for one in letter.parts if one.role is DocumentRole.ATTACHMENT]
    assert (found.name, await found.content.read(), found.code) == (name, data, code)
    assert name in await body(letter)
    (file,) = (await mail(letter)).iter_attachments()
    assert (file.get_filename(), file.get_payload(decode=True)) == (name, data)


async def test_files_of_one_name_are_told_apart() -> None:
    """No file takes another's place, or the letter's."""
    files = [
        Piece(name=one, media_type="application/pdf", content=b"") for one in ("a.pdf", "a.pdf", "a", "a")
    ]
    own = Piece(name="message.txt", media_type="text/plain", content=b"")
    letter = await telling.answered(answer("", *files, own), about(), voice(), MemoryStage())
    names = [one.name for one in letter.parts if one.role is not DocumentRole.ORIGINAL]
    assert names == ["message.txt", "a.pdf", "a-2.pdf", "a", "a-2", "message-2.txt"]


@pytest.mark.parametrize(
    ("name", "media_type", "kept"),
    [
        ("../a\r\nb.xml", "text/xml", ("_a b.xml", "text/xml")),
        ("", "json", ("document", "application/octet-stream")),
        ("x" * 2000, "Application/FHIR+JSON; v=4", ("x" * 200, "application/fhir+json")),
    ],
    ids=["control", "nothing", "long"],
)
async def test_whatever_a_service_calls_its_document_it_is_sent(
    name: str, media_type: str, kept: tuple[str, str]
) -> None:
    """A name or a type that no envelope takes keeps nobody from hearing."""
    happened = event(document=b"{}", document_name=name or " ", media_type=media_type)
    letter = await telling.dispensed(happened, about(), voice(), MemoryStage())
    (found,) = [one for one in letter.parts if one.role is DocumentRole.ATTACHMENT]
    assert (found.name, found.media_type) == kept


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 3, 3, tzinfo=UTC), "on 2026-03-03."),
        (datetime(2026, 3, 3, 0, 1, tzinfo=UTC), "on 2026-03-03 at 00:01 (UTC)."),
        (datetime(2026, 3, 3, 1, 30, tzinfo=timezone(timedelta(hours=2))), "on 2026-03-02 at 23:30 (UTC)."),
    ],
    ids=["day", "minute", "zone"],
)
async def test_when(at: datetime, said: str) -> None:
    """A day without an hour is told as a day; an hour in UTC, and it says so."""
    letter = await telling.dispensed(event(at=at), about("en"), voice(), MemoryStage())
    assert said in await body(letter)


async def test_it_stands_in_the_order_s_thread() -> None:
    """In answer to the order, in its own thread when the software gave one."""
    letter = await telling.dispensed(event(), about(), voice(), MemoryStage())
    assert (letter.in_reply_to, letter.thread) == (ID, ID)
    assert letter.references == ("<request@cabinet.example>", ID)
    named = await telling.dispensed(event(), about(thread="care-1"), voice(), MemoryStage())
    assert named.thread == "care-1"


async def test_the_same_news_has_the_same_key() -> None:
    """Told twice, it arrives once; other news is another letter."""
    stage = MemoryStage()
    keys = [
        (await telling.dispensed(event(), about(), voice(), stage)).key,
        (await telling.dispensed(event(), about("en"), voice(), stage)).key,
        (await telling.dispensed(event(id="dispense-2"), about(), voice(), stage)).key,
        (await telling.answered(answer(), about(), voice(), stage)).key,
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


async def test_no_program_answers_it() -> None:
    """It says that a program wrote it (RFC 3834)."""
    letter = await telling.dispensed(event(), about(), voice(), MemoryStage())
    assert (await mail(letter))["Auto-Submitted"] == "auto-generated"


async def test_without_the_view_it_is_told_all_the_same() -> None:
    """What people read of a prescription may be gone; its number is known."""
    letter = await telling.dispensed(event(), about("en", view=False), voice(), MemoryStage())
    assert f"About the prescription {NUMBER}: dispensed" in await body(letter)


async def test_it_is_ready_to_be_submitted() -> None:
    """From the service's mailbox to the prescriber, about the patient."""
    letter = await telling.dispensed(event(), about(), voice(), MemoryStage())
    made = letter.submission("eprescription", PEER)
    assert (made.sender, made.recipients) == (MAILBOX, (To(target=LILAS),))
    assert (made.kind, made.patient, made.language) == (Kind.MESSAGE, (INS,), "fr")
    assert (made.key, made.native_id, made.connector) == (letter.key, letter.key, "eprescription")
    assert PATIENT not in repr(made)
    assert PATIENT not in repr(letter)


async def test_a_name_that_is_an_address_is_not_said_twice() -> None:
    """Whom no directory names is called by the address alone."""
    who = Party(kind=PartyKind.PERSON, name="x@y.example", address=Address.parse("x@y.example"))
    said = Answer(
        envelope=ANSWER_ID, sender=who, at=NOON, subject="", text="Bonjour", dispensings=(), attached=()
    )
    letter = await telling.answered(said, about("en"), voice(), MemoryStage())
    assert (await body(letter)).startswith("x@y.example wrote on")
