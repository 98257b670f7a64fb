"""What is said of an envelope, as it rests: its record, reasons and refusals, each encrypted.

A record is a length (4 bytes), a JSON object (`peer`, `steps`, `contents`) and the JWS as signed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.adapters.queue import faults, times
from hub.adapters.queue.contents import Run, StoredContent
from hub.domain import envelope as envelopes
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId
from hub.domain.outcome import Refused
from hub.errors import InputError, Words
from hub.ports.queue import NewEnvelope
from hub.ports.records import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One envelope's record. `places` is where its contents are in their stage, in their order."""

    sealed: SealedEnvelope
    peer: str
    steps: Sequence[Step]
    places: Sequence[tuple[int, Sequence[Run]]] = field(repr=False)


def write_record(new: NewEnvelope, contents: Sequence[StoredContent]) -> bytes:
    """Spell the record of a new envelope."""
    head = _dump(
        {
            "peer": new.peer,
            "steps": [
                [times.write(one.at), one.event, one.delivery, one.code, one.detail] for one in new.steps
            ],
            "contents": [[one.number, one.runs] for one in contents],
        }
    )
    return len(head).to_bytes(4) + head + new.sealed.jws


def read_record(data: bytes) -> Record:
    """Read a record. The store's own encryption vouches for it, so no signature is checked here."""
    end = 4 + int.from_bytes(data[:4])
    head = json.loads(data[4:end])
    jws = data[end:]
    return Record(
        sealed=SealedEnvelope(envelope=envelopes.from_bytes(_payload(jws)), jws=jws),
        peer=head["peer"],
        steps=[_step(*one) for one in head["steps"]],
        places=[(number, [(frame, at) for frame, at in runs]) for number, runs in head["contents"]],
    )


def _payload(jws: bytes) -> bytes:
    """Return the signed bytes inside a JWS in flattened JSON serialisation (RFC 7515, 7.2.2)."""
    try:
        text: str = json.loads(jws)["payload"]
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (InputError, ValueError, LookupError, TypeError):
        raise faults.altered() from None


def write_words(words: Words) -> bytes:
    """Spell a reason."""
    return _dump([words.en, words.fr])


def read_words(data: bytes) -> Words:
    """Read a reason."""
    en, fr = json.loads(data)
    return Words(en=en, fr=fr)


def write_detail(detail: str) -> bytes:
    """Spell what the other side said, whatever is in it."""
    return detail.encode("utf-8", "surrogatepass")


def read_detail(data: bytes) -> str:
    """Read what the other side said."""
    return data.decode("utf-8", "surrogatepass")


def write_refused(refused: Mapping[str, Refused]) -> bytes:
    """Spell who was refused, and why."""
    return _dump({name: [one.code, one.reason.en, one.reason.fr] for name, one in refused.items()})


def read_refused(data: bytes) -> dict[str, Refused]:
    """Read who was refused, and why."""
    read: dict[str, tuple[str, str, str]] = json.loads(data)
    return {name: Refused(code=code, reason=Words(en=en, fr=fr)) for name, (code, en, fr) in read.items()}


def _step(at: int, event: str, delivery: str | None, code: str | None, detail: str | None) -> Step:
    return Step(
        at=times.read(at),
        event=event,
        delivery=DeliveryId(delivery) if delivery else None,
        code=code,
        detail=detail,
    )


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
