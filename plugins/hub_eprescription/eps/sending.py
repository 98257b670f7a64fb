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
from hub_eprescription.signing.kept import unchanged

MAX_RECEIPT: Final = 4 << 10
_DUPLICATE: Final = ("DUPLICATE_PRESCRIPTION_ID", "duplicate")
_DUPLICATE_WORDS: Final = ("duplicate prescription",)
Track = Callable[[str], Awaitable[Tracked | None]]


class Sending:
    """Sends signed orders. `track` asks how a number stands; None where the service does not say."""

    def __init__(self, asking: Asking, clock: Clock, track: Track | None) -> None:
        self._asking = asking
        self._clock = clock
        self._track = track

    async def send(self, journal: Journal, *, first: bool) -> Delivered | Deferred | Uncertain:
        """Send what the journal holds. `first`: it was never sent. Raises RefusedError, StoreError."""
        signed = await unchanged(journal)
        if first and "sent" not in journal.record.facts:
            facts = {**journal.record.facts, "sent": "yes"}
            await journal.keep(replace(journal.record, facts=facts))
        try:
            reply = await self._asking.ask(
                "POST", "$process-message", request=reading.bundle(signed).identifier, body=signed
            )
        except UnansweredError as error:
            if error.sent:
                return _unsure(error.words)
            return _unreached(error)
        except PeerError as error:
            return _unreached(error)
        return await self._judge(reply, journal, signed, first=first)

    async def _judge(
        self, reply: Reply, journal: Journal, signed: bytes, *, first: bool
    ) -> Delivered | Deferred | Uncertain:
        if reply.good and reply.said:
            return await self._issued(journal, reply, _warnings(reply))
        if not reply.refused:
            if reply.good or reply.judgement.acted or reply.lost or reply.said.transient:
                # A good status that says nothing is no consent.
                return _unsure(words.unclear().words if reply.good else reply.words)
            return drafting.deferred(reply)
        duplicate = reply.said.says(*_DUPLICATE) or reply.said.mentions(*_DUPLICATE_WORDS)
        code, why = ("refused", words.refusal(reply.said))
        if duplicate:
            code, why = ("number_taken", reply.said.after(words.TAKEN))
        if not first or reply.lost:
            # An earlier try may have made it: what is refused now may be the repetition only.
            try:
                found = await self._is_ours(journal.record, signed)
            except PeerError as error:
                return _unsure(error.words)
            if found or (found is None and duplicate):
                return await self._issued(journal, reply, (words.KNOWN,))
        raise RefusedError(f"prescription.{code}", why, reply.said)

    async def _is_ours(self, record: Record, signed: bytes) -> bool | None:
        """Whether the service has this prescription; None when it does not say. Raises PeerError."""
        if self._track is None or record.number is None:
            return None
        tracked = await self._track(record.number)
        patient = reading.identifier(reading.bundle(signed).first("Patient"), names.NHS_NUMBER)
        return None if tracked is None else tracked.patient == patient

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
        return issued(record)


def issued(record: Record) -> Delivered:
    """Say that it is issued. What the service answered may name the patient: it is for no timeline."""
    return Delivered(receipt=record.number or "")


def _unsure(why: Words) -> Uncertain:
    reason = Words(en=f"{why.en} {words.UNSURE.en}", fr=f"{why.fr} {words.UNSURE.fr}")
    return Uncertain(code="prescription.unsure", reason=reason)


def _unreached(error: PeerError) -> Deferred:
    return Deferred(code=error.code, reason=error.words, operator_failed=True)


def _warnings(reply: Reply) -> tuple[Words, ...]:
    if not reply.said.warned:
        return ()
    words = Words(
        en="The prescription is issued, with a warning.", fr="L'ordonnance est émise, avec un avertissement."
    )
    return (reply.said.after(words),)
