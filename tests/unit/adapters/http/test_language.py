"""Answers come in the language that the client asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.http.language import preferred
from hub.errors import LANGUAGES


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("FR-be", "fr"),
        ("en, fr", "en"),
        ("en;q=0.5, fr;q=0.9", "fr"),
        ("de, fr;q=0.3", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=x", "en"),
        ("*", "en"),
    ],
)
def test_the_heaviest_of_our_languages_is_spoken(header: str | None, language: str) -> None:
    """French or English by weight; English when neither is asked for."""
    assert preferred(header) == language


@given(st.text(max_size=100))
def test_any_header_gives_a_language(header: str) -> None:
    """A broken header is no error."""
    assert preferred(header) in LANGUAGES
