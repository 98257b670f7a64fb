"""Networks that fail, operators with moods, kills: what was acknowledged holds, whatever happened.

`SEED` repeats a run as far as its timing repeats; `SOAK` says how many times as long it lasts (1).
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from hub_demo.world import World
from tests.system import findings, stage
from tests.system.faults import Network, Plan, Proxy
from tests.system.load import EVERYBODY, Load
from tests.system.stage import SEED, SOAK


@pytest.fixture
def world() -> Iterator[World]:
    """Set the stage."""
    with stage.stage() as made:
        yield made


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
            stage.configure(
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
            stage.kill(world)
            world.start_hub()
        enough = load.until(lambda: len(load.said) >= 200 * SOAK, 30 * SOAK)
        load.end()
        proxies = (smtp, api, hautmont, valbrume)
        for proxy in proxies:
            proxy.calm()
        assert load.wrong == []
        drained = stage.drained(world, 60)
        print(len(load.said), "accepted;", dict(load.again))
        print([dict(proxy.seen) for proxy in proxies])
        assert enough
        assert drained, world.json("queue", "list", language="en")
        stage.stop(world)
    history = findings.check(world, load.said)
    resent = sum(line.event == "delivery.resent" for one in history.told for line in one.lines)
    notices = sum(one.notice for one in history.told)
    print(f"{len(history.arrivals)} arrivals, {resent} resent, {notices} notices")
