"""What is remembered of a prescription: found by every name that it has, its signed bytes exactly."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from hub.domain.ids import EnvelopeId
from hub.domain.prescription import PrescriptionState
from hub.plugin.ledger import EphemeralLedger
from hub.ports.ledger import MAX_VALUE
from hub.testing.fakes import FixedClock
from hub_eprescription.records import LedgerJournal, Records

ID = EnvelopeId("0190163d-8694-739b-aea5-966c26f8ad91")


async def begun() -> tuple[Records, LedgerJournal]:
    """Return records with one prescription whose draft is kept."""
    records = Records(EphemeralLedger(), FixedClock())
    journal = await records.journal(ID)
    await journal.keep(journal.record)
    return records, journal


async def test_found_by_number_and_by_name() -> None:
    """A dispensing that names the document, not the number, finds its prescription."""
    records, journal = await begun()
    await journal.keep(replace(journal.record, number="160.1"))
    await records.give_name("1.2.250.1.999.1", ID, None)
    assert await records.numbered("160.1") == journal.record
    assert await records.numbered("1.2.250.1.999.1") == journal.record
    assert await records.named("1.2.250.1.999.1") == ID
    assert await records.numbered("1.2.250.1.999.2") is None
    assert await records.named("160.1") is None


@pytest.mark.parametrize("size", [0, 1, MAX_VALUE * 3 // 4, MAX_VALUE, 3 * MAX_VALUE])
async def test_signed_bytes_of_any_size(size: int) -> None:
    """Signed bytes come back exactly, however many lines they fill; shorter ones after longer ones too."""
    records, journal = await begun()
    for length in (size, size // 5):
        signed = random.Random(length).randbytes(length)
        await journal.keep_signed(replace(journal.record, state=PrescriptionState.SIGNED), signed)
        assert await (await records.journal(ID)).signed() == signed


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-12)), ZoneInfo("Europe/Berlin")])
async def test_a_prescription_that_never_ends_is_kept(zone: tzinfo) -> None:
    """Software that knows no end writes the last day that there is: it is remembered like any other."""
    records, journal = await begun()
    never = datetime(9999, 12, 31, tzinfo=zone)
    await journal.keep(replace(journal.record, expires_at=never))
    await records.give_name("1.2.250.1.999.1", ID, never)
    assert (await records.journal(ID)).record.expires_at == never
