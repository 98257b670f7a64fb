"""A prescription's journal in memory, which can die at any of its writes as a process does."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hub.domain.ids import EnvelopeId
from hub.domain.prescription import PrescriptionState, may_move
from hub.ports.clock import Clock
from hub.ports.prescription import Record


class Killed(BaseException):
    """The process is gone."""


class MemoryJournal:
    """`hub.ports.prescription.Journal` of one prescription.

    `kill_at` is the number of the write (1 is the first from then on) at which the process dies: before it
    is durable, or after it when `kept`. `signatures` are all signed bytes that were ever kept, in order;
    `records` all records.
    """

    def __init__(self, prescription: EnvelopeId, clock: Clock) -> None:
        self._clock = clock
        self._record = Record(id=prescription, state=PrescriptionState.DRAFT, changed_at=clock.now())
        self._signed: bytes | None = None
        self._to_sign: bytes | None = None
        self.kill_at: int | None = None
        self.kept = False
        self.signatures: list[bytes] = []
        self.records: list[Record] = []

    @property
    def record(self) -> Record:
        """The record as it was kept last."""
        return self._record

    async def keep(self, record: Record) -> Record:
        """Keep a record. Raises ValueError for a move that the table forbids."""
        return self._write(record)

    async def keep_signed(self, record: Record, signed: bytes) -> Record:
        """Keep signed bytes, exactly, and a record that says so."""
        record = replace(record, signed_sha256=hashlib.sha256(signed).hexdigest(), awaits=False)
        return self._write(record, signed=signed)

    async def signed(self) -> bytes | None:
        """Return the signed bytes; None before there are any."""
        return self._signed

    async def keep_to_sign(self, record: Record, content: bytes) -> Record:
        """Keep the bytes that the workstation is to sign, and a record that says so."""
        return self._write(replace(record, awaits=True), to_sign=content)

    async def to_sign(self) -> bytes | None:
        """Return what the workstation is to sign; None when nothing is."""
        return self._to_sign if self._record.awaits else None

    def _write(self, record: Record, *, signed: bytes | None = None, to_sign: bytes | None = None) -> Record:
        old = self._record
        if record.id != old.id or (record.state is not old.state and not may_move(old.state, record.state)):
            raise ValueError(f"{old.state} does not become {record.state}")
        dies = False
        if self.kill_at is not None:
            self.kill_at -= 1
            dies = self.kill_at == 0
        if dies and not self.kept:
            raise Killed
        if record.state is not old.state:
            record = replace(record, changed_at=self._clock.now())
        self._record = record
        self.records.append(record)
        if signed is not None:
            self._signed = signed
            self.signatures.append(signed)
        if to_sign is not None:
            self._to_sign = to_sign
        if dies:
            raise Killed
        return record
