"""A board for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.plugins.policies.board import Board


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    """Return a place for rules."""
    board = Board(tmp_path)
    yield board
    await board.stack.aclose()
