"""What the other side said is shown as far as a table can hold it."""

from __future__ import annotations

import pytest

from hub.cli import trace


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        (None, ""),
        ("250 2.0.0 Filed", "250 2.0.0 Filed"),
        ("x" * trace.MOST_SAID, "x" * trace.MOST_SAID),
        ("x" * (trace.MOST_SAID + 1), "x" * trace.MOST_SAID + "…"),
    ],
)
def test_a_long_receipt_is_shown_by_its_beginning(detail: str | None, shown: str) -> None:
    """Another hub's receipt is a whole sealed envelope."""
    assert trace._said(detail) == shown
