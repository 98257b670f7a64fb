"""New envelopes → the rows that hold them, encrypted; and what is known of them from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.adapters.queue import records, times
from hub.adapters.queue.cache import Known
from hub.adapters.queue.contents import StoredContent, StoredStage, by_document
from hub.adapters.queue.keys import RecordKey, StoreKeys
from hub.domain.delivery import State
from hub.domain.ids import EnvelopeId
from hub.ports.queue import Acceptance, NewEnvelope
from hub.ports.records import Step

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EnvelopeRows:
    """One new envelope as rows; `stage` are its contents, which several envelopes may share."""

    stage: StoredStage
    envelope: Row
    deliveries: Sequence[Row]
    known: Known


def of_envelope(new: NewEnvelope, keys: StoreKeys, now: int) -> EnvelopeRows:
    """Make the rows of one envelope, whose contents were written to one stage of the store."""
    contents = [one for one in new.contents if isinstance(one, StoredContent)]
    stage = contents[0].stage if contents else None
    if stage is None or len(contents) != len(new.contents) or any(one.stage is not stage for one in contents):
        raise ValueError("an envelope's contents are written to one stage, and stored once")
    envelope = new.sealed.envelope
    key, wrapped = keys.new_record_key(envelope.id)
    message = envelope.message
    row = {
        "id": envelope.id,
        "stage": stage.id,
        "accepted_at": now,
        "record_key": wrapped,
        "stage_key": key.seal(stage.vessel.key, "documents"),
        "record": key.seal(records.write_record(new, contents), "record"),
    }
    deliveries = [
        {
            "id": one.id,
            "envelope": envelope.id,
            "position": one.position,
            "operator": one.operator,
            "state": State.PENDING.value,
            "attempts": 0,
            "due_at": now,
            "expires_at": times.write(envelope.expires_at),
            "receipt": new.correlation
            and keys.lookup("receipt", new.correlation, message.recipients[one.position].address.key),
        }
        for one in new.deliveries
    ]
    known = Known(
        id=envelope.id,
        key=key,
        sealed=new.sealed,
        peer=new.peer,
        contents=by_document([one.id for one in message.documents], contents),
        open=len(deliveries),
    )
    return EnvelopeRows(stage, row, deliveries, known)


def of_stage(stage: StoredStage) -> Row:
    """Make the row of a stage: its bytes, or that they are in its file."""
    return {"id": stage.id, "filed": stage.vessel.filed, "data": stage.vessel.held}


def of_submission(acceptance: Acceptance, keys: StoreKeys, new: Sequence[EnvelopeRows]) -> list[Row]:
    """Make the rows by which a repetition finds the first answer, one per key of the peer's."""
    record_keys = {one.known.id: one.known.key for one in new}
    fingerprint = keys.lookup("fingerprint", acceptance.fingerprint)
    return [
        {
            "lookup": keys.lookup("submission", acceptance.peer, key),
            "fingerprint": fingerprint,
            "envelopes": " ".join(envelopes),
            "refused": record_keys[envelopes[0]].seal(records.write_refused(acceptance.refused), "refused")
            if acceptance.refused
            else None,
        }
        for key, envelopes in acceptance.keys.items()
    ]


def of_step(envelope: EnvelopeId, step: Step, key: RecordKey) -> Row:
    """Make the row of one line of a timeline."""
    return {
        "envelope": envelope,
        "delivery": step.delivery,
        "at": times.write(step.at),
        "event": step.event,
        "code": step.code,
        "detail": None if step.detail is None else key.seal(records.write_detail(step.detail), "detail"),
    }
