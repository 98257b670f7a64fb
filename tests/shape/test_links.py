"""The documentation holds together: what it links to exists, and what it tells to run can be run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from hub.cli.program import app

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """No reader is sent to a page that is not there."""
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_page_is_reachable(page: Path) -> None:
    """Some other page links to it."""
    if page.parent == ROOT:
        return
    linked = {
        (other.parent / link).resolve()
        for other in PAGES
        if other != page
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", other.read_text("utf-8"))
    }
    assert page in linked


def test_every_task_and_command_exists() -> None:
    """`make …` is a task of the Makefile, `hub …` a command of the program."""
    tasks = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    program: Any = get_command(app)
    commands = set(program.list_commands(program.make_context("hub", [], resilient_parsing=True)))
    for page in PAGES:
        text = page.read_text("utf-8")
        assert set(re.findall(r"(?:^\$ |`)make ([a-z]+)", text, re.MULTILINE)) <= tasks, page
        told = set(re.findall(r"(?:^\$ |`)hub (?:--config \S+ )?([a-z]+(?:-[a-z]+)*)\b", text, re.MULTILINE))
        assert told <= commands, page
