"""One operator's share of the worker."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hub.core.lane import Lane
from hub.core.operators import Operator
from hub.domain.ids import OperatorName
from hub.ports.connector import Capabilities
from hub.testing.fakes import ScriptedOperator


def lane(concurrency: int = 8, most: int = 100, **settings: Any) -> Lane:
    """Make a lane."""
    return Lane(
        Operator(
            name=OperatorName("ville"),
            domains=frozenset(),
            connector=ScriptedOperator(capabilities=Capabilities(max_concurrency=most)),
            concurrency=concurrency,
            breaker_pause=timedelta(seconds=10),
            **settings,
        )
    )


@pytest.mark.parametrize(("concurrency", "most", "limit"), [(8, 100, 8), (100, 3, 3), (1, 1, 1)])
def test_the_smaller_limit_holds(concurrency: int, most: int, limit: int) -> None:
    """The configuration's and the connector's."""
    assert lane(concurrency, most).wanted(0.0) == limit


def test_a_lane_without_a_connector_wants_nothing() -> None:
    """What is due for it waits, untouched."""
    empty = Lane(Operator(name=OperatorName("x"), domains=frozenset()))
    assert empty.wanted(0.0) == 0


def test_with_a_backlog_it_waits_until_a_quarter_is_free() -> None:
    """Fewer, larger claims; without a backlog whatever comes is taken at once."""
    one = lane(8)
    one.filled(8, 8)
    one.running = 8
    wanted = []
    for running in (8, 7, 6, 0):
        one.running = running
        wanted.append(one.wanted(0.0))
    assert wanted == [0, 0, 2, 8]
    one.filled(2, 1)
    one.running = 7
    assert one.wanted(0.0) == 1


def test_a_lane_of_one_is_never_stuck() -> None:
    """Also with a backlog."""
    one = lane(1)
    one.filled(1, 1)
    assert one.wanted(0.0) == 1


async def test_a_call_that_does_not_end_keeps_its_place() -> None:
    """Until it does; then the worker is woken."""
    one, call, woken = lane(2), asyncio.get_running_loop().create_future(), asyncio.Event()
    one.hold(call, woken.set)
    assert one.wanted(0.0) == 1
    call.set_result(None)
    await woken.wait()
    assert one.wanted(0.0) == 2


def test_an_open_breaker_lets_one_try() -> None:
    """And nothing before its time."""
    one = lane(8, breaker_failures=1)
    one.breaker.end(0.0, failed=True, trial=one.breaker.begin())
    assert (one.wanted(9.0), one.wanted(10.0)) == (0, 1)
