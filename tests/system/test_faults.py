"""Networks that fail, operators with moods, kills: what was acknowledged holds, whatever happened.

`SEED` repeats a run as far as its timing repeats; `SOAK` says how many times as long it lasts (1).
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from hub_demo.world import World
from tests.system import findings, worlds
from tests.system.faults import Network, Plan, Proxy
from tests.system.load import FromDoctor, FromHospital, FromPractice, Load
from tests.system.moody import Moody

SOAK: Final = int(os.environ.get("SOAK", "1"))
SEED: Final = int(os.environ.get("SEED", random.randrange(1 << 32)))
RECALL: Final = Path(__file__).parent / "recall"
EVERYBODY: Final = (FromHospital, FromHospital, FromDoctor, FromPractice, FromPractice)
IMPATIENT: Final = "".join(
    f'{name}_timeout = "2s"\n' for name in ("command", "connect", "data", "handshake", "reply")
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Make a hub with two moody mail operators and one that can tell what it has got."""
    print(f"SEED={SEED} SOAK={SOAK}")
    monkeypatch.setenv("SEED", str(SEED))
    path = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{RECALL}{os.pathsep}{path}" if path else str(RECALL))
    monkeypatch.setattr(sys, "path", [str(RECALL), *sys.path])
    with worlds.world() as made:
        for name in ("hautmont", "valbrume"):
            calm = getattr(made, name)
            setattr(made, name, Moody(calm.name, calm.host, calm.port, calm.mailboxes, calm.tls))
            getattr(made, name).start()
        _configure(
            made,
            ('breaker_pause = "1s"\n', f'breaker_pause = "1s"\nbreaker_failures = 20\n{IMPATIENT}'),
            ("[operators.hautmont]", _RECALL_TABLE + "[operators.hautmont]"),
        )
        yield made


_RECALL_TABLE: Final = """\
[operators.recall]
kind = "recall"
domains = ["cabinet-lilas.mssante.example"]
folder = "recall"
retry_base = "1s"
retry_cap = "2s"

"""


def _configure(world: World, *changes: tuple[str, str]) -> None:
    file = world.folder / "hub.toml"
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def _kill(world: World) -> None:
    assert world.hub is not None
    world.hub.kill()
    world.hub.wait()


def _stop(world: World) -> None:
    """Stop the hub as whoever runs it does; it must end well and by itself."""
    assert world.hub is not None
    world.hub.send_signal(signal.SIGTERM)
    assert world.hub.wait(60) == 0, (world.folder / "hub.log").read_text()[-4000:]


def _drained(world: World, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while world.json("queue", "list", language="en")["deliveries"]:
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.timeout(120 + 60 * SOAK)
def test_whatever_the_network_does_nothing_is_lost_doubled_or_changed(world: World) -> None:
    """Every 250 and 202 keeps its promise through cut, stalled and muted connections, and kills."""
    chance = random.Random(SEED)
    with Network.running() as network:

        def rough(port: int, name: str) -> Proxy:
            return network.proxy(port, Plan(f"{SEED}/{name}", 0.5))

        smtp, api = rough(world.smtp_port, "smtp"), rough(world.api_port, "api")
        hautmont, valbrume = rough(world.hautmont.port, "hautmont"), rough(world.valbrume.port, "valbrume")
        for operator, proxy in ((world.hautmont, hautmont), (world.valbrume, valbrume)):
            _configure(
                world,
                (
                    f'relay = "127.0.0.1:{operator.port}"\n',
                    f'relay = "127.0.0.1:{proxy.port}"\nmessages_per_connection = 4\n',
                ),
            )
        world.start_hub()
        load = Load(world, SEED, smtp.port, api.port)
        load.start(*EVERYBODY)
        for _ in range(3 * SOAK):
            load.until(lambda: False, chance.uniform(2, 5))
            _kill(world)
            world.start_hub()
        enough = load.until(lambda: len(load.said) >= 200 * SOAK, 30 * SOAK)
        load.end()
        proxies = (smtp, api, hautmont, valbrume)
        for proxy in proxies:
            proxy.calm()
        assert load.wrong == []
        drained = _drained(world, 60)
        print(len(load.said), "accepted;", dict(load.again))
        print([dict(proxy.seen) for proxy in proxies])
        assert enough
        assert drained, world.json("queue", "list", language="en")
        _stop(world)
    history = findings.check(world, load.said)
    resent = sum(line.event == "delivery.resent" for one in history.told for line in one.lines)
    notices = sum(one.notice for one in history.told)
    print(f"{len(history.arrivals)} arrivals, {resent} resent, {notices} notices")
