"""How a prescription at EPS stands, and how it is handed over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.domain.prescription import Handing, PrescriptionState
from hub.errors import PeerError
from hub.testing.prescription_contract import begin, issued, run
from hub_eprescription.eps import statuses
from tests.plugins.eprescription.eps.practice import DoubleRig, practice


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[DoubleRig]:
    """Yield a hub that signs, and the service."""
    async with practice(tmp_path) as one:
        yield DoubleRig(one)


@pytest.mark.parametrize("status", sorted(statuses.BUSINESS))
async def test_each_of_the_service_s_states_is_placed(rig: DoubleRig, status: str) -> None:
    """By its business status."""
    record = await issued(rig)
    rig.practice.double.held[record.number or ""].status = status
    assert (await rig.service.status(record)).state is statuses.BUSINESS[status]


async def test_a_state_that_is_not_known_changes_nothing(rig: DoubleRig) -> None:
    """It is not guessed at."""
    record = await issued(rig)
    rig.practice.double.held[record.number or ""].status = "1234"
    assert await rig.service.status(record) == record


async def test_a_prescription_that_the_service_does_not_find_changes_nothing(rig: DoubleRig) -> None:
    """The hub knows that it was issued."""
    record = await issued(rig)
    rig.practice.double.held.clear()
    assert await rig.service.status(record) == record


async def test_a_service_that_tracks_nothing_says_so(rig: DoubleRig) -> None:
    """A search that is refused is an error of the service, with its words."""
    record = await issued(rig)
    rig.practice.double.spoil("track", (403, b""))
    with pytest.raises(PeerError) as caught:
        await rig.service.status(record)
    assert caught.value.code == "prescription.service_failed"


async def test_without_tracking_nothing_is_asked(tmp_path: Path) -> None:
    """`track = false`: what is known is what was heard."""
    async with practice(tmp_path, track=False) as one:
        rig = DoubleRig(one)
        record = await issued(rig)
        assert await one.service.status(record) == record
        assert one.double.asked["track"] == 0
        assert not one.service.abilities.tracks


async def test_the_pharmacy_gets_the_number_in_the_body(rig: DoubleRig) -> None:
    """Never in the subject, and with a display receipt."""
    order, journal = begin(rig)
    await run(rig, order, journal)
    record = journal.record
    mail = await rig.service.hand_over(record, await journal.signed(), order, Handing.TOKEN, "en")
    assert record.number
    assert record.number.encode() in mail.enclosures[0].content
    assert record.number not in mail.subject
    assert mail.display_receipt
    assert mail.service_header is None


async def test_there_is_no_2d_code(rig: DoubleRig) -> None:
    """EPS has none, and the hub invents none."""
    record = await issued(rig)
    assert rig.service.code(record, None) is None
    assert record.state is PrescriptionState.ACTIVE


@pytest.mark.parametrize(
    ("status", "code"), [(500, "service_failed"), (403, "service_failed"), (401, "token_refused")]
)
async def test_a_probe_says_what_is_wrong(rig: DoubleRig, status: int, code: str) -> None:
    """The service fails, forbids, or does not know the token."""
    rig.practice.double.spoil("other", (status, b""))
    with pytest.raises(PeerError) as caught:
        await rig.service.probe()
    assert caught.value.code == f"prescription.{code}"


async def test_a_token_that_is_refused_when_asking_how_it_stands_says_so(rig: DoubleRig) -> None:
    """The prescriber learns that the hub's login has ended."""
    record = await issued(rig)
    rig.practice.double.spoil("track", (401, b""))
    with pytest.raises(PeerError) as caught:
        await rig.service.status(record)
    assert caught.value.code == "prescription.token_refused"
