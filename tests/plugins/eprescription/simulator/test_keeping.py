"""Numbers are unique and right, and a folder keeps everything across restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import StoreError
from hub_eprescription.simulator import numbers
from hub_eprescription.simulator.keeping import Kept
from hub_eprescription.simulator.simulation import Simulation
from hub_eprescription.simulator.tasks import spelt
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.simulator.spine_stage import SpineCaller
from tests.plugins.eprescription.simulator.stage import EVERYBODY, PHARMACY, Signer, playing


@settings(deadline=None)
@given(st.sampled_from(["160", "169", "200", "209"]), st.integers(0, 10**12 - 1))
def test_numbers_have_right_check_digits(flow: str, serial: int) -> None:
    """A changed digit is always noticed."""
    number = numbers.number(flow, serial)
    assert numbers.is_number(number)
    assert numbers.serial(number) == serial
    other = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not numbers.is_number(other)


@pytest.mark.parametrize("name", scenarios.names())
def test_recorded_numbers_are_numbers(name: str) -> None:
    """The check digits are computed as the service does."""
    drawn = [one.number for one in scenarios.scenario(name).files if one.number]
    assert all(numbers.is_number(one) for one in drawn)


async def test_a_restart_knows_everything(tmp_path: Path) -> None:
    """States, signed bytes, secrets and what was dispensed; and of EPS as well."""
    folder = tmp_path / "kept"
    async with playing(tmp_path, Simulation(EVERYBODY, folder=folder)) as (served, caller):
        first, code = await caller.issue(Signer(tmp_path))
        await caller.create()
        assert (await caller.ask(PHARMACY, "POST", f"/Task/{first}/$accept?ac={code}")).status == 200
        held = served.simulation.gematik.kept.get(first)
        assert held is not None
        eps = await SpineCaller(caller, tmp_path).issue()
    again = Simulation(EVERYBODY, folder=folder)
    kept = again.gematik.kept.get(first)
    assert kept is not None
    assert spelt(kept) == spelt(held)
    assert again.eps.orders.get(eps) is not None
    assert again.gematik.kept.next_number("160") not in {one.number for one in again.gematik.kept}


def test_a_strangers_file_is_named(tmp_path: Path) -> None:
    """What is in the folder and is no prescription stops it, with the file's name."""
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(StoreError, match=r"x\.json"):
        Kept(tmp_path)


async def test_what_is_kept_is_its_owners_alone(tmp_path: Path) -> None:
    """Access codes are in there."""
    async with playing(tmp_path, Simulation(EVERYBODY, folder=tmp_path / "kept")) as (_, caller):
        await caller.create()
    for path in (tmp_path / "kept").rglob("*.json"):
        assert path.stat().st_mode & 0o077 == 0


async def test_a_prescription_expires(tmp_path: Path) -> None:
    """After its day a pharmacy takes it on no more, and is told until when it could."""
    simulation = Simulation(EVERYBODY)
    async with playing(tmp_path, simulation) as (_, caller):
        number, code = await caller.issue(Signer(tmp_path))
        simulation.advance(timedelta(days=100))
        heard = await caller.ask(PHARMACY, "POST", f"/Task/{number}/$accept?ac={code}")
        assert heard.status == 403
        assert heard.words[0][1].startswith("Verordnung bis ")


def test_the_clock_goes_on() -> None:
    """Putting it forward adds to whatever it shows."""
    begun = datetime(2026, 3, 1, tzinfo=UTC)
    simulation = Simulation(now=lambda: begun)
    simulation.advance(timedelta(hours=1))
    assert simulation.now() == begun + timedelta(hours=1)
