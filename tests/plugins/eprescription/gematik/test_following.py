"""How a prescription stands, what was handed out, and cancelling it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.errors import InputError, PeerError
from hub.ports.prescription import Reason
from hub.testing.prescription_contract import attempt, begin, issued
from hub_eprescription.gematik import fhir, task
from tests.plugins.eprescription.gematik.practice import (
    CAMILLE,
    SimulatorRig,
    bundle,
    practice,
)


async def test_where_prescribers_may_not_look_what_is_known_counts(tmp_path: Path) -> None:
    """Today's service tells prescribers nothing: it is asked once, and a prescription expires by its date."""
    async with practice(tmp_path, prescribers_read=False) as one:
        rig = SimulatorRig(one)
        record = await issued(rig)
        await rig.dispense(record)
        cursor = (await one.service.events(None)).cursor
        for _ in range(3):
            assert (await one.service.status(record)).state is PrescriptionState.ACTIVE
            assert (await one.service.events(cursor)).events == ()
        assert one.simulation.asked["task"] == 1
        assert one.simulation.asked["dispensed"] == 1
        assert one.log.events().count("prescription.untold") == 2
        assert record.expires_at is not None
        one.clock.advance(record.expires_at - one.clock.now())
        assert (await one.service.status(record)).state is PrescriptionState.EXPIRED


async def test_what_was_cancelled_elsewhere_is_seen(tmp_path: Path) -> None:
    """The patient, or the pharmacy, deleted it: the prescriber sees so, and a cancel says that it was."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        record = await issued(rig)
        await rig.claim(record)
        assert (await one.service.status(record)).state is PrescriptionState.CLAIMED
        one.simulation.pharmacy.dispense(record.number or "")
        assert (await one.service.status(record)).state is PrescriptionState.PARTLY_DISPENSED
        one.simulation.pharmacy.abort(record.number or "")
        assert (await one.service.status(record)).state is PrescriptionState.CANCELLED
        said = await one.service.cancel(record, Reason(), CAMILLE)
        assert said.result is CancelResult.ALREADY_CANCELLED
        assert said.detail["resourceType"] == "OperationOutcome"


async def test_another_practice_can_not_cancel_it(tmp_path: Path) -> None:
    """A wrong access code is told as such."""
    async with practice(tmp_path) as one:
        record = await issued(SimulatorRig(one))
        held = one.simulation.gematik.kept.get(record.number or "")
        assert held is not None
        held.access_code = "0" * 64
        said = await one.service.cancel(record, Reason(), CAMILLE)
        assert said.result is CancelResult.OTHER_PRESCRIBER
        assert said.state is record.state


@pytest.mark.parametrize("kind", ["status:500", "status:503", "status:429", "inside", "cut", "redirect"])
async def test_a_cancel_that_got_no_answer_is_asked_again(kind: str, tmp_path: Path) -> None:
    """It raises PeerError, by which the hub keeps the wish; the next time it is cancelled."""
    async with practice(tmp_path) as one:
        record = await issued(SimulatorRig(one))
        one.simulation.fault("abort", kind)
        with pytest.raises(PeerError):
            await one.service.cancel(record, Reason(), CAMILLE)
        assert (await one.service.cancel(record, Reason(), CAMILLE)).result is CancelResult.CANCELLED


async def test_news_come_page_by_page_and_once(tmp_path: Path) -> None:
    """More than a page of them: each is told once, and the cursor knows them."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        cursor = (await one.service.events(None)).cursor
        told: list[str] = []
        for number in range(1, 61):
            await rig.dispense(await issued(rig, number))
        pages = 0
        while True:
            news = await one.service.events(cursor)
            told += [each.id for each in news.events]
            cursor, pages = news.cursor, pages + 1
            if not news.more:
                break
        assert pages == 2
        assert len(told) == len(set(told)) == 60
        assert (await one.service.events(cursor)).events == []


async def test_a_cursor_does_not_grow_for_ever(tmp_path: Path) -> None:
    """It remembers what may be told again, and forgets the rest; nothing is told twice."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        cursor = (await one.service.events(None)).cursor
        await rig.dispense(await issued(rig))
        news = await one.service.events(cursor)
        assert len(news.events) == 1
        one.clock.advance(timedelta(days=8))
        later = await one.service.events(news.cursor)
        assert later.events == []
        assert len(later.cursor or "") < len(news.cursor or "")


async def test_what_is_gone_after_its_last_day_has_expired(tmp_path: Path) -> None:
    """The service forgets it then: nobody is told that it was cancelled."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        record = await issued(rig)
        await rig.claim(record)
        one.simulation.pharmacy.abort(record.number or "")
        assert record.expires_at is not None
        one.clock.advance(record.expires_at - one.clock.now())
        assert (await one.service.status(record)).state is PrescriptionState.EXPIRED
        said = await one.service.cancel(record, Reason(), CAMILLE)
        assert (said.result, said.state) == (CancelResult.EXPIRED, PrescriptionState.EXPIRED)


async def test_news_of_the_days_before_are_told(tmp_path: Path) -> None:
    """The hub was away for two days, or the pharmacy told of it late: the prescriber hears of it."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        cursor = (await one.service.events(None)).cursor
        record = await issued(rig)
        await rig.dispense(record)
        one.clock.advance(timedelta(days=2))
        assert [each.number for each in (await one.service.events(cursor)).events] == [record.number]


async def test_what_is_signed_but_not_issued_is_not_handed_over(tmp_path: Path) -> None:
    """It has a number, a code and a signature, and is no prescription yet: nobody gets its token."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "status:503")
        await attempt(rig, order, journal)
        record = journal.record
        assert record.state is PrescriptionState.SIGNED
        assert record.secret is not None
        assert one.service.code(record, await journal.signed()) is None
        for form in Handing:
            with pytest.raises(InputError) as caught:
                await one.service.hand_over(record, await journal.signed(), order, form, "fr")
            assert caught.value.code == "prescription.not_issued"


MADE_UP = ("2026", "0001-01-01T00:00:00+14:00", "0001-01-01T00:30:00+01:00", "9999-12-31T23:59:59-12:00", 7)


async def test_one_that_can_not_be_read_keeps_nobody_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one pharmacy wrote wrongly is passed by; what the others handed out is told."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        cursor = (await one.service.events(None)).cursor
        await rig.dispense(await issued(rig))
        asked = one.service._asking.ask

        async def spoilt(*given: Any, **named: Any) -> Any:
            reply = await asked(*given, **named)
            page = json.loads(reply.answer.body)
            bad = [{"resource": {**page["entry"][0]["resource"], "whenHandedOver": when}} for when in MADE_UP]
            page["entry"] = [*bad, {"resource": 5}, *page["entry"]]
            return replace(reply, answer=replace(reply.answer, body=json.dumps(page).encode()))

        monkeypatch.setattr(one.service._asking, "ask", spoilt)
        assert len((await one.service.events(cursor)).events) == 1


@pytest.mark.parametrize("when", MADE_UP)
async def test_no_moment_stops_a_reader(tmp_path: Path, when: object) -> None:
    """A moment that UTC does not have is one that can't be read."""
    async with practice(tmp_path) as one:
        said = {
            "resourceType": "MedicationDispense",
            "id": "a",
            "identifier": [{"system": fhir.NUMBER, "value": "160.000.239.761.373.38"}],
            "whenHandedOver": when,
        }
        with pytest.raises(InputError, match=r"prescription\.malformed"):
            one.service.dispensings(fhir.JSON, json.dumps(said).encode())


def test_a_last_day_that_has_no_end() -> None:
    """The last day that there is ends never; it stops no issue."""
    found = task.Task(
        number="1", access_code=None, workflow="160", status="ready", expires_on=date.max, dispensed=False
    )
    assert found.expires_at(ZoneInfo("Europe/Berlin")) is None


async def test_a_day_stays_the_same_day(tmp_path: Path) -> None:
    """A pharmacy says the day alone: the prescriber reads that day, and not the evening before it."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        cursor = (await one.service.events(None)).cursor
        await rig.dispense(await issued(rig))
        (event,) = (await one.service.events(cursor)).events
        day = one.clock.now().astimezone(ZoneInfo("Europe/Berlin")).date()
        assert event.at == datetime.combine(day, time(), UTC)
        assert day.isoformat() in event.text.en


@pytest.mark.parametrize(("amount", "quantity"), [("20 Stk", "1 × 20 Stk"), ("", "1")])
async def test_a_quantity_is_whole(tmp_path: Path, amount: str, quantity: str) -> None:
    """Packages times their size; where no size is said, packages alone."""
    content = bundle()
    if not amount:
        begin, end = content.index(b"<amount>"), content.index(b"</amount>") + len(b"</amount>")
        content = content[:begin] + content[end:]
    async with practice(tmp_path) as one:
        (medicine,) = one.service.read(fhir.XML, content).medicines
        assert medicine.quantity == quantity
