"""What the parts of a service's connector share: the adapter, its records, one lock per prescription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakValueDictionary

from hub.domain.ids import EnvelopeId, OperatorName
from hub.domain.message import Message
from hub.errors import PeerError, Words
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub.ports.prescription import Order, PrescriptionService, Record
from hub_eprescription import refusing
from hub_eprescription.agenda import Agenda, Task
from hub_eprescription.records import LedgerJournal, Records
from hub_eprescription.settings import Common


@dataclass(slots=True, kw_only=True)
class Bureau:
    """One service. `intake` is there once the hub lets mail in; `awake` is set when there is work at once."""

    service: PrescriptionService
    common: Common
    host: Host
    records: Records
    agenda: Agenda
    intake: Intake | None = None
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    @classmethod
    def of(cls, service: PrescriptionService, common: Common, host: Host) -> Bureau:
        """Make the bureau of a service."""
        return cls(
            service=service,
            common=common,
            host=host,
            # Documents that no service keeps may follow one another under one number.
            records=Records(
                host.ledger, host.clock, once=service.abilities.cancels or service.abilities.tracks
            ),
            agenda=Agenda(host.ledger, host.clock),
        )

    @property
    def name(self) -> OperatorName:
        """The operator's name."""
        return OperatorName(self.host.name)

    @asynccontextmanager
    async def holding(
        self, prescription: EnvelopeId, *, patience: float | None = None
    ) -> AsyncIterator[LedgerJournal]:
        """Yield the journal of a prescription, to one at a time.

        Raises PeerError `prescription.under_way` when somebody else holds it for `patience` seconds.
        """
        lock = self._locks.get(prescription)
        if lock is None:
            lock = self._locks[prescription] = asyncio.Lock()
        try:
            async with asyncio.timeout(patience):
                await lock.acquire()
        except TimeoutError:
            raise refusing.under_way() from None
        try:
            yield await self.records.journal(prescription)
        finally:
            lock.release()

    async def owe(self, task: Task, *, after: timedelta = timedelta()) -> None:
        """Write down what is to be done from now on, or `after` a while. Raises StoreError."""
        await self.agenda.put(*self.agenda.owed(task, after=after))
        self.awake.set()

    async def ordered(self, prescription: EnvelopeId) -> Message:
        """Return the message that ordered a prescription. Raises PeerError while the hub starts."""
        if self.intake is None:
            raise _starting()
        sealed = await self.intake.sealed(prescription)
        if sealed is None:
            raise AssertionError("a prescription's order is an envelope of this hub")
        return sealed.envelope.message

    async def about(self, envelope: EnvelopeId) -> str | None:
        """Return what an envelope of this hub answers; None for none, or no envelope of ours."""
        if self.intake is None:
            raise _starting()
        sealed = await self.intake.sealed(envelope)
        return None if sealed is None else sealed.envelope.message.in_reply_to

    async def order(self, record: Record, content: bytes) -> Order:
        """Return an issued prescription's order again, with what was signed as its content."""
        message = await self.ordered(record.id)
        return Order(
            id=record.id,
            prescriber=message.sender,
            media_type=record.signed_type or "",
            content=content,
        )


def _starting() -> PeerError:
    return PeerError(
        "prescription.starting",
        Words(
            en="The hub is starting; try again in a moment.",
            fr="Le hub démarre ; réessayez dans un instant.",
        ),
    )
