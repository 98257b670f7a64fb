"""One number is one prescription's: whoever names another's gets neither it nor what is told of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.domain.ids import EnvelopeId
from hub.domain.outcome import Delivered, Refused
from hub.domain.prescription import PrescriptionState
from hub.plugin.ledger import EphemeralLedger
from hub.testing.fakes import FixedClock
from hub_eprescription.records import Records
from tests.plugins.eprescription.scripted import Bench

FIRST = EnvelopeId("0190163d-8694-739b-aea5-966c26f8ad91")
SECOND = EnvelopeId("0190163d-8694-739b-aea5-966c26f8ad92")
S = PrescriptionState


async def test_a_number_that_is_given_twice_is_issued_once(tmp_path: Path) -> None:
    """A service that answers with an old number makes no second prescription of it."""
    bench = Bench(tmp_path)
    first = await bench.issued()
    bench.service.held.clear()
    (outcome,) = (await bench.connector.deliver(bench.order(number=2))).values()
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.number_taken"
    found = await bench.connector._bureau.records.numbered("160.1")
    assert found is not None
    assert found.id == first


@pytest.mark.parametrize("state", [S.SIGNED, S.REJECTED])
async def test_an_order_takes_nothing_by_naming_the_number_of_another(state: S) -> None:
    """What a pharmacy dispensed is told to whose prescription it is, not to who wrote its number last."""
    records = Records(EphemeralLedger(), FixedClock())
    now = FixedClock().now()
    for id_, states in ((FIRST, (S.SIGNED, S.ACTIVE)), (SECOND, (state,))):
        journal = await records.journal(id_)
        for one in states:
            issued = now if one is S.ACTIVE else None
            await journal.keep(replace(journal.record, number="160.1", state=one, issued_at=issued))
    found = await records.numbered("160.1")
    assert found is not None
    assert found.id == FIRST


async def test_what_was_refused_leaves_its_number_to_others(tmp_path: Path) -> None:
    """A number that came to nothing keeps nobody from it."""
    bench = Bench(tmp_path)
    journal = await bench.connector._bureau.records.journal(FIRST)
    await journal.keep(replace(journal.record, number="160.1", state=S.REJECTED))
    (outcome,) = (await bench.connector.deliver(bench.order(number=2))).values()
    assert isinstance(outcome, Delivered)
