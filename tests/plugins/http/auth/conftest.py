from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import Papers


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """Return an authority for all tests."""
    return Papers(Path(tmp_path_factory.mktemp("papers")))
