"""Hubs as their users run them, for the system tests: processes, sockets and files, nothing in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from hub_demo.story import DOCTOR
from hub_demo.world import World


@contextmanager
def world() -> Iterator[World]:
    """Make a hub's folder, its directory filled, that other users' processes can reach; nothing runs yet."""
    with tempfile.TemporaryDirectory(prefix="hub-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        made = World.create(folder / "hub", DOCTOR, language="en")
        _without_courrier(made.folder / "hub.toml")
        for one in (made.folder, made.folder / "tls"):
            one.chmod(0o755)
        sample = sorted(Path(str(files("hub_demo") / "annuaire")).glob("*.txt"))
        made.json("directory", "import", *map(str, sample), language="en")
        try:
            yield made
        finally:
            made.close()


def _without_courrier(configuration: Path) -> None:
    """Take the demonstration's HTTP operator away: its domain is for the operators of the tests."""
    text = configuration.read_text("utf-8")
    before, table, after = text.partition("[operators.courrier]\n")
    assert table
    configuration.write_text(before + after[after.index("[receivers.smtp]") :], "utf-8")


def report(made: World, envelope: str) -> Any:
    """Return what `hub trace --json` says of a message."""
    return made.json("trace", envelope, language="en")
