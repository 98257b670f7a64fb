"""A delivery of kind `prescription` is an issue: the first try, and finding out what became of a lost one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.domain.prescription import PrescriptionState
from hub.errors import InputError, TrustError, Words
from hub.ports.connector import Addressee, Parcel
from hub.ports.prescription import Journal, Order
from hub_eprescription import orders
from hub_eprescription.agenda import HandOver
from hub_eprescription.bureau import Bureau

Step = Callable[[Order, Journal], Awaitable[Delivered | Deferred | Refused | Uncertain]]

_BEFORE: Final = "issued by an earlier attempt"
_CANCELLED: Final = Refused(
    code="prescription.cancelled",
    reason=Words(
        en="The prescriber cancelled it before it was issued; no prescription exists.",
        fr="Le prescripteur l'a annulée avant son émission ; aucune ordonnance n'existe.",
    ),
)


class Issuing:
    """Issues what parcels order."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau

    async def issue(self, parcel: Parcel, addressee: Addressee) -> Outcome:
        """Issue, or go on where an earlier attempt ended."""
        return await self._go(parcel, addressee, self._bureau.service.issue)

    async def settle(self, parcel: Parcel, addressee: Addressee) -> Outcome:
        """Find out what became of an attempt whose end nobody saw."""
        return await self._go(parcel, addressee, self._settle)

    async def _settle(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        if journal.record.state is PrescriptionState.DRAFT:
            # Nothing is signed yet: whatever was asked of the service made no prescription.
            return Deferred(
                code="prescription.not_begun",
                reason=Words(
                    en="The issue had not got so far that a prescription could exist; it goes on.",
                    fr="L'émission n'était pas assez avancée pour qu'une ordonnance existe ; elle continue.",
                ),
            )
        return await self._bureau.service.settle(order, journal)

    async def _go(self, parcel: Parcel, addressee: Addressee, step: Step) -> Outcome:
        bureau = self._bureau
        abilities = bureau.service.abilities
        try:
            order = await orders.order(parcel, addressee, abilities.media_types, abilities.max_bytes)
            async with bureau.holding(order.id) as journal:
                if journal.record.state is PrescriptionState.CANCELLED and journal.record.issued_at is None:
                    return _CANCELLED
                issued = journal.record.state.issued
                outcome = Delivered(receipt=_BEFORE) if issued else await step(order, journal)
                if isinstance(outcome, Delivered):
                    # Owed from the moment on at which it is issued; done twice, they still arrive once.
                    owed = (
                        HandOver(prescription=order.id, order=one)
                        for one in (await orders.wishes(parcel)).hand_over
                    )
                    await bureau.agenda.put(*(line for one in owed for line in bureau.agenda.owed(one)))
                    # Who wished it cancelled meanwhile has waited for this.
                    await bureau.agenda.hasten_cancel(order.id)
        except (InputError, TrustError) as error:
            return Refused(code=error.code, reason=error.words)
        if isinstance(outcome, Delivered):
            bureau.awake.set()
            bureau.host.log.info("prescription.issued", operator=bureau.name, envelope=order.id)
        return outcome
