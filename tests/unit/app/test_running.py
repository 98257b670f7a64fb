"""A hub at work: doors reopen, a worker that fails ends the process, and stopping is graceful."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.app import running
from hub.app.running import Hub
from hub.errors import StoreError, Words
from hub.ports.intake import Intake
from hub.testing.fakes import FixedClock, RecordingLog

FULL = StoreError("store.full", Words(en="full", fr="plein"))


class Worker:
    """Works until told to stop, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.stopped = False

    async def run(self, stop: asyncio.Event, _drain: timedelta) -> None:
        """Work, or fail at once."""
        if self.error:
            raise self.error
        await stop.wait()
        self.stopped = True


class Store:
    """Purges, or fails to."""

    def __init__(self) -> None:
        self.purged = asyncio.Event()

    async def purge(self, _now: datetime) -> int:
        """Fail, as a full disk does."""
        self.purged.set()
        raise FULL


class Door:
    """A receiver made of one function."""

    def __init__(self, serve: Callable[[], Awaitable[None]]) -> None:
        self._serve = serve

    async def receive(self, _intake: Intake) -> None:
        """Serve."""
        await self._serve()


def hub(worker: Worker, *doors: Door, drain: float = 5) -> Hub:
    """Make a hub of these."""
    parts: dict[str, Any] = {"reception": None, "worker": worker, "store": Store()}
    return Hub(
        **parts,
        receivers=[(f"door{number}", one) for number, one in enumerate(doors)],
        log=RecordingLog(),
        clock=FixedClock(),
        drain=timedelta(seconds=drain),
    )


def events(one: Hub) -> list[str]:
    """Return what was logged."""
    log: Any = one.log
    found: list[str] = log.events()
    return found


async def test_a_stop_lets_the_doors_finish() -> None:
    """What a door had begun is ended before the hub is."""
    serving, finished = asyncio.Event(), []

    async def serve() -> None:
        serving.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            finished.append(True)

    worker, stop = Worker(), asyncio.Event()
    one = hub(worker, Door(serve))
    task = asyncio.create_task(one.run(stop))
    await serving.wait()
    stop.set()
    await task
    assert finished == [True]
    assert worker.stopped


async def test_a_door_that_does_not_finish_is_not_waited_for_forever() -> None:
    """A client that holds a door open can't keep the hub from stopping."""
    serving = asyncio.Event()

    async def serve() -> None:
        serving.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    stop = asyncio.Event()
    task = asyncio.create_task(hub(Worker(), Door(serve), drain=0.01).run(stop))
    await serving.wait()
    stop.set()
    await task


async def test_a_door_that_fails_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One door's fault is logged with its reason, and hurts no other."""
    monkeypatch.setattr(running, "FIRST_PAUSE", 0.0)
    opened, again, other = [], asyncio.Event(), asyncio.Event()

    async def fragile() -> None:
        opened.append(True)
        if len(opened) > 2:
            again.set()
            await asyncio.Event().wait()
        if len(opened) > 1:
            raise FULL

    async def steady() -> None:
        other.set()
        await asyncio.Event().wait()

    stop = asyncio.Event()
    one = hub(Worker(), Door(fragile), Door(steady))
    task = asyncio.create_task(one.run(stop))
    await again.wait()
    await other.wait()
    stop.set()
    await task
    assert [event for event in events(one) if event.startswith("receiver")] == [
        "receiver.ended",
        "receiver.failed",
    ]


async def test_a_worker_that_fails_ends_the_hub() -> None:
    """A supervisor starts it afresh; nobody is left with a hub that takes and never delivers."""
    cancelled = asyncio.Event()

    async def serve() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(ExceptionGroup) as caught:
        await hub(Worker(FULL), Door(serve)).run(asyncio.Event())
    assert caught.value.exceptions == (FULL,)


async def test_a_failed_purge_is_logged_and_the_hub_goes_on() -> None:
    """Old documents stay a little longer; mail flows."""
    stop = asyncio.Event()
    one = hub(Worker())
    store: Any = one.store
    task = asyncio.create_task(one.run(stop))
    await store.purged.wait()
    stop.set()
    await task
    assert events(one) == ["store.not_purged"]
