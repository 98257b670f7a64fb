"""A place to import into, for each test its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.annuaire.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Return the sample files and an empty data folder."""
    place = Place.fill(tmp_path)
    yield place
    place.close()
