"""The generated pages of the reference say what the program says."""

from __future__ import annotations

from tests import build_reference


def test_the_configuration_page_is_up_to_date() -> None:
    """Who reads the page reads the example file; `python -m tests.build_reference` makes it again."""
    assert build_reference.configuration() == build_reference.CONFIGURATION.read_text("utf-8")


def test_the_program_page_is_up_to_date() -> None:
    """Every command and option is in the page, with its help and default."""
    assert build_reference.cli() == build_reference.CLI.read_text("utf-8")
