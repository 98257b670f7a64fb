"""A double that calls the hub's door: signed, and with the faults that webhooks have."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.outcome import Delivered
from hub_http.double.opening import Plans
from tests.plugins.http.double.stage import Stage, described, staged


async def receipts(stage: Stage) -> list[str | None]:
    """Return the deliveries that receipts came about, once all calls were made."""
    await stage.double.settled()
    return [one.delivery for _, one in stage.intake.acknowledgements]


async def test_a_receipt_follows_the_send(tmp_path: Path) -> None:
    """Signed as the webhook wants it: the door takes it."""
    async with staged(tmp_path, described("webhook")) as stage:
        sent = stage.parcel()
        await stage.send(sent)
        assert await receipts(stage) == [sent.addressees[0].delivery]
        assert [one.status for one in stage.double.called] == [200]


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [("duplicate", [200, 200]), ("forged", [401, 200]), ("late", [200]), ("early", [200])],
)
async def test_a_fault_of_a_call_changes_nothing(tmp_path: Path, kind: str, statuses: list[int]) -> None:
    """Twice, forged, late or before the answer to the send: one receipt, about the right message."""
    async with staged(tmp_path, described("webhook"), Plans(late=timedelta(0))) as stage:
        stage.double.fault("events", kind)
        sent = stage.parcel()
        assert isinstance((await stage.send(sent))[sent.addressees[0].delivery], Delivered)
        assert await receipts(stage) == [sent.addressees[0].delivery]
        assert [one.status for one in stage.double.called] == statuses


async def test_calls_in_another_order(tmp_path: Path) -> None:
    """The first receipt comes after the second: each is about its own message."""
    async with staged(tmp_path, described("webhook")) as stage:
        stage.double.fault("events", "reordered")
        first, second = stage.parcel(), stage.parcel()
        await stage.send(first)
        await stage.send(second)
        wanted = [one.addressees[0].delivery for one in (second, first)]
        assert await receipts(stage) == wanted
