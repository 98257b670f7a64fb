"""A hub that is killed in the middle of a synchronisation: nothing is lost, and little is done again."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir.place import Place

ROOT = Path(__file__).parents[3]
LISTED = "dr3@valbrume.mssante.example"


@pytest.mark.parametrize(("stop", "left"), [("page 1", 9), ("page 5", 5), ("apply", 0)])
async def test_the_next_goes_on_where_it_was_killed(place: Place, stop: str, left: int) -> None:
    """Page by page, and when all has come and is being put in place."""
    await _killed(place, stop)
    directory = await place.copying(page=10)
    place.server.asked.clear()
    await directory.synchronise(places.silent)
    assert left == len(place.server.asked)
    assert await places.found(directory, LISTED)


async def test_what_was_held_answers_after_the_kill(place: Place) -> None:
    """A killed renewal leaves the copy that it was to replace as it was."""
    place.pass_time(days=-8)
    first = await place.copying(page=10)
    await first.synchronise(places.silent)
    place.pass_time(days=8)
    await _killed(place, "apply")
    second = await place.copying()
    assert (await places.found(second, LISTED)).source == "fhir 2026-08-18T12:00:00Z"
    await second.synchronise(places.silent)
    assert (await places.found(second, LISTED)).source == "fhir 2026-08-26T12:00:00Z"


async def _killed(place: Place, stop: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.plugins.annuaire_fhir.synchronising",
        place.server.url, str(place.folder), stop,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"stopped\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
