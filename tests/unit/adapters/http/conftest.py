"""Fixtures of the API's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.adapters.http.serving import Served, serving


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """Return an API with the usual settings."""
    async with serving() as one:
        yield one
