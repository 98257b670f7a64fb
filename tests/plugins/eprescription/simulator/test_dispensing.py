"""What was dispensed can be searched for, page by page, and nobody sees what is not theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub_eprescription.eps import dispensing as eps
from hub_eprescription.simulator import fhir, spine_notifying
from hub_eprescription.simulator.fhir import Form
from tests.plugins.eprescription.simulator.spine_stage import SpineCaller
from tests.plugins.eprescription.simulator.stage import (
    OTHER_PHARMACY,
    PHARMACY,
    PRESCRIBER,
    Caller,
    Heard,
    Signer,
    playing,
)


async def searched(caller: Caller, query: str) -> Heard:
    """Search in the prescriber's name."""
    return await caller.ask(PRESCRIBER, "GET", f"/MedicationDispense?{query}", accept=Form.JSON)


async def test_pages_follow_each_other(tmp_path: Path) -> None:
    """Each page names the next; together they are everything, once, with the medicines beside."""
    async with playing(tmp_path) as (served, caller):
        signer, issued = Signer(tmp_path), []
        for _ in range(5):
            number, _ = await caller.issue(signer)
            served.simulation.pharmacy.claim(number)
            served.simulation.pharmacy.close(number)
            issued.append(number)
        path, found = "whenhandedover=ge2020-01-01&_count=2", []
        while path:
            page = (await searched(caller, path)).resource
            assert page["total"] == 5
            dispenses = fhir.entries(page, "MedicationDispense")
            assert len(fhir.entries(page, "Medication")) == len(dispenses)
            found += [one["id"] for one in dispenses]
            following = [one["url"] for one in page["link"] if one["relation"] == "next"]
            path = following[0].partition("?")[2] if following else ""
        assert sorted(found) == sorted(issued)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("whenhandedover=ge2020-01-01", 1),
        ("whenhandedover=lt2020-01-01", 0),
        ("whenhandedover=gt2020-01-01&whenhandedover=lt2020-02-01", 0),
        ("performer=3-pharmacie-simulee-01", 1),
        ("performer=3-other", 0),
        ("identifier=160.000.000.000.000.00", 0),
        ("_sort=-whenhandedover&__offset=1", 0),
    ],
)
async def test_filters_hold(tmp_path: Path, query: str, count: int) -> None:
    """Dates with FHIR's prefixes, several of them together, who dispensed, and which prescription."""
    async with playing(tmp_path) as (served, caller):
        number, _ = await caller.issue(Signer(tmp_path))
        served.simulation.pharmacy.claim(number)
        served.simulation.pharmacy.close(number)
        assert len(fhir.entries((await searched(caller, query)).resource, "MedicationDispense")) == count


@pytest.mark.parametrize("query", ["whenhandedover=soon", "_count=x", "__offset=-1", "whenhandedover=gé"])
async def test_a_search_that_says_nothing_is_refused(tmp_path: Path, query: str) -> None:
    """400, as for every request that can't be read."""
    async with playing(tmp_path) as (served, caller):
        number, _ = await caller.issue(Signer(tmp_path))
        served.simulation.pharmacy.claim(number)
        served.simulation.pharmacy.close(number)
        assert (await searched(caller, query)).status == 400


async def test_what_is_given_back_was_not_dispensed(tmp_path: Path) -> None:
    """A pharmacy that rejects takes back what it said, and another may take the prescription on."""
    async with playing(tmp_path) as (served, caller):
        number, code = await caller.issue(Signer(tmp_path))
        served.simulation.pharmacy.claim(number)
        served.simulation.pharmacy.dispense(number)
        assert (await searched(caller, "")).resource["total"] == 1
        served.simulation.pharmacy.reject(number)
        assert (await searched(caller, "")).resource["total"] == 0
        for access, status in ((PHARMACY, 200), (OTHER_PHARMACY, 409)):
            heard = await caller.ask(access, "POST", f"/Task/{number}/$accept?ac={code}")
            assert heard.status == status


@pytest.mark.parametrize(
    ("deeds", "state"),
    [
        (("claim",), "claimed"),
        (("claim", "dispense"), "partly-dispensed"),
        (("claim", "close"), "completed"),
        (("claim", "abort"), "expired"),
    ],
)
async def test_what_a_pharmacy_reports_through_eps(
    tmp_path: Path, deeds: tuple[str, ...], state: str
) -> None:
    """The connector reads it, and gives the prescription the state that fits."""
    async with playing(tmp_path) as (served, caller):
        number = await SpineCaller(caller, tmp_path).issue()
        for deed in deeds:
            getattr(served.simulation.pharmacy, deed)(number)
        order, now = served.simulation.eps.orders.get(number), served.simulation.now()
        assert order is not None
        content = fhir.write(spine_notifying.notification(order, now), Form.JSON)
        (told,) = eps.dispensings(Form.JSON.value, content, now)
        assert (told.number, told.state.value) == (number, state)
