"""What people see on a terminal, what goes into a pipe, and that ids can be copied from both."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.cli import screen
from hub.cli.screen import Cell
from hub.errors import Words

ID = "0190163d-8694-739b-aea5-966c26f8ad91"
HEADERS = (Words(en="delivery", fr="remise"), Words(en="why", fr="pourquoi"))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard output be a narrow terminal."""
    monkeypatch.setattr(screen, "on_terminal", lambda: True)
    for name, value in (("COLUMNS", "40"), ("LC_ALL", "C"), ("TERM", "xterm-256color"), ("FORCE_COLOR", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_pipe_gets_plain_aligned_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """No colours, no frames, no trailing blanks."""
    screen.table(HEADERS, [[Cell("a", "red"), Cell("full")], [Cell("long"), Cell("")]])
    assert capsys.readouterr().out == "delivery  why\na         full\nlong\n"


@pytest.mark.usefixtures("terminal")
def test_an_id_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """However narrow the terminal is; other columns fold instead."""
    screen.table(HEADERS, [[Cell(ID, whole=True), Cell("The mailbox is full, try again later.")]])
    out = capsys.readouterr().out
    assert ID in out
    assert "…" not in out
    assert len(out.splitlines()) > 2


@pytest.mark.usefixtures("terminal")
def test_sentences_stand_beneath_when_little_room_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """A column of few letters can't be read."""
    screen.table(HEADERS, [[Cell(ID), Cell("The mailbox is full, try again later.")]])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[2:] == [ID, "    The mailbox is full, try again", "    later."]


@pytest.mark.usefixtures("terminal")
def test_a_mark_is_coloured_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """The sign says it to those who see no colours; markup in a text stays text."""
    screen.mark("✗", "store", "it is [bold]full[/bold]")
    out = capsys.readouterr().out
    assert "\x1b[31m✗\x1b[0m store – it is [bold]full[/bold]" in out


def test_times_are_rfc_3339() -> None:
    """As programs read them."""
    assert screen.moment(datetime(2026, 3, 3, 12, 0, 1, 4999, tzinfo=UTC)) == "2026-03-03T12:00:01.004Z"
    assert screen.moment(None) is None
