"""A server, for each test its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub_annuaire.fhir import waiting
from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir.place import Place


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Return a server with the guides' examples and invented professionals."""
    async with places.opened(tmp_path) as opened:
        yield opened


@pytest.fixture
def waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record what would be waited for, and let the test's clock pass instead."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        place.pass_time(seconds=seconds)

    monkeypatch.setattr(waiting, "sleep", sleep)
    return waited
