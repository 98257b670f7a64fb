"""EPS in the hub's own connector: an order by the API's way in, to the report in the prescriber's mailbox."""

from __future__ import annotations

import json
from pathlib import Path

from hub.domain import prescription_order
from hub.domain.message import DocumentRole, Kind
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.domain.prescription_order import HandOrder, Wishes
from hub.ports.connector import Parcel
from hub.ports.ledger import Ledger
from hub.ports.prescribing import CodeForm
from hub.ports.prescription import Reason, Signing
from hub.ports.signing import Mechanism
from hub_eprescription.eps import names
from hub_eprescription.signing import xmldsig
from tests.plugins.eprescription.eps import examples
from tests.plugins.eprescription.eps.practice import LILAS, Practice, order, practice
from tests.plugins.eprescription.scripted import PHARMACY, Bench

NOTIFICATION = "spec/dispensing/dispense-notification/acute-primary-example-01-req.json"


class EpsBench(Bench):
    """A connector with the real adapter, and the service as the double plays it."""

    def __init__(self, folder: Path, one: Practice, ledger: Ledger | None = None) -> None:
        one.service.signing = one.service.abilities.signing  # type: ignore[attr-defined]
        super().__init__(folder, one.service, ledger)  # type: ignore[arg-type]

    def ordered(self, content: bytes, *hand_over: HandOrder, number: int = 1) -> Parcel:
        """Make the parcel of an order."""
        wishes = prescription_order.spell(Wishes(hand_over=hand_over))
        return self.parcel(
            Kind.PRESCRIPTION,
            [
                ("prescription.json", names.MEDIA_TYPE, DocumentRole.ATTACHMENT, content),
                (prescription_order.NAME, prescription_order.MEDIA_TYPE, DocumentRole.ATTACHMENT, wishes),
            ],
            sender=LILAS,
            number=number,
        )

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Deliver it once."""
        (outcome,) = (await self.connector.deliver(parcel)).values()
        return outcome


async def test_from_the_order_to_the_report(tmp_path: Path) -> None:
    """Issued, printed, handed over, reported by the pharmacy, told to the prescriber, cancelled too late."""
    async with practice(tmp_path) as one:
        bench = EpsBench(tmp_path, one)
        number = "24F5DA-A83008-7EFE6Z"
        parcel = bench.ordered(order(1, short=number, items=2), HandOrder(to=PHARMACY, form=Handing.TOKEN))
        assert isinstance(await bench.deliver(parcel), Delivered)
        id_ = parcel.sealed.envelope.id
        standing = await bench.connector.standing(id_, fresh=True)
        assert standing is not None
        assert standing.record.number == number
        assert standing.record.state is PrescriptionState.ACTIVE
        assert standing.view is not None
        assert len(standing.view.medicines) == 2
        sheet = await bench.connector.printed(id_, "en")
        assert sheet is not None
        assert sheet.startswith(b"%PDF")
        assert await bench.connector.draw(id_, CodeForm.PNG) is None
        await bench.work()
        assert len(bench.intake.submissions) == 1
        data = examples.read(NOTIFICATION)
        assert await bench.connector.take(names.MEDIA_TYPE, data) == 1
        assert await bench.connector.take(names.MEDIA_TYPE, data) == 0
        await bench.work()
        assert len(bench.intake.submissions) == 2
        one.double.held[number].status = "0003"
        said = await bench.connector.cancel(id_, Reason(code="0001"))
        assert said.result is CancelResult.WITH_DISPENSER
        after = await bench.connector.standing(id_)
        assert after is not None
        assert after.record.state is PrescriptionState.PARTLY_DISPENSED
        assert len(after.events) == 1


async def test_a_refusal_reaches_the_api_with_its_outcome(tmp_path: Path) -> None:
    """The record keeps what the service said, for the problem document."""
    async with practice(tmp_path) as one:
        bench = EpsBench(tmp_path, one)
        value = json.loads(examples.read("errors/1-Process-Response-Send-400_INVALID_CHECKSUM.json"))
        one.double.spoil("order", (400, value))
        parcel = bench.ordered(order(1))
        assert isinstance(await bench.deliver(parcel), Refused)
        standing = await bench.connector.standing(parcel.sealed.envelope.id)
        assert standing is not None
        assert standing.record.state is PrescriptionState.REJECTED
        assert json.loads(standing.record.facts["outcome"])["issue"] == value["issue"]


async def test_the_workstation_s_signature_goes_in_and_out(tmp_path: Path) -> None:
    """It waits across a restart, then is issued with exactly what was signed."""
    async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
        bench = EpsBench(tmp_path, one)
        parcel = bench.ordered(order(1))
        assert isinstance(await bench.deliver(parcel), Deferred)
        bench.restart()
        id_ = parcel.sealed.envelope.id
        info = await bench.connector.to_sign(id_)
        assert info is not None
        signature = await xmldsig.sign_info(info, one.holder.signer, Mechanism.RSA_PKCS1_SHA256)
        await bench.connector.take_signed(id_, signature)
        bench.restart()
        assert isinstance(await bench.deliver(parcel), Delivered)
        signed = await bench.connector.signed(id_)
        assert signed is not None
        assert signed[0] == names.MEDIA_TYPE
        assert signed[1] == one.double.requests[-1][2]
