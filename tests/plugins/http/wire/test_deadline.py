"""A time limit that is moved: it is met like any other, and takes nobody else's cancellation."""

from __future__ import annotations

import asyncio

import pytest

from hub_http.wire.deadline import Deadline


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()


async def never() -> None:
    """Wait for nothing."""
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("moves", [[0.03], [9, 0.03], [0.01, 9, 0.03], [0.03, 0.02, 0.04]], ids=str)
async def test_the_last_end_counts(moves: list[float]) -> None:
    """Sooner or later than before, set outside or inside."""
    deadline, began = Deadline(), now()
    deadline.move(began + moves[0])
    with pytest.raises(TimeoutError), deadline:  # noqa: PT012 - the moves are part of it
        for one in moves[1:]:
            deadline.move(began + one)
        await never()
    assert now() - began >= moves[-1] - 0.001


async def test_it_may_be_moved_by_another_task() -> None:
    """As the body of a request does."""
    deadline = Deadline()

    async def moving() -> None:
        deadline.move(now() + 0.01)

    with pytest.raises(TimeoutError), deadline:  # noqa: PT012 - so is the task
        await asyncio.create_task(moving())
        await never()


async def test_what_ends_in_time_ends_well() -> None:
    """And the block may be entered again; nothing goes off afterwards."""
    deadline = Deadline()
    for _ in range(3):
        deadline.move(now() + 0.02)
        with deadline:
            await asyncio.sleep(0)
    await asyncio.sleep(0.03)
    with pytest.raises(ValueError, match="own"), deadline:
        raise ValueError("own")


async def test_somebody_else_s_cancellation_is_theirs() -> None:
    """It is not taken for the end of the time."""
    deadline = Deadline()

    async def working() -> None:
        deadline.move(now() + 9)
        with deadline:
            await never()

    task = asyncio.create_task(working())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_stands_inside_other_limits() -> None:
    """An outer limit that is met first is met as such."""
    deadline = Deadline()
    deadline.move(now() + 9)

    async def working() -> None:
        async with asyncio.timeout(0.01):
            with deadline:
                await never()

    with pytest.raises(TimeoutError):
        await working()
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


def test_only_a_task_has_one() -> None:
    """Nothing else can be ended."""

    async def made() -> Deadline:
        return Deadline()

    loop = asyncio.new_event_loop()
    deadline = loop.run_until_complete(made())
    with pytest.raises(RuntimeError):
        deadline.__enter__()
    loop.close()
