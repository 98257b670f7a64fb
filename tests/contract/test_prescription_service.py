"""The service in memory keeps the contract of e-prescription adapters; what breaks it is found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hub.domain.address import Address
from hub.domain.outcome import Delivered, Refused, Uncertain
from hub.domain.party import Party, PartyKind
from hub.domain.prescription import CancelResult, PrescriptionState
from hub.ports.prescription import Cancellation, Journal, Order, Reason, Record
from hub.testing.fakes import FixedClock
from hub.testing.prescribing import CALLS, MEDIA_TYPE, MemoryCounterpart, MemoryService
from hub.testing.prescription_contract import Bad, PrescriptionContract, Rig

LILAS = Party(
    kind=PartyKind.PERSON,
    name="Dr Camille Lilas",
    address=Address.parse("dr.camille.lilas@cabinet-lilas.mssante.example"),
)


class MemoryRig(Rig):
    """The adapter in memory and its service."""

    media_type = MEDIA_TYPE
    prescriber = LILAS
    calls = CALLS

    def __init__(self, kind: type[MemoryService] = MemoryService) -> None:
        self.there = MemoryCounterpart()
        self.clock = FixedClock()
        self.service = kind(self.there, self.clock)

    def content(self, number: int) -> bytes:
        """Return a prescription."""
        said = {"patient": "Élodie Rivage", "prescriber": "Dr Lilas", "medicine": f"Amoxival {number} g"}
        return json.dumps(said).encode()

    def bad(self) -> Sequence[Bad]:
        """Return one without a medicine."""
        return (Bad(name="no medicine", code="prescription.malformed", content=b'{"patient": "E"}'),)

    async def count(self) -> int:
        """Count what counts."""
        none = {PrescriptionState.DRAFT, PrescriptionState.CANCELLED}
        return sum(one not in none for one in self.there.held.values())

    async def lose(self, call: str, *, acted: bool) -> None:
        """Lose the next answer."""
        self.there.losing.append((call, acted))

    async def lose_cancel(self, *, acted: bool) -> None:
        """Lose the next answer to a cancel."""
        self.there.losing.append(("cancel", acted))

    async def claim(self, record: Record) -> None:
        """Let a pharmacy take it."""
        self.there.held[record.number or ""] = PrescriptionState.CLAIMED

    async def dispense(self, record: Record) -> None:
        """Let a pharmacy dispense it."""
        self.there.dispense(record.number or "")

    async def shut(self) -> None:
        """Make it unreachable."""
        self.there.up = False

    async def reopen(self) -> None:
        """Make it reachable again."""
        self.there.up = True


class TestMemoryService(PrescriptionContract):
    """The fake may stand in the place of an adapter."""

    @pytest.fixture
    def rig(self) -> Rig:
        """Return the adapter in memory."""
        return MemoryRig()


class Forgetful(MemoryService):
    """Signs and numbers anew at each attempt."""

    async def issue(self, order: Order, journal: Journal) -> Any:
        """Issue under a new number."""
        await journal.keep(replace(journal.record, number=None, state=PrescriptionState.DRAFT))
        return await super().issue(order, journal)


class Blind(MemoryService):
    """Issues again what it is asked to find out about."""

    async def settle(self, order: Order, journal: Journal) -> Any:
        """Activate under a fresh number when the first answer was lost."""
        said = await super().settle(order, journal)
        if isinstance(said, Uncertain):
            number = self._there.create()
            self._there.activate(number, await journal.signed() or b"")
        return said


class Trusting(MemoryService):
    """Takes anything."""

    def check(self, order: Order) -> None:
        """Check nothing."""

    async def issue(self, order: Order, journal: Journal) -> Any:
        """Say that it is done."""
        return Delivered(receipt="yes")


class Merciful(MemoryService):
    """Says of everything that it is cancelled."""

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Cancel nothing."""
        said = await super().cancel(record, reason, prescriber)
        return replace(said, result=CancelResult.CANCELLED, state=PrescriptionState.CANCELLED)


class Silent(MemoryService):
    """Refuses without words."""

    async def issue(self, order: Order, journal: Journal) -> Any:
        """Refuse."""
        return Refused(code="no", reason=replace(_NO_WORDS))


@dataclass(frozen=True)
class _Nothing:
    en: str = ""
    fr: str = ""


_NO_WORDS: Any = _Nothing()


@pytest.mark.parametrize(
    ("kind", "test", "arguments"),
    [
        (Forgetful, "test_killed_at_any_write_it_goes_on", {"kept": True, "settles": False}),
        (Blind, "test_a_lost_answer_makes_no_second_prescription", {"acted": True}),
        (Trusting, "test_a_prescription_is_issued_once", {}),
        (Trusting, "test_what_can_never_be_issued_is_refused_in_words", {}),
        (Trusting, "test_another_media_type_is_refused", {}),
        (Merciful, "test_what_a_pharmacy_holds_is_not_cancelled", {}),
        (Merciful, "test_what_is_dispensed_is_not_cancelled", {}),
        (Silent, "test_an_unreachable_service_defers", {}),
    ],
)
async def test_an_adapter_that_breaks_it_is_found(
    kind: type[MemoryService], test: str, arguments: dict[str, Any]
) -> None:
    """The suite is worth something: each of these mistakes fails it."""
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(PrescriptionContract(), test)(MemoryRig(kind), **arguments)
