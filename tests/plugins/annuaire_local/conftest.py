"""A house for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.plugins.annuaire_local.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Return an establishment's files."""
    house = House.fill(tmp_path)
    yield house
    await house.stack.aclose()
