"""What is written to a service's mailbox: read for software and for people, and nothing guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.domain.envelope import Envelope, SealedEnvelope
from hub.domain.ids import EnvelopeId
from hub.domain.message import DocumentRole, Kind, Message, SenderSignature, SignatureResult
from hub.domain.party import Party, PartyKind, Role
from hub.ports.connector import Parcel
from hub.testing.contents import MemoryContent
from hub.testing.fakes import NOON
from hub_eprescription.mail import answers
from hub_eprescription.mail.answers import Answer
from tests.plugins.eprescription.mail.made import HANDED, ID, MAILBOX, PHARMACY, Reads, document, origin
from tests.plugins.eprescription.mail.test_composing import SAMPLES

HUB_NAME = "hub.example"
QUESTION = "Bonjour,\r\nle médicament est en rupture : puis-je substituer ?\r\n"
BODY = ("body.txt", "text/plain", QUESTION.encode(), DocumentRole.BODY)
DISPENSED = ("dispensation.json", "application/fhir+json", b'{"dispense": 1}', DocumentRole.ATTACHMENT)
ANSWER_ID = EnvelopeId("0190163d-8696-739b-aea5-966c26f8ad93")


def parcel(*documents: tuple[str, str, bytes, DocumentRole], **fields: Any) -> Parcel:
    """Return a mail from the pharmacy, as the hub hands it to the service's connector."""
    kept = [document(number, *one) for number, one in enumerate(documents, 1)]
    message = Message(
        kind=Kind.MESSAGE,
        sender=Party(kind=PartyKind.ORGANISATION, name="Pharmacie de Hautmont", address=PHARMACY),
        recipients=(Party(kind=PartyKind.APPLICATION, name="E-Rezept", address=MAILBOX, role=Role.TO),),
        subject="Rupture",
        documents=tuple(kept),
        origin=origin(),
    )
    envelope = Envelope(
        id=ANSWER_ID,
        created_at=NOON,
        expires_at=NOON + timedelta(days=2),
        message=replace(message, **fields),
    )
    return Parcel(
        sealed=SealedEnvelope(envelope=envelope, jws=b"{}"),
        addressees=(),
        contents={one.id: MemoryContent(said[2]) for one, said in zip(kept, documents, strict=True)},
    )


async def read(*documents: tuple[str, str, bytes, DocumentRole], **fields: Any) -> Answer:
    """Read it."""
    return await answers.read(parcel(*documents, **fields), Reads(), HUB_NAME)


async def test_words_are_for_people() -> None:
    """Who wrote, when, and what."""
    found = await read(BODY, in_reply_to=f"<{HANDED}@{HUB_NAME}>")
    assert (found.envelope, found.sender.address, found.at) == (ANSWER_ID, PHARMACY, NOON)
    assert (found.text, found.attached, found.dispensings) == (QUESTION, (), ())
    assert found.answers == (HANDED,)
    assert found.says_words
    assert not found.automatic


async def test_a_dispensing_is_for_software() -> None:
    """A document that says what was dispensed is read, with its bytes, and is nothing for people."""
    found = await read(DISPENSED)
    (event,) = found.dispensings
    assert (event.id, event.document, event.media_type) == ("dispense-1", DISPENSED[2], DISPENSED[1])
    assert found.attached == ()
    assert not found.says_words


async def test_a_dispensing_says_whose_word_it_is() -> None:
    """The prescriber reads who reported it: it is not the service's own word."""
    (event,) = (await read(DISPENSED)).dispensings
    assert event.text.en.endswith(f"\nReported by secure mail by Pharmacie de Hautmont <{PHARMACY}>.")
    assert event.text.fr.endswith(f"\nSelon un message sécurisé de Pharmacie de Hautmont <{PHARMACY}>.")


async def test_the_same_dispensing_twice_is_one() -> None:
    """A pharmacy's software may attach it twice."""
    found = await read(DISPENSED, ("again.json", *DISPENSED[1:]))
    assert len(found.dispensings) == 1


async def test_a_broken_dispensing_is_shown_to_people() -> None:
    """It is not lost: the prescriber gets the file, and the words that say what is wrong with it."""
    broken = ("dispensation.json", "application/fhir+json", b'{"dispense": 1', DocumentRole.ATTACHMENT)
    found = await read(BODY, broken)
    assert [one.en for one in found.unreadable] == ["It breaks off."]
    assert [(one.name, one.content) for one in found.attached] == [(broken[0], broken[2])]


async def test_other_documents_are_kept_as_they_are() -> None:
    """Pictures, plans, a text that is too long to be quoted, a body that is no plain text."""
    html = ("body.html", "text/html", b"<p>Bonjour</p>", DocumentRole.BODY)
    plan = ("plan.pdf", "application/pdf", b"%PDF", DocumentRole.ATTACHMENT)
    found = await read(html, plan)
    assert [(one.name, one.media_type, one.content) for one in found.attached] == [html[:3], plan[:3]]
    assert found.text == ""
    long = ("body.txt", "text/plain", b"x" * (answers.MOST_TEXT + 1), DocumentRole.BODY)
    found = await read(long)
    assert (found.text, [one.content for one in found.attached]) == ("", [long[2]])


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, ()),
        ({"in_reply_to": f"<{HANDED}@{HUB_NAME}>"}, (HANDED,)),
        ({"in_reply_to": f"<{HANDED}@HUB.example>"}, (HANDED,)),
        ({"in_reply_to": HANDED}, (HANDED,)),
        ({"in_reply_to": f"<{HANDED}@other.example>"}, ()),
        ({"in_reply_to": "<nonsense>"}, ()),
        ({"in_reply_to": f"<{HANDED.upper()}@{HUB_NAME}>"}, ()),
        ({"references": (f"<{ID}@{HUB_NAME}>", f"<{HANDED}@{HUB_NAME}>")}, (HANDED, ID)),
        ({"in_reply_to": f"<{HANDED}@{HUB_NAME}>", "references": (ID, HANDED), "thread": ID}, (HANDED, ID)),
        ({"thread": ID}, (ID,)),
    ],
)
async def test_it_names_the_envelopes_that_it_answers(
    fields: dict[str, Any], named: tuple[EnvelopeId, ...]
) -> None:
    """The nearest first, each once, and only our own."""
    assert (await read(BODY, **fields)).answers == named


@pytest.mark.parametrize(
    ("field", "automatic"),
    [
        ("", False),
        ("Auto-Submitted: no\r\n", False),
        ("Auto-Submitted: auto-replied; owner=x\r\n", True),
        ("AUTO-SUBMITTED: Auto-Generated\r\n", True),
    ],
)
async def test_a_program_s_answer_is_told_from_a_person_s(field: str, automatic: bool) -> None:  # noqa: FBT001 -- pytest calls it
    """By RFC 3834, so that two programs do not write to each other for ever."""
    mail = f"Subject: a\r\n{field}\r\nAuto-Submitted: auto-replied\r\n".encode()
    original = ("original.eml", "message/rfc822", mail, DocumentRole.ORIGINAL)
    assert (await read(BODY, original)).automatic is automatic


async def test_gematik_s_sample_of_an_answer() -> None:
    """The service header of free communication is read from the mail as it came."""
    data = (SAMPLES / "07_emailPlainFreieKommunikation_reply.txt").read_bytes()
    original = ("original.eml", "message/rfc822", data[data.index(b"Date:") :], DocumentRole.ORIGINAL)
    found = await read(BODY, original)
    assert found.service == "eRezept;Kommunikation;V1.0"
    assert found.attached == ()


async def test_a_mail_that_is_no_mail_does_no_harm() -> None:
    """Whatever the original holds, what was understood of it counts."""
    original = ("original.eml", "message/rfc822", b"\xff\x00: \r\n" * 20_000, DocumentRole.ORIGINAL)
    found = await read(BODY, original)
    assert (found.text, found.service, found.automatic) == (QUESTION, None, False)


async def test_the_verdict_on_the_signature_goes_along() -> None:
    """Whether the pharmacy had signed."""
    signed = replace(origin(), signature=SenderSignature(result=SignatureResult.VALID, signer="Hautmont"))
    assert (await read(BODY, origin=signed)).signature is SignatureResult.VALID


async def test_a_service_that_reads_nothing_leaves_all_to_people() -> None:
    """The document is passed on."""
    found = await answers.read(parcel(DISPENSED), object(), HUB_NAME)
    assert (found.dispensings, [one.name for one in found.attached]) == ((), ["dispensation.json"])


async def test_contents_are_shown_to_nobody() -> None:
    """Neither words nor documents stand in a representation."""
    found = await read(BODY, DISPENSED)
    assert "rupture" not in repr(found).lower()
    assert "dispense-1" not in repr(found)


@pytest.mark.parametrize("refused", [answers.unmatched(), answers.own_prescriber()])
def test_refusals_say_what_to_do(refused: Any) -> None:
    """In both languages."""
    assert "write to" in refused.reason.en.lower()
    assert "écrivez" in refused.reason.fr.lower()
