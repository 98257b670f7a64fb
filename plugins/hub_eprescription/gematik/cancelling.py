"""`$abort`, and what its answers mean. To ask twice comes to the same: the second time it is gone."""

from __future__ import annotations

import json
from typing import Any

from hub.domain.prescription import CancelResult, PrescriptionState
from hub.errors import ConfigError, PeerError
from hub.ports.clock import Clock
from hub.ports.prescription import Cancellation, Record
from hub_eprescription.gematik import asking, words
from hub_eprescription.gematik.asking import Asking, Reply
from hub_eprescription.gematik.outcome import Said
from hub_eprescription.wire.table import Kind

_R = CancelResult
_S = PrescriptionState


class Cancelling:
    """Cancels prescriptions."""

    def __init__(self, asking: Asking, clock: Clock) -> None:
        self._asking = asking
        self._clock = clock

    async def cancel(self, record: Record) -> Cancellation:
        """Cancel one. The service takes no reason. Raises PeerError."""
        if record.number is None or record.state in {_S.DRAFT, _S.REJECTED}:
            return _said(_R.NOT_FOUND, record.state)
        try:
            reply = await self._asking.ask("POST", f"Task/{record.number}/$abort", access_code=record.secret)
        except ConfigError as error:
            raise PeerError(error.code, error.words, **error.fields) from error
        return self._judged(record, reply)

    def _judged(self, record: Record, reply: Reply) -> Cancellation:
        said = reply.said
        if reply.judgement.good and not said.failed:
            return _said(_R.CANCELLED, _S.CANCELLED, said)
        if reply.judgement.kind is Kind.TOKEN:
            raise asking.token_refused()
        if reply.judgement.kind is Kind.FAILED or reply.judgement.good:
            raise PeerError("prescription.service_failed", reply.words, status=reply.status)
        result, state = self._meaning(record, reply)
        return _said(result, state, said)

    def _meaning(self, record: Record, reply: Reply) -> tuple[CancelResult, PrescriptionState]:
        """Return what a refusal means: the service's texts decide where its status says little."""
        said, meaning = reply.said, (_R.INVALID, record.state)
        match reply.status:
            case 410 if record.expires_at is not None and self._clock.now() >= record.expires_at:
                meaning = _R.EXPIRED, _S.EXPIRED
            case 410:
                meaning = _R.ALREADY_CANCELLED, _S.CANCELLED
            case 404:
                meaning = _R.NOT_FOUND, _S.UNKNOWN
            case 403 | 409 if said.says("in progress", "in-progress"):
                meaning = _R.WITH_DISPENSER, _S.CLAIMED
            case 403 | 409 if said.says("completed"):
                meaning = _R.DISPENSED, _S.COMPLETED
            case 403 if said.says("AccessCode"):
                meaning = _R.OTHER_PRESCRIBER, record.state
        return meaning


def _said(result: CancelResult, state: PrescriptionState, said: Said | None = None) -> Cancellation:
    detail: Any = json.loads(said.json) if said is not None and said.issues else None
    spoken = words.CANCELLED[result]
    if said is not None and not result.done:
        spoken = said.after(spoken)
    return Cancellation(result=result, state=state, words=spoken, detail=detail)
