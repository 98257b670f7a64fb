"""Whoever fetches takes each once: the contract, for the three manners of inbox that differ most."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.testing.fetching_contract import FetchingContract, FetchingRig
from tests.plugins.http.fetching.far import MANNERS, Far, near
from tests.plugins.http.fetching.rig import rig_of


class TestFetching(FetchingContract):
    """A described inbox."""

    @pytest.fixture(params=sorted(MANNERS))
    async def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FetchingRig]:
        """Run an operator."""
        far = Far()
        async with near(far, MANNERS[request.param], tmp_path) as our:
            yield rig_of(far, our)
