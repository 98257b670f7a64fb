"""Cancelling at the service: one message for each item of a prescription, and one answer of them all."""

from __future__ import annotations

from typing import Final

from hub.domain.prescription import CancelResult
from hub.errors import Words
from hub.ports.prescription import Cancellation, Reason, Record
from hub_eprescription.eps import cancel, messages, names, reading, words
from hub_eprescription.eps.asking import Asking
from hub_eprescription.eps.cancel import Answer
from hub_eprescription.eps.reading import Bundle
from hub_eprescription.wire.table import Kind

_NOT_OURS: Final = Words(
    en="It is not cancelled: the hub does not have what a cancellation must say of it.",
    fr="Elle n'est pas annulée : le hub n'a pas ce que la demande d'annulation doit en dire.",
)


class Cancelling:
    """Cancels."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def cancel(self, record: Record, reason: Reason) -> Cancellation:
        """Cancel every item. The same wish again sends the same messages. Raises PeerError."""
        coding = _coding(reason)
        if coding is None:
            return Cancellation(result=CancelResult.INVALID, state=record.state, words=words.reason_needed())
        if "basis" not in record.facts or record.number is None:
            return Cancellation(result=CancelResult.NOT_FOUND, state=record.state, words=_NOT_OURS)
        bundle = reading.bundle(record.facts["basis"].encode())
        answers = [await self._item(record, bundle, item, coding) for item in messages.items(bundle)]
        return cancel.combine(answers, record.state)

    async def _item(self, record: Record, bundle: Bundle, item: str, coding: dict[str, str]) -> Answer:
        # What was answered, or has happened since, makes it another wish: one that is asked anew.
        then = (record.changed_at.isoformat(), record.cancelled.value if record.cancelled else "")
        message = messages.identifier("cancel", record.id, item, coding["code"], *then)
        body = messages.cancel(bundle, item, coding, message)
        reply = await self._asking.ask("POST", "$process-message", request=message, body=body)
        if reply.judgement.kind is Kind.TOKEN:
            raise words.token_refused()
        number = record.number or ""
        if (answer := cancel.read(reply.answer.body, reply.answer.media_type, number)) is not None:
            return answer
        if reply.good:
            raise words.unclear()
        raise words.failed("prescription.service_failed", reply.words)


def _coding(reason: Reason) -> dict[str, str] | None:
    """Return the service's own reason; None when it is none of those."""
    by_name = {name.lower(): code for code, name in words.REASONS.items()}
    code = reason.code or by_name.get(reason.text.strip().lower(), "")
    if code not in words.REASONS:
        return None
    return {"system": names.CANCEL_REASON, "code": code, "display": words.REASONS[code]}
