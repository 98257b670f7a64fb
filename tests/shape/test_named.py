"""What the documentation names exists: files, tests, headings, commands."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from typer.main import get_command

from hub.cli.added import Program, Widened
from hub.cli.program import app

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EACH: Final = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@EACH
def test_every_file_and_test_named_is_there(page: Path) -> None:
    """`hub/…`, `plugins/…`, `tests/…`, and `tests/…::test_…`: what is said to show something does."""
    gone = []
    for name in re.findall(r"`((?:hub|plugins|tests|conf|docs|bench)/[^`\s]*)`", page.read_text("utf-8")):
        file, _, test = name.partition("::")
        path = ROOT / file
        if not path.exists() or (test and test not in _tests(path)):
            gone.append(name)
    assert gone == []


@EACH
def test_every_heading_linked_to_is_there(page: Path) -> None:
    """`page.md#heading` leads to a heading, on this page or on another."""
    gone = []
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", page.read_text("utf-8")):
        target = page.parent / file if file else page
        if anchor not in _anchors(target.read_text("utf-8")):
            gone.append(f"{file}#{anchor}")
    assert gone == []


@EACH
def test_every_command_line_can_be_read(page: Path) -> None:
    """Commands, sub-commands and options of `hub …` are the program's; arguments are the reader's own."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"^ *```(?:console|sh|bash|)\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in re.findall(r"^ *(?:\$ )?hub (.+)$", block, re.MULTILINE)]
    lines += re.findall(r"`hub ([^`]+)`", text)
    wrong = [line for line in lines if not _is_known(line.split())]
    assert wrong == []


def _tests(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def _is_known(words: list[str]) -> bool:
    """Whether the program has these commands and options."""
    command: Any = get_command(app)
    known = _options(command)
    for word in words:
        if word.startswith("--"):
            if word.partition("=")[0] not in known:
                return False
        elif (found := _commands(command).get(word)) is not None:
            command = found
            known |= _options(command)
        elif hasattr(command, "commands") and re.fullmatch(r"[a-z-]+", word):
            return False
    return True


def _commands(command: Any) -> dict[str, Any]:
    """Return the commands inside one; those of plugins stand beside the program's own."""
    if not isinstance(command, Program | Widened):
        return dict(getattr(command, "commands", {}))
    root = get_command(app).make_context("hub", [], resilient_parsing=True)
    context = (
        root if isinstance(command, Program) else typer.Context(command, info_name=command.name, parent=root)
    )
    return {name: command.get_command(context, name) for name in command.list_commands(context)}


def _options(command: Any) -> set[str]:
    return {"--help"}.union(*(one.opts for one in command.params))
