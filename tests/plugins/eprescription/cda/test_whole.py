"""From the prescriber's software to the pharmacy and back, through the connector that the hub runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.domain import prescription_order
from hub.domain.address import Address
from hub.domain.ids import EnvelopeId
from hub.domain.message import DocumentRole, Kind
from hub.domain.outcome import Delivered, Outcome, Refused
from hub.domain.party import INS_TEST, RPPS, Identifier
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.domain.prescription_order import HandOrder, Wishes
from hub.ports.connector import Parcel
from hub.ports.host import Host
from hub.ports.prescribing import CodeForm
from hub.ports.prescription import Reason
from hub.testing.fakes import FixedChance, entry
from hub_eprescription.cda.service import CdaService
from hub_eprescription.connector import Connector
from hub_eprescription.signing.authorities import Authorities
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.cda.world import TYPE, parsed
from tests.plugins.eprescription.prescribers import CAMILLE
from tests.plugins.eprescription.scripted import LILAS, PHARMACY, Bench

TO_PHARMACY = HandOrder(to=PHARMACY, form=Handing.DOCUMENT)


class CdaBench(Bench):
    """The bench of the connector's own tests, with the CDA service on it."""

    def _open(self) -> Connector:
        host = Host(
            name="erezept",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(1),
            log=self.log,
            data=self._path,
            ledger=self.ledger,
        )
        settings = parsed(mailbox="erezept@rezept.hub.example")
        connector = Connector(CdaService(settings, Authorities(), host), settings.common, host)
        connector._bureau.intake = self.intake
        return connector

    def cda(self, content: bytes, *hand_over: HandOrder, number: int = 1) -> Parcel:
        """Make the parcel of an order, by a prescriber whom the directory knows."""
        wishes = prescription_order.spell(Wishes(hand_over=hand_over))
        parcel = self.parcel(
            Kind.PRESCRIPTION,
            [
                ("prescription.xml", TYPE, DocumentRole.ATTACHMENT, content),
                (prescription_order.NAME, prescription_order.MEDIA_TYPE, DocumentRole.ATTACHMENT, wishes),
            ],
            number=number,
        )
        return replace(parcel, sender=entry(str(LILAS), identifiers=[Identifier(RPPS, CAMILLE)]))

    async def delivered(self, parcel: Parcel) -> Outcome:
        """Deliver a parcel to the service's mailbox."""
        (outcome,) = (await self.connector.deliver(parcel)).values()
        return outcome


@pytest.fixture
def bench(tmp_path: Path) -> CdaBench:
    """Make a connector."""
    return CdaBench(tmp_path)


async def issued(bench: CdaBench, content: bytes, *hand_over: HandOrder) -> EnvelopeId:
    """Issue a prescription."""
    parcel = bench.cda(content, *hand_over)
    assert isinstance(await bench.delivered(parcel), Delivered)
    return parcel.sealed.envelope.id


async def test_there_and_back(bench: CdaBench) -> None:
    """The pharmacy gets the document byte for byte; its dispensing document reaches the prescriber so too."""
    content, dispensed = papers.prescription(), papers.dispensing()
    prescription = await issued(bench, content, TO_PHARMACY)
    await bench.work()
    (there,) = bench.intake.submissions
    assert [str(one.target) for one in there.recipients] == [str(PHARMACY)]
    assert there.patient == (Identifier(INS_TEST, papers.INS),)
    documents = [one for one in there.parts if one.role is DocumentRole.ATTACHMENT]
    assert [(await one.content.read(), one.code) for one in documents] == [(content, "57833-6")]

    mail = bench.parcel(
        Kind.REPORT,
        [("eDISP-MED.xml", "text/xml", DocumentRole.ATTACHMENT, dispensed)],
        sender=PHARMACY,
        number=2,
    )
    bench.restart()
    assert isinstance(await bench.delivered(mail), Delivered)
    assert isinstance(await bench.delivered(mail), Delivered)
    await bench.work()
    _, back = bench.intake.submissions
    assert [str(one.target) for one in back.recipients] == [str(LILAS)]
    assert dispensed in [await one.content.read() for one in back.parts]
    standing = await bench.connector.standing(prescription)
    assert standing is not None
    assert standing.record.state is PrescriptionState.PARTLY_DISPENSED
    assert len(standing.events) == 1


async def test_what_the_prescriber_sees(bench: CdaBench) -> None:
    """Number, medicines, the document, its own 2D code, and a sheet for the patient."""
    content = papers.prescription()
    prescription = await issued(bench, content)
    standing = await bench.connector.standing(prescription, fresh=True)
    assert standing is not None
    assert standing.view is not None
    assert (standing.record.number, standing.view.number) == (papers.epu(1), papers.epu(1))
    assert await bench.connector.signed(prescription) == (TYPE, content)
    assert await bench.connector.draw(prescription, CodeForm.PNG) == papers.image()
    assert await bench.connector.draw(prescription, CodeForm.SVG) is None
    sheet = await bench.connector.printed(prescription, "fr")
    assert sheet is not None
    assert sheet.startswith(b"%PDF-")
    said = await bench.connector.cancel(prescription, Reason(text="Erreur"))
    assert said.result is CancelResult.NOT_SUPPORTED
    assert said.state is PrescriptionState.ACTIVE


async def test_large_document(bench: CdaBench) -> None:
    """A document with a long comment, and so a PDF, that fills several lines of the ledger stays whole."""
    long = papers.prescription().replace(b"Ordonnance invent", b"Ordonnance " + b"x" * (3 << 20))
    prescription = await issued(bench, long, TO_PHARMACY)
    bench.restart()
    await bench.work()
    assert await bench.connector.signed(prescription) == (TYPE, long)
    (there,) = bench.intake.submissions
    assert long in [await one.content.read() for one in there.parts]


async def test_same_document_twice(bench: CdaBench) -> None:
    """Another order with the same document is refused in words; nothing is handed over a second time."""
    content = papers.prescription()
    await issued(bench, content, TO_PHARMACY)
    await bench.work()
    outcome = await bench.delivered(bench.cda(content, TO_PHARMACY, number=9))
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.issued_already"
    await bench.work()
    assert len(bench.intake.submissions) == 1


async def test_withdrawn(bench: CdaBench) -> None:
    """Whoever got it is told by the prescriber's own mail that it is withdrawn, once, before the answer."""
    prescription = await issued(
        bench, papers.prescription(), TO_PHARMACY, replace(TO_PHARMACY, form=Handing.PRINT)
    )
    await bench.work()
    before = len(bench.intake.submissions)
    for _ in range(2):
        said = await bench.connector.cancel(prescription, Reason(text="Erreur de dose"))
        assert said.result is CancelResult.NOT_SUPPORTED
    (one,) = bench.intake.submissions[before:]
    assert (str(one.sender), [str(to.target) for to in one.recipients]) == (str(LILAS), [str(PHARMACY)])
    assert (one.kind, one.thread) == (Kind.MESSAGE, prescription)
    (text,) = [await part.content.read() for part in one.parts]
    assert papers.epu(1).encode() in text
    assert b"Erreur de dose" in text
