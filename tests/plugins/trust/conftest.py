"""The authorities and signers that all tests of the trust list share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.trust.world import Cast, Scene, cast_in


@pytest.fixture(scope="session")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """Return everybody."""
    return cast_in(tmp_path_factory.mktemp("papers"))


@pytest.fixture(params=["xml", "toml"])
def form(request: pytest.FixtureRequest) -> str:
    """Return each form of a list in turn."""
    return str(request.param)


@pytest.fixture
def scene(cast: Cast, tmp_path: Path, form: str) -> Scene:
    """Return a hub's part, with no list yet."""
    return Scene(cast=cast, folder=tmp_path, form=form)
