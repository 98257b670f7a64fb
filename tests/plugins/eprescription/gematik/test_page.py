"""The page about the recorded scenarios says what the tests do."""

from __future__ import annotations

from pathlib import Path

from tests import build_scenarios
from tests.counterparts import shared

ROOT = Path(__file__).parents[4]


def test_the_page_is_that_of_the_recordings() -> None:
    """`python -m tests.build_scenarios` would write what is there."""
    shared("gematik-erezept")
    assert (ROOT / build_scenarios.PAGE).read_text("utf-8") == build_scenarios.page()
