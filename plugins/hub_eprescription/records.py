"""What the hub remembers of prescriptions, in the part's ledger (`hub.ports.prescription.Journal`).

One line per prescription, found by its id or its number; the signed bytes, and those to be signed, in lines
of their own beside it, as many as it takes. A further name, such as the id of a document, is a line too. A
line goes when nothing can be asked about it any more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.domain.ids import EnvelopeId
from hub.domain.prescription import CancelResult, PrescriptionState, may_move
from hub.domain.times import rfc3339
from hub.errors import InputError, Words
from hub.ports.clock import Clock
from hub.ports.ledger import Ledger, Line
from hub.ports.prescription import Record
from hub_eprescription import pieces

KEPT: Final = timedelta(days=730)
"""How long a record is kept after its last change: repeats may run for a year."""
_LONGEST: Final = timedelta(days=3653)


def kept_until(now: datetime, expires_at: datetime | None) -> datetime:
    """Return until when something is kept of a prescription; one that never ends does not stay for ever."""
    return max(now, min(expires_at or now, now + _LONGEST)) + KEPT


class Records:
    """Every prescription of one service. `once`: the service gives a number to one prescription only."""

    def __init__(self, ledger: Ledger, clock: Clock, *, once: bool = False) -> None:
        self._ledger = ledger
        self._clock = clock
        self._once = once

    async def get(self, prescription: EnvelopeId) -> Record | None:
        """Return a record. Raises StoreError."""
        line = await self._ledger.get(_key(prescription))
        return None if line is None else _read(line.value)

    async def numbered(self, number: str) -> Record | None:
        """Return the record of the prescription that bears this number, or this name. Raises StoreError."""
        line = await self._ledger.named(_alias(number))
        if line is not None:
            return _read(line.value)
        name = await self._ledger.get(_name(number))
        return None if name is None else await self.get(EnvelopeId(name.value))

    async def named(self, name: str) -> EnvelopeId | None:
        """Return the prescription that has this further name. Raises StoreError."""
        line = await self._ledger.get(_name(name))
        return None if line is None else EnvelopeId(line.value)

    async def give_name(self, name: str, prescription: EnvelopeId, expires_at: datetime | None) -> None:
        """Let a prescription be found by a further name; durable on return. Raises StoreError."""
        until = kept_until(self._clock.now(), expires_at)
        await self._ledger.put(Line(key=_name(name), value=prescription, until=until))

    async def journal(self, prescription: EnvelopeId) -> LedgerJournal:
        """Open the journal of one prescription; nothing is written before the first `keep`."""
        found = await self.get(prescription)
        return LedgerJournal(
            self._ledger,
            self._clock,
            found or self._new(prescription),
            begun=found is not None,
            once=self._once,
        )

    async def holder(self, record: Record) -> Record | None:
        """Return the other issued prescription that bears a record's number, if any. Raises StoreError."""
        if record.number is None:
            return None
        line = await self._ledger.named(_alias(record.number))
        other = None if line is None else _read(line.value)
        return None if other is None or other.id == record.id or not other.state.issued else other

    def line(self, record: Record, *, numbered: bool = True) -> Line:
        """Make the line of a record, to be put together with others. `numbered`: its number finds it."""
        return Line(
            key=_key(record.id),
            value=_spell(record),
            until=kept_until(self._clock.now(), record.expires_at),
            alias=None if record.number is None or not numbered else _alias(record.number),
        )

    def _new(self, prescription: EnvelopeId) -> Record:
        return Record(id=prescription, state=PrescriptionState.DRAFT, changed_at=self._clock.now())


class LedgerJournal:
    """`Journal` of one prescription. `begun` says whether anything has been kept yet."""

    def __init__(
        self, ledger: Ledger, clock: Clock, record: Record, *, begun: bool, once: bool = False
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._records = Records(ledger, clock)
        self._record = record
        self._once = once
        self.begun = begun

    @property
    def record(self) -> Record:
        """The record as it was kept last."""
        return self._record

    async def keep(self, record: Record, *beside: Line) -> Record:
        """Keep a record, and other lines in the same write. Raises ValueError for a forbidden move.

        A number finds the prescription that was issued under it; of two, the later: no order takes the
        dispensings of another by naming its number.
        """
        old = self._record
        if record.id != old.id or (record.state is not old.state and not may_move(old.state, record.state)):
            raise ValueError(f"{old.state} does not become {record.state}")
        if record.state is not old.state:
            record = replace(record, changed_at=self._clock.now())
        other = await self._records.holder(record)
        if other is not None and self._once and not old.state.issued:
            raise _taken()
        numbered = other is None or _since(record) > _since(other)
        await self._ledger.put(self._records.line(record, numbered=numbered), *beside)
        self._record, self.begun = record, True
        return record

    async def keep_signed(self, record: Record, signed: bytes) -> Record:
        """Keep signed bytes, exactly, and a record that says so; all or none."""
        record = replace(record, signed_sha256=hashlib.sha256(signed).hexdigest(), awaits=False)
        return await self.keep(record, *self._bytes("signed", signed, record))

    async def signed(self) -> bytes | None:
        """Return the signed bytes. Raises StoreError."""
        return await self._look("signed")

    async def keep_to_sign(self, record: Record, content: bytes) -> Record:
        """Keep the bytes that the workstation is to sign, and a record that says so; all or none."""
        record = replace(record, awaits=True)
        return await self.keep(record, *self._bytes("to-sign", content, record))

    async def to_sign(self) -> bytes | None:
        """Return what the workstation is to sign; None when nothing is."""
        return await self._look("to-sign") if self._record.awaits else None

    def _bytes(self, what: str, data: bytes, record: Record) -> Sequence[Line]:
        return pieces.lines(f"{what}:{record.id}", data, self._records.line(record).until)

    async def _look(self, what: str) -> bytes | None:
        return await pieces.joined(self._ledger, f"{what}:{self._record.id}")


def _since(record: Record) -> datetime:
    """Return since when a record's number is its own; one that is not issued has none against another."""
    return record.issued_at if record.state.issued and record.issued_at else datetime.min.replace(tzinfo=UTC)


def _taken() -> InputError:
    return InputError(
        "prescription.number_taken",
        Words(
            en="The number of this prescription is that of another one, which is issued: nothing is issued "
            "under it a second time.",
            fr="Le numéro de cette ordonnance est celui d'une autre, déjà émise : rien n'est émis une "
            "seconde fois sous ce numéro.",
        ),
    )


def _key(prescription: EnvelopeId) -> str:
    return f"rx:{prescription}"


def _alias(number: str) -> str:
    return f"number:{number}"


def _name(name: str) -> str:
    return f"name:{name}"


def _spell(record: Record) -> str:
    fields: dict[str, Any] = {
        "id": record.id,
        "state": record.state.value,
        "changed_at": rfc3339(record.changed_at),
        "number": record.number,
        "code": record.code,
        "secret": record.secret,
        "signed_sha256": record.signed_sha256,
        "signed_type": record.signed_type,
        "awaits": record.awaits or None,
        "issued_at": None if record.issued_at is None else rfc3339(record.issued_at),
        "expires_at": None if record.expires_at is None else rfc3339(record.expires_at),
        "orphans": record.orphans or None,
        "warnings": [[one.en, one.fr] for one in record.warnings] or None,
        "cancelled": record.cancelled.value if record.cancelled else None,
        "facts": dict(record.facts) or None,
    }
    return json.dumps(
        {name: value for name, value in fields.items() if value is not None}, ensure_ascii=False
    )


def _read(text: str) -> Record:
    held: Mapping[str, Any] = json.loads(text)
    return Record(
        id=EnvelopeId(held["id"]),
        state=PrescriptionState(held["state"]),
        changed_at=datetime.fromisoformat(held["changed_at"]),
        number=held.get("number"),
        code=held.get("code"),
        secret=held.get("secret"),
        signed_sha256=held.get("signed_sha256"),
        signed_type=held.get("signed_type"),
        awaits=bool(held.get("awaits")),
        issued_at=_moment(held.get("issued_at")),
        expires_at=_moment(held.get("expires_at")),
        orphans=held.get("orphans", 0),
        warnings=tuple(Words(en=en, fr=fr) for en, fr in held.get("warnings", ())),
        cancelled=CancelResult(held["cancelled"]) if "cancelled" in held else None,
        facts=held.get("facts", {}),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
