"""Plugins add commands beside the hub's own, and inside the groups that are open to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import typer

from hub.cli import added, exit_codes
from hub.cli.given import OPEN, OWN, RESERVED
from tests.unit.cli.conftest import Hub


def _plugin(name: str) -> typer.Typer:
    app = typer.Typer(help="A plugin's.")

    @app.callback()
    def group() -> None:
        """Hold what a plugin adds."""

    @app.command(name)
    def run() -> None:
        """Say that it ran."""
        typer.echo(f"{name} ran")

    return app


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the commands that plugins add, to be set by the test."""
    found: dict[str, Any] = {}

    def discovered(_config: Any, _block: Any) -> Mapping[str, Any]:
        return found

    monkeypatch.setattr(added, "_discovered", discovered)
    return found


def test_a_plugins_command_stands_in_an_open_group(hub: Hub, plugins: dict[str, Any]) -> None:
    """Listed and run beside the hub's own."""
    plugins["prescription"] = _plugin("rehearse")
    said = hub("prescription", "--help").out
    assert re.search(r"\brehearse\b", said)
    assert re.search(r"\bissue\b", said)
    assert hub("prescription", "rehearse").out == "rehearse ran\n"
    assert "Afficher ce message" in hub("prescription", "rehearse", "--help", language="fr").out


def test_no_plugin_replaces_a_command_of_the_hub(hub: Hub, plugins: dict[str, Any]) -> None:
    """The hub's own stands, and is listed once."""
    plugins["prescription"] = _plugin("issue")
    assert "ran" not in hub("prescription", "issue").out
    assert len(re.findall(r"^\W*issue\b", hub("prescription", "--help").out, re.MULTILINE)) == 1


def test_an_open_group_is_whole_without_plugins(hub: Hub, plugins: dict[str, Any]) -> None:
    """What no plugin adds is not there, and a plugin's command that is no group adds nothing."""
    assert hub("prescription", "rehearse").code == exit_codes.USAGE
    plain = typer.Typer()
    plain.command()(lambda: None)
    plugins["prescription"] = plain
    assert hub("prescription", "rehearse").code == exit_codes.USAGE
    assert hub("prescription", "--help").code == exit_codes.FINE


def test_other_groups_are_closed(hub: Hub, plugins: dict[str, Any]) -> None:
    """Nobody adds to the keys or the queue."""
    plugins["keys"] = _plugin("rehearse")
    assert hub("keys", "rehearse").code == exit_codes.USAGE
    assert frozenset(OWN) - RESERVED == frozenset(OPEN)


def test_the_hubs_own_commands_need_no_plugin(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that is broken or slow stands in nobody's way."""

    def discovered(_config: Any, _block: Any) -> Mapping[str, Any]:
        raise AssertionError("plugins were looked for")

    monkeypatch.setattr(added, "_discovered", discovered)
    assert hub("prescription", "status", "--help").code == exit_codes.FINE
