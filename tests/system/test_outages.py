"""What the hub depends on goes away under load and comes back: senders wait, and nothing is lost.

`SEED` repeats a run as far as its timing repeats; `SOAK` says how many times as long it lasts (1).
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from hub_demo.world import PRACTICE, World
from tests.counterparts import absent
from tests.system import findings, stage
from tests.system.history import History
from tests.system.load import EVERYBODY, Load
from tests.system.stage import SEED, SOAK

SAMPLE: Final = sorted(Path(str(files("hub_demo") / "annuaire")).glob("*.txt"))
DISK: Final = 64 << 20
"""Bytes of the disk that fills up."""


@pytest.fixture
def world() -> Iterator[World]:
    """Set the stage and start the hub."""
    with stage.stage() as made:
        made.start_hub()
        yield made


@pytest.fixture
def load(world: World) -> Iterator[Load]:
    """Let everybody send, straight to the hub."""
    made = Load(world, SEED, world.smtp_port, world.api_port)
    made.start(*EVERYBODY)
    yield made
    made.end(now=True)


def _goes_on(load: Load, more: int = 20) -> None:
    """See that messages are accepted now."""
    enough = len(load.said) + more
    assert load.until(lambda: len(load.said) >= enough, 30), load.wrong or dict(load.again)


def _wait(load: Load, *answers: str) -> None:
    """See that senders are asked, in each of these ways, to come again."""
    before = {one: load.again[one] for one in answers}
    assert load.until(lambda: all(load.again[one] > before[one] for one in answers), 20), load.wrong or dict(
        load.again
    )


def _ends_well(world: World, load: Load) -> History:
    """Let everything finish, and see that every promise was kept and only what should be was refused."""
    load.end()
    assert load.wrong == []
    assert stage.drained(world, 60), world.json("queue", "list", language="en")
    stage.stop(world)
    history = findings.check(world, load.said)
    print(f"{len(load.said)} accepted; {dict(load.again)}; {len(history.arrivals)} arrivals")
    names = {envelope: said.name for said in load.said for envelope in said.envelopes}
    for one in history.told:
        for fate in one.fates:
            right = names.get(one.envelope, "").startswith("refuse") and fate.recipient != PRACTICE
            assert fate.state == ("refused" if right else "delivered"), one
    return history


@pytest.mark.timeout(120 + 60 * SOAK)
def test_a_graceful_stop_under_load_leaves_no_doubt(world: World, load: Load) -> None:
    """SIGTERM lets what runs finish: after any number of restarts nothing was in doubt or sent again."""
    chance = random.Random(SEED)
    for _ in range(4 * SOAK):
        time.sleep(chance.uniform(0.2, 2))
        stage.stop(world)
        world.start_hub()
    _goes_on(load)
    events = {line.event for one in _ends_well(world, load).told for line in one.lines}
    assert not events & {"delivery.uncertain", "delivery.resent", "delivery.held"}


@pytest.mark.timeout(120 + 60 * SOAK)
def test_without_the_directory_everybody_waits(world: World, load: Load) -> None:
    """Gone, or damaged where it lies, its absence is never read as 'not listed'."""
    (directory,) = (world.folder / "data").rglob("annuaire.sqlite")
    whole = directory.read_bytes()
    away = directory.with_suffix(".away")
    for _ in range(SOAK):
        _goes_on(load)
        directory.rename(away)
        _wait(load, "451", "503")
        away.rename(directory)
        _goes_on(load)
        directory.write_bytes(os.urandom(len(whole)))
        _wait(load, "451", "503")
        directory.write_bytes(whole[: len(whole) // 2])
        _wait(load, "451", "503")
        away.write_bytes(whole)
        away.rename(directory)
    _goes_on(load)
    _ends_well(world, load)


@pytest.mark.timeout(120 + 60 * SOAK)
def test_imports_under_load_are_not_noticed(world: World, load: Load) -> None:
    """While a directory is imported, and when it takes its place, the one before answers."""
    for _ in range(4 * SOAK):
        world.json("directory", "import", *map(str, SAMPLE), language="en")
    _goes_on(load)
    _ends_well(world, load)
    assert not load.again.keys() & {"451", "503"}


@pytest.mark.timeout(120 + 60 * SOAK)
def test_a_full_disk_loses_nothing(world: World) -> None:
    """While it is full senders are told to come again; with room again all goes on by itself."""
    data = world.folder / "data"
    stage.stop(world)
    kept = data.rename(data.with_name("kept"))
    data.mkdir(mode=0o700)
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(data)], check=False
        ).returncode
    ):
        absent("a small file system of its own is mounted by root only")
    try:
        shutil.copytree(kept, data, dirs_exist_ok=True)
        world.start_hub()
        load = Load(world, SEED, world.smtp_port, world.api_port)
        load.start(*EVERYBODY)
        try:
            for _ in range(2 * SOAK):
                _goes_on(load)
                _fill(data / "ballast")
                _wait(load, "451", "503")
                time.sleep(2)
                (data / "ballast").unlink()
            _goes_on(load)
            _ends_well(world, load)
        finally:
            load.end(now=True)
    finally:
        world.close()
        subprocess.run(["umount", str(data)], check=True)


def _fill(file: Path) -> None:
    """Fill the disk to its last byte, with what is freed meanwhile."""
    with file.open("ab", buffering=0) as ballast:
        for piece in (1 << 20, 1 << 12, 1):
            for _ in range(DISK // piece):
                try:
                    ballast.write(bytes(piece))
                except OSError:
                    break
