"""The connector to one e-prescription service, as the hub sees it.

`Delivers` and `Recovers` (an issue is a delivery), `Receives` (the work that it does by itself), `Probes`,
`Corresponds` (it has a mailbox), `Prescribes` (its prescriptions can be followed and cancelled).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hub.domain.ids import DeliveryId, EnvelopeId
from hub.domain.message import Kind
from hub.domain.outcome import Outcome
from hub.domain.prescription import CancelResult, PrescriptionView
from hub.domain.prescription_order import HandOrder
from hub.errors import InputError, PeerError, TrustError
from hub.ports.connector import Addressee, Capabilities, Parcel
from hub.ports.directory import Entry, MailboxKind
from hub.ports.directory import Standing as Right
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub.ports.prescribing import CodeForm, Standing
from hub.ports.prescription import (
    Abilities,
    Cancellation,
    Order,
    PrescriptionService,
    ReadsDispensing,
    Reason,
)
from hub_eprescription.agenda import Cancelling
from hub_eprescription.answering import Answering
from hub_eprescription.bureau import Bureau
from hub_eprescription.following import Following
from hub_eprescription.issuing import Issuing
from hub_eprescription.mailing import Mailing
from hub_eprescription.settings import Common
from hub_eprescription.working import Working

_MOST: Final = 25 << 20
"""Bytes of a mail to the service's mailbox."""


class Connector:
    """One service's connector."""

    def __init__(self, service: PrescriptionService, common: Common, host: Host) -> None:
        self._bureau = Bureau.of(service, common, host)
        self._issuing = Issuing(self._bureau)
        self._following = Following(self._bureau)
        self._mailing = Mailing(self._bureau, self._following)
        self._working = Working(self._bureau, self._following, self._mailing)
        self._answering = Answering(self._bureau, self._mailing, self._working.hear)

    @property
    def capabilities(self) -> Capabilities:
        """What it can carry."""
        return Capabilities(max_bytes=_MOST, max_recipients=1)

    @property
    def abilities(self) -> Abilities:
        """What the service can do."""
        return self._bureau.service.abilities

    @property
    def mailboxes(self) -> Sequence[Entry]:
        """The service's own mailbox."""
        common = self._bureau.common
        return (
            Entry(
                address=common.mailbox,
                mailbox=MailboxKind.APPLICATION,
                name=common.title,
                identifiers=(),
                standing=Right.ACTIVE,
                source=f"operator {self._bureau.name}",
                answers_for=common.answers_for,
            ),
        )

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Issue a prescription, or take what somebody wrote to the service."""
        return {one.delivery: await self._deliver(parcel, one) for one in parcel.addressees}

    async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Find out what became of an issue; a mail is taken again, which is harmless."""
        return {one.delivery: await self._recover(parcel, one) for one in parcel.addressees}

    async def receive(self, intake: Intake) -> None:
        """Hand over, ask and tell until cancelled."""
        self._bureau.intake = intake
        await self._working.run()

    async def probe(self) -> None:
        """Return when the service answers."""
        await self._bureau.service.probe()

    def check(self, order: Order) -> PrescriptionView:
        """Return what people read of an order. Raises the InputError for one that could never be issued."""
        self._bureau.service.check(order)
        return self._bureau.service.read(order.media_type, order.content)

    async def standing(self, prescription: EnvelopeId, *, fresh: bool = False) -> Standing | None:
        """Return how it stands."""
        return await self._following.standing(prescription, fresh=fresh)

    async def to_sign(self, prescription: EnvelopeId) -> bytes | None:
        """Return the bytes that the prescriber's workstation is to sign."""
        return await self._following.to_sign(prescription)

    async def take_signed(self, prescription: EnvelopeId, signed: bytes) -> None:
        """Take what the workstation signed."""
        await self._following.take_signed(prescription, signed)

    async def signed(self, prescription: EnvelopeId) -> tuple[str, bytes] | None:
        """Return media type and signed bytes, exactly."""
        return await self._following.signed(prescription)

    async def draw(self, prescription: EnvelopeId, form: CodeForm) -> bytes | None:
        """Draw its 2D code."""
        return await self._following.draw(prescription, form)

    async def printed(self, prescription: EnvelopeId, language: str) -> bytes | None:
        """Return the sheet for the patient."""
        return await self._following.printed(prescription, language)

    async def hand_over(self, prescription: EnvelopeId, order: HandOrder) -> EnvelopeId:
        """Hand it over by secure mail."""
        return await self._mailing.hand_over(prescription, order)

    async def cancel(self, prescription: EnvelopeId, reason: Reason) -> Cancellation:
        """Cancel it; where that can't be, those to whom it was handed over are told."""
        said = await self._following.cancel(prescription, reason)
        if said.result is CancelResult.NOT_SUPPORTED:
            try:
                await self._mailing.recall(prescription, reason)
            except (InputError, TrustError, PeerError):
                # Whom it did not reach is told later, or the prescriber is that it can't be.
                await self._bureau.owe(Cancelling(prescription=prescription, reason=reason))
        return said

    def look_now(self) -> None:
        """Ask the service what happened at once (`door.desk.Desk`)."""
        self._working.look_now()

    async def take(self, media_type: str, body: bytes) -> int:
        """Take a document that says what happened; returns how much of it was new (`door.desk.Desk`).

        Raises InputError for one that this service does not read.
        """
        service = self._bureau.service
        events = service.dispensings(media_type, body) if isinstance(service, ReadsDispensing) else ()
        return await self._working.hear(events)

    async def _deliver(self, parcel: Parcel, one: Addressee) -> Outcome:
        if parcel.sealed.envelope.message.kind is Kind.PRESCRIPTION:
            return await self._issuing.issue(parcel, one)
        return await self._answering.take(parcel)

    async def _recover(self, parcel: Parcel, one: Addressee) -> Outcome:
        if parcel.sealed.envelope.message.kind is Kind.PRESCRIPTION:
            return await self._issuing.settle(parcel, one)
        return await self._answering.take(parcel)
