"""A stranger's plugin that does everything wrong hurts its own operator and nobody else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from hub_demo.world import PRACTICE, World
from tests.system import findings, stage
from tests.system.history import faults_in
from tests.system.load import EVERYBODY, Load
from tests.system.stage import SEED

EVIL: Final = Path(__file__).parent / "evil"
SECRET: Final = "Planquette"
_PARTS: Final = """
[receivers.evil]
kind = "evil"

[observers.evil]
kind = "evil"
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Set the stage, with the evil plugin in the practice's place."""
    with stage.stage() as made:
        monkeypatch.setenv("PYTHONPATH", f"{EVIL}{os.pathsep}{os.environ['PYTHONPATH']}")
        monkeypatch.setattr(sys, "path", [str(EVIL), *sys.path])
        stage.configure(
            made,
            (
                'kind = "recall"\n',
                'kind = "evil"\ndeadline = "1s"\nbreaker_failures = 5\nbreaker_pause = "1s"\n',
            ),
            ('data = "data"\n', 'data = "data"\ndrain = "3s"\n'),
            ("[directories.national]", _PARTS + "\n[directories.national]"),
        )
        yield made


def test_others_go_on_beside_an_evil_plugin(world: World) -> None:
    """All that goes to other operators arrives, nothing of its own is lost or sent twice, no word leaks."""
    world.start_hub()
    load = Load(world, SEED, world.smtp_port, world.api_port)
    load.start(*EVERYBODY)
    try:
        enough = load.until(lambda: len(load.said) >= 150, 60)
        load.end()
    finally:
        load.end(now=True)
    assert load.wrong == []
    assert enough, dict(load.again)
    assert world.hub is not None
    assert world.hub.poll() is None
    end = time.monotonic() + 60
    while any(_open(world, name) for name in ("hautmont", "valbrume")):
        assert time.monotonic() < end
        time.sleep(0.2)
    stage.stop(world)
    history = findings.history(world, load.said)
    undecided = {
        fate.delivery
        for one in history.told
        for fate in one.fates
        if fate.recipient == PRACTICE and fate.state in {"pending", "uncertain", "leased"}
    }
    faults = [
        one for one in faults_in(history) if "doubled" in one or not any(id_ in one for id_ in undecided)
    ]
    assert not faults, "\n".join(faults[:20])
    arrived = [one for one in history.arrivals if one.mailbox == PRACTICE]
    print(f"{len(load.said)} accepted, {len(arrived)} arrived at the evil one, {len(undecided)} undecided")
    assert arrived
    assert SECRET not in (world.folder / "hub.log").read_text()


def _open(world: World, operator: str) -> list[object]:
    waiting: list[object] = world.json("queue", "list", "--operator", operator, language="en")["deliveries"]
    return waiting
