"""`kill -9` at random moments under load: what was accepted is delivered, once where the operator tells.

`KILLS` sets how often (20; `make soak` sets 200). The seed is printed, so that a failure can be run again.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from typing import Final

import pytest

from hub_demo.world import World
from tests.system import senders

KILLS: Final = int(os.environ.get("KILLS", "20"))


@pytest.fixture
def world() -> Iterator[World]:
    """Make a hub with an SMTP operator and one that can tell what it has got."""
    with senders.world() as made:
        yield made


@pytest.mark.timeout(60 + 30 * KILLS)
def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(world: World) -> None:
    """Everything that got a 250 or a 202 arrives; twice only where the hub says that it may have."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed} KILLS={KILLS}")
    chance = random.Random(seed)
    world.start_hub()
    sending, stop = senders.started(world)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.8))
        assert world.hub is not None
        world.hub.kill()
        world.hub.wait()
        world.start_hub()
    accepted = senders.finished(world, sending, stop)
    assert len(accepted) > KILLS
    senders.check_recall(world, len(accepted))
    senders.check_mail(world, accepted)
