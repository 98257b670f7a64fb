"""`$process-message` with signed bytes: the step that makes a prescription, and finding out whether it did.

A repeat carries the same bytes, so the same `Bundle.identifier`, and the same `X-Request-ID`: the service
knows it again by them. It also holds each prescription number but once. So what is repeated makes no second
prescription, and `DUPLICATE_PRESCRIPTION_ID` to a repeat means that the first had arrived.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from hub.domain.outcome import Deferred, Delivered, Uncertain
from hub.domain.prescription import PrescriptionState
from hub.errors import PeerError, Words
from hub.ports.clock import Clock
from hub.ports.prescription import Journal, Record
from hub_eprescription.eps import drafting, names, reading, words
from hub_eprescription.eps.asking import Asking, Reply, UnansweredError
from hub_eprescription.eps.drafting import RefusedError
from hub_eprescription.eps.tracking import Tracked

MAX_RECEIPT: Final = 4 << 10
_DUPLICATE: Final = ("DUPLICATE_PRESCRIPTION_ID", "duplicate")
Track = Callable[[str], Awaitable[Tracked | None]]


class Sending:
    """Sends signed orders. `track` asks how a number stands; None where the service does not say."""

    def __init__(self, asking: Asking, clock: Clock, track: Track | None) -> None:
        self._asking = asking
        self._clock = clock
        self._track = track

    async def send(self, journal: Journal, *, first: bool) -> Delivered | Deferred | Uncertain:
        """Send what the journal holds. `first`: it was never sent. Raises RefusedError, StoreError."""
        signed = await journal.signed()
        if signed is None:
            raise AssertionError("the record says that signed bytes are there")
        if first and "sent" not in journal.record.facts:
            facts = {**journal.record.facts, "sent": "yes"}
            await journal.keep(replace(journal.record, facts=facts))
        try:
            reply = await self._asking.ask(
                "POST", "$process-message", request=reading.bundle(signed).identifier, body=signed
            )
        except UnansweredError as error:
            if error.sent:
                return Uncertain(code=error.code, reason=words.UNSURE)
            return _unreached(error)
        except PeerError as error:
            return _unreached(error)
        return await self._judge(reply, journal, signed, first=first)

    async def _judge(
        self, reply: Reply, journal: Journal, signed: bytes, *, first: bool
    ) -> Delivered | Deferred | Uncertain:
        if reply.good and reply.said:
            return await self._issued(journal, reply, _warnings(reply))
        if reply.said.failed and reply.said.says(*_DUPLICATE):
            if first and not reply.lost:
                raise RefusedError("prescription.number_taken", reply.said.after(words.TAKEN), reply.said)
            return await self._known(reply, journal, signed)
        if reply.refused:
            raise RefusedError("prescription.refused", words.refusal(reply.said), reply.said)
        if reply.good or reply.judgement.acted or reply.lost:
            # A good status that says nothing is no consent.
            return Uncertain(code="prescription.answer_unclear", reason=words.UNSURE)
        return drafting.deferred(reply)

    async def _known(self, reply: Reply, journal: Journal, signed: bytes) -> Delivered | Uncertain:
        """Take a number that is known already for the one that was sent before, unless it is another's."""
        record = journal.record
        if self._track is not None and record.number is not None:
            try:
                tracked = await self._track(record.number)
            except PeerError:
                return Uncertain(code="prescription.answer_unclear", reason=words.UNSURE)
            patient = reading.identifier(reading.bundle(signed).first("Patient"), names.NHS_NUMBER)
            if tracked is not None and tracked.patient != patient:
                raise RefusedError("prescription.number_taken", reply.said.after(words.TAKEN), reply.said)
        return await self._issued(journal, reply, (words.KNOWN,))

    async def _issued(self, journal: Journal, reply: Reply, warnings: tuple[Words, ...]) -> Delivered:
        receipt = reply.answer.body[:MAX_RECEIPT].decode("utf-8", "replace")
        record = journal.record
        await journal.keep(
            replace(
                record,
                state=PrescriptionState.ACTIVE,
                issued_at=self._clock.now(),
                warnings=(*record.warnings, *warnings),
                facts={**record.facts, "receipt": receipt},
            )
        )
        return Delivered(receipt=receipt)


def issued(record: Record) -> Delivered:
    """Return again what was answered to a prescription that is issued."""
    return Delivered(receipt=record.facts.get("receipt", record.number or ""))


def _unreached(error: PeerError) -> Deferred:
    return Deferred(code=error.code, reason=error.words, operator_failed=True)


def _warnings(reply: Reply) -> tuple[Words, ...]:
    if not reply.said.warned:
        return ()
    words = Words(
        en="The prescription is issued, with a warning.", fr="L'ordonnance est émise, avec un avertissement."
    )
    return (reply.said.after(words),)
