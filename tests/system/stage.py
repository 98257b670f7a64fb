"""The stage of the hard tests: a hub between two moody mail operators and one that can tell what it got."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from hub_demo.world import World
from tests.system import worlds
from tests.system.moody import Moody

SOAK: Final = int(os.environ.get("SOAK", "1"))
"""How many times as long as usual the tests last."""
SEED: Final = int(os.environ.get("SEED", random.randrange(1 << 32)))
RECALL: Final = Path(__file__).parent / "recall"
_IMPATIENT: Final = "".join(
    f'{name}_timeout = "2s"\n' for name in ("command", "connect", "data", "handshake", "reply")
)
_RECALL_TABLE: Final = """\
[operators.recall]
kind = "recall"
domains = ["cabinet-lilas.mssante.example"]
folder = "recall"
retry_base = "1s"
retry_cap = "2s"

"""


@contextmanager
def stage() -> Iterator[World]:
    """Set it; the operators run, the hub does not yet."""
    print(f"SEED={SEED} SOAK={SOAK}")
    with pytest.MonkeyPatch.context() as patch, worlds.world() as made:
        path = os.environ.get("PYTHONPATH", "")
        patch.setenv("SEED", str(SEED))
        patch.setenv("PYTHONPATH", f"{RECALL}{os.pathsep}{path}" if path else str(RECALL))
        patch.setattr(sys, "path", [str(RECALL), *sys.path])
        for name in ("hautmont", "valbrume"):
            calm = getattr(made, name)
            setattr(made, name, Moody(calm.name, calm.host, calm.port, calm.mailboxes, calm.tls))
            getattr(made, name).start()
        configure(
            made,
            ('breaker_pause = "1s"\n', f'breaker_pause = "1s"\nbreaker_failures = 20\n{_IMPATIENT}'),
            ("[operators.hautmont]", _RECALL_TABLE + "[operators.hautmont]"),
        )
        yield made


def configure(world: World, *changes: tuple[str, str]) -> None:
    """Change the hub's configuration."""
    file = world.folder / "hub.toml"
    text = file.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)


def kill(world: World) -> None:
    """Kill the hub."""
    assert world.hub is not None
    world.hub.kill()
    world.hub.wait()


def stop(world: World) -> None:
    """Stop the hub as whoever runs it does; it must end well and by itself."""
    assert world.hub is not None
    world.hub.send_signal(signal.SIGTERM)
    assert world.hub.wait(60) == 0, (world.folder / "hub.log").read_text()[-4000:]


def drained(world: World, seconds: float) -> bool:
    """Wait until the queue is empty; False when it took too long."""
    end = time.monotonic() + seconds
    while world.json("queue", "list", language="en")["deliveries"]:
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
