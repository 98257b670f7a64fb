"""What gematik recorded of its own service is what the simulator answers, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.counterparts import shared
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.simulator.replay import Replay
from tests.plugins.eprescription.simulator.stage import playing

PASSED_OVER = 22
"""Recorded answers that are not asked for: empty search results of which nothing says what was asked."""


@pytest.mark.parametrize("name", scenarios.names())
async def test_a_recorded_scenario(tmp_path: Path, name: str) -> None:
    """Statuses, states, numbers, codes, dates, and the words of every refusal are those of the recording."""
    replay = Replay(scenarios.scenario(name))
    async with playing(tmp_path, replay.simulation) as (_, caller):
        played = await replay.play(caller)
    for one in played:
        assert one.heard == one.recorded, one.sentence
    assert len(played) + replay.passed_over == len(replay.scenario.exchanges)


def test_nearly_every_recorded_answer_is_asked_for() -> None:
    """What is passed over is counted, so that nothing else gets lost with it."""
    shared("gematik-erezept")
    replays = [Replay(one) for one in scenarios.scenarios()]
    exchanges = [(replay, one) for replay in replays for one in replay.scenario.exchanges]
    assert len(exchanges) == 477
    passed_over = 0
    for replay in replays:
        for step in replay.scenario.steps:
            replay.hear(step.name)
            passed_over += sum(replay.untold(one) for one in step.exchanges)
    assert passed_over == PASSED_OVER
