"""What the NHS publishes of EPS's messages is what the simulator takes, and refuses, in the same words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub_eprescription.simulator import fhir, spine_orders
from hub_eprescription.simulator.fhir import Resource
from tests.counterparts import SHARED
from tests.plugins.eprescription.simulator.spine_stage import ASSETS, SpineCaller, result
from tests.plugins.eprescription.simulator.stage import playing

REFUSED = {
    "errors/1-Process-Request-Send-400_INVALID_CHECKSUM.json": "$process-message",
    "errors/2-Prepare-Request-400_Invalid_Course_of_Therapy_mixed.json": "$prepare",
    "errors/2-Process-Request-Send-400_Invalid_Course_of_Therapy_mixed.json": "$process-message",
    "errors/4-Process-Request-Send-400_invalid_intent.json": "$process-message",
}
"""Published requests and where they go; the third pair is a pharmacy's."""
WRONG_NUMBERS = ("561479-395879-521272", "887228-510420-124913")
"""Published numbers whose last sign is not the check character that EPS's own rules ask for."""


def folder() -> Path:
    """Return where the examples are."""
    whole = SHARED / "nhs-eps" / "examples"
    return whole if whole.is_dir() else ASSETS


def orders() -> list[str]:
    """Return the orders that are published as accepted."""
    here = folder()
    return sorted(str(one.relative_to(here)) for one in here.rglob("*-Process-Request-Send-*200_OK.json"))


def load(name: str) -> Resource:
    """Read an example."""
    read: Resource = json.loads((folder() / name).read_text("utf-8"))
    return read


def unsigned(order: Resource) -> Resource:
    """Return an order without its Provenance: the published signatures are placeholders, or of other days."""
    entries = [one for one in order["entry"] if one["resource"]["resourceType"] != "Provenance"]
    return dict(order, entry=entries)


@pytest.mark.parametrize("name", orders())
async def test_a_published_order_is_issued_and_cancelled(tmp_path: Path, name: str) -> None:
    """Prepared, signed and sent it counts; the published cancel of it, if there is one, cancels an item."""
    order = unsigned(load(name))
    async with playing(tmp_path) as (served, caller):
        spine = SpineCaller(caller, tmp_path)
        heard = await spine.ask("POST", "$process-message", await spine.signed(order))
        number = spine_orders.number(order)
        if number in WRONG_NUMBERS:
            assert heard.status == 400
            return
        assert heard.status == 200
        assert [one.number for one in served.simulation.eps.orders] == [number]
        cancel = folder() / name.replace("-Send-", "-Cancel-")
        if cancel.is_file() and spine_orders.number(load(str(cancel.relative_to(folder())))) == number:
            heard = await spine.ask("POST", "$process-message", json.loads(cancel.read_text("utf-8")))
            assert (heard.status, result(heard)) == (200, "R-0001")


@pytest.mark.parametrize("name", [one for one in REFUSED if (folder() / one).is_file()])
async def test_a_published_refusal(tmp_path: Path, name: str) -> None:
    """The same codes, displays and diagnostics."""
    async with playing(tmp_path) as (_, caller):
        heard = await SpineCaller(caller, tmp_path).ask("POST", REFUSED[name], load(name))
        published = load(name.replace("-Request-", "-Response-"))
    assert heard.status == 400
    assert said(heard.resource) == said(published)


def said(outcome: Resource) -> list[tuple[str, str, str, str]]:
    """Return what an OperationOutcome says: code, code and display of the service's own, diagnostics."""
    return [
        (
            fhir.text(one, "code"),
            fhir.text(one, "details", "coding", 0, "code"),
            fhir.text(one, "details", "coding", 0, "display"),
            fhir.text(one, "diagnostics"),
        )
        for one in outcome["issue"]
    ]
