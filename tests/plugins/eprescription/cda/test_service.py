"""A CDA prescription is issued once, by its author only, and handed over to the last byte or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.domain.outcome import Delivered, Refused
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.errors import InputError, StoreError, TrustError
from hub.ports.prescription import Order, Reason
from hub.testing.fakes import entry
from hub.testing.journals import MemoryJournal
from hub_eprescription.records import Records
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.cda.world import LILAS, OTHER, World


async def issued(world: World, content: bytes | None = None) -> tuple[Order, MemoryJournal]:
    """Issue a prescription."""
    order, journal = world.order(content)
    assert isinstance(await world.service.issue(order, journal), Delivered)
    return order, journal


async def refused(world: World, content: bytes) -> str:
    """Return the code with which a document is refused."""
    outcome = await world.service.issue(*world.order(content))
    assert isinstance(outcome, Refused)
    assert outcome.reason.fr
    return outcome.code


async def test_recorded() -> None:
    """The record holds number, validity and the document's id, and the document exactly as it came."""
    order, journal = await issued(World())
    record = journal.record
    assert (record.state, record.number) == (PrescriptionState.ACTIVE, papers.epu(1))
    assert record.expires_at is not None
    assert record.expires_at.isoformat() == "2026-09-30T12:00:01+02:00"
    assert record.facts == {"document": "2.999.39.1.1", "model": "2024.01", "signature": "none"}
    assert await journal.signed() == order.content
    assert (record.code, record.secret) == (None, None)


async def test_without_number() -> None:
    """A prescription that was not announced to the tele-service has neither number nor code, and travels."""
    world = World()
    order, journal = await issued(world, papers.prescription(epu_number=None))
    assert journal.record.number is None
    assert world.service.code(journal.record, order.content) is None
    mail = await world.service.hand_over(journal.record, None, order, Handing.DOCUMENT, "fr")
    assert mail.enclosures[1].content == order.content


async def test_code_as_it_is() -> None:
    """The 2D code is the image in the document, byte for byte, under its true type."""
    world = World()
    order, journal = await issued(world)
    code = world.service.code(journal.record, order.content)
    assert code is not None
    assert (code.image, code.image_type, code.text) == (papers.image(), "image/png", None)


async def test_handed_over() -> None:
    """The mail holds the document to the last byte, under its LOINC code, and says nothing of its content."""
    world = World()
    order, journal = await issued(world)
    for language, subject in (("fr", "Ordonnance"), ("en", "Prescription")):
        mail = await world.service.hand_over(journal.record, order.content, order, Handing.DOCUMENT, language)
        body, document = mail.enclosures
        assert (mail.subject, body.body, body.media_type) == (subject, True, "text/plain")
        assert (document.content, document.code) == (order.content, "57833-6")
        assert b"GLYCINE" not in body.content
        assert b"VALBRUMINE" not in body.content


async def test_printed() -> None:
    """The sheet goes as a PDF."""
    world = World()
    order, journal = await issued(world)
    mail = await world.service.hand_over(journal.record, order.content, order, Handing.PRINT, "fr")
    assert mail.enclosures[1].media_type == "application/pdf"
    assert mail.enclosures[1].content.startswith(b"%PDF-")


async def test_changed_byte_is_not_handed_over() -> None:
    """What is not what was checked, to the last byte, goes nowhere."""
    world = World()
    order, journal = await issued(world)
    with pytest.raises(StoreError) as caught:
        await world.service.hand_over(journal.record, order.content + b"\n", order, Handing.DOCUMENT, "fr")
    assert caught.value.code == "prescription.altered"


async def test_only_the_author_issues_it() -> None:
    """Neither a colleague nor somebody whom the directory knows by no number can send it."""
    world = World()
    for sender in (OTHER, replace(LILAS, identifiers=())):
        order, journal = world.order(prescriber=sender)
        with pytest.raises(TrustError) as caught:
            world.service.check(order)
        assert caught.value.code == "prescription.other_prescriber"
        outcome = await world.service.issue(order, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.other_prescriber"


async def test_the_directory_knows_the_author() -> None:
    """The identifiers of the directory's entry count as those of the envelope do."""
    world = World()
    order, journal = world.order(prescriber=replace(LILAS, identifiers=()))
    order = replace(order, entry=entry(str(LILAS.address), identifiers=LILAS.identifiers))
    assert isinstance(await world.service.issue(order, journal), Delivered)


async def test_who_answers_for_it_issues_it() -> None:
    """A locum's prescription may come from who takes responsibility for it."""
    await issued(World(), papers.prescription(rpps="899700218797", responsible=LILAS.identifiers[0].value))


async def test_same_document_under_another_key() -> None:
    """The same document under another key is not issued a second time; under its own it is again."""
    world = World()
    order, journal = await issued(world)
    assert isinstance(await world.service.issue(order, journal), Delivered)
    assert await refused(world, order.content) == "prescription.issued_already"


async def test_number_of_another() -> None:
    """A number is one prescription's; a later version of the same document keeps it, an earlier does not."""
    world = World()
    await issued(world, papers.prescription(1, version=2))
    number = papers.epu(1)
    assert await refused(world, papers.prescription(2, epu_number=number)) == "prescription.number_taken"
    assert await refused(world, papers.prescription(1, version=1)) == "prescription.number_taken"
    await issued(world, papers.prescription(1, version=3))


async def test_found_by_its_document() -> None:
    """A dispensing that names the document finds the prescription."""
    world = World()
    _, journal = await issued(world)
    records = Records(world.ledger, world.clock)
    assert await records.named("2.999.39.1.1") == journal.record.id


async def test_expires() -> None:
    """When its validity has ended it is expired, is not handed over any more, and is not issued."""
    world = World()
    order, journal = await issued(world)
    assert (await world.service.status(journal.record)).state is PrescriptionState.ACTIVE
    world.clock.advance(timedelta(days=365))
    assert (await world.service.status(journal.record)).state is PrescriptionState.EXPIRED
    with pytest.raises(InputError) as caught:
        await world.service.hand_over(journal.record, order.content, order, Handing.DOCUMENT, "fr")
    assert caught.value.code == "prescription.over"
    assert await refused(world, papers.prescription(2)) == "prescription.expired"


async def test_waited_too_long() -> None:
    """One that was accepted while valid and issued before it ended stays issued when asked again."""
    world = World()
    order, journal = await issued(world)
    world.clock.advance(timedelta(days=365))
    assert isinstance(await world.service.settle(order, journal), Delivered)


async def test_cancel_says_what_to_do() -> None:
    """It can't be taken back; the words say so, and the mail that can be sent says which it is."""
    world = World()
    _, journal = await issued(world)
    said = await world.service.cancel(journal.record, Reason(text="Erreur"), LILAS)
    assert (said.result, said.state) == (CancelResult.NOT_SUPPORTED, PrescriptionState.ACTIVE)
    mail = world.service.recall(journal.record, Reason(text="Erreur de dose"), "fr")
    assert papers.epu(1) in mail.enclosures[0].content.decode()
    assert "Erreur de dose" in mail.enclosures[0].content.decode()
    assert papers.epu(1) not in mail.subject


async def test_nothing_is_signed_afterwards() -> None:
    """A workstation's signature is refused in words; the same bytes again are harmless."""
    world = World()
    order, journal = await issued(world)
    await world.service.take_signed(order.content, LILAS, journal)
    with pytest.raises(InputError) as caught:
        await world.service.take_signed(b"other", LILAS, journal)
    assert caught.value.code == "prescription.nothing_to_sign"
