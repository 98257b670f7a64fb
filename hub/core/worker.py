"""The way out: claim what is due, attempt it within each operator's bounds, settle.

One task group; a bulkhead and a circuit breaker per operator. Stopping is not cancelling: attempts
in flight finish within the drain time, what is left goes back to the queue as a lost lease.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from hub.core import dispatch
from hub.core.breaker import Breaker
from hub.core.operators import Operator, Operators
from hub.core.settle import Settler
from hub.domain.delivery import State
from hub.domain.ids import OperatorName
from hub.ports.clock import Clock
from hub.ports.directory import Directory
from hub.ports.host import Log
from hub.ports.observer import Event
from hub.ports.queue import Claimed, Queue, Settlement

T = TypeVar("T")

IDLE: Final = 1.0
"""Seconds between two looks at the queue when nothing wakes the worker."""
BLOCKED: Final = 0.2
"""The same while an operator is at its limit or suspended."""
LEASE_MARGIN: Final = timedelta(minutes=1)
"""How much longer than an attempt may last its lease does."""


async def finish(work: Awaitable[T]) -> T:
    """Await `work` to its end even when cancelled, then let the cancellation through."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


@dataclass(slots=True)
class _Lane:
    """One operator's bulkhead: how many attempts run, and its breaker."""

    operator: Operator
    breaker: Breaker
    running: int = 0

    @property
    def limit(self) -> int:
        connector = self.operator.connector
        most = connector.capabilities.max_concurrency if connector else self.operator.concurrency
        return min(self.operator.concurrency, most)


class Worker:
    """Delivers until told to stop."""

    def __init__(
        self,
        *,
        queue: Queue,
        operators: Operators,
        directory: Directory,
        settler: Settler,
        clock: Clock,
        log: Log,
        observe: Callable[[Event], None],
    ) -> None:
        self._queue = queue
        self._directory = directory
        self._settler = settler
        self._clock = clock
        self._log = log
        self._observe = observe
        self._lanes = {
            one.name: _Lane(one, Breaker(one.breaker_failures, one.breaker_pause)) for one in operators
        }
        longest = max((one.deadline for one in operators), default=timedelta(minutes=5))
        self._lease = longest + LEASE_MARGIN
        self._wake = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Say that something may be due."""
        self._wake.set()

    async def run(self, stop: asyncio.Event, drain: timedelta) -> None:
        """Work until `stop` is set, then finish what runs, for at most `drain`."""
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(self._wake_at(stop))
            lost_at = 0.0
            while not stop.is_set():
                if self._clock.monotonic() >= lost_at:
                    await self._queue.expire_leases(self._clock.now())
                    lost_at = self._clock.monotonic() + self._lease.total_seconds() / 2
                self._wake.clear()
                wanted = self._wanted()
                claimed = await self._claim(wanted) if wanted else ()
                for one in claimed:
                    lane = self._lanes[one.operator]
                    lane.running += 1
                    lane.breaker.begin()
                    task = group.create_task(self._attempt(one, lane))
                    self._attempts.add(task)
                    task.add_done_callback(self._attempts.discard)
                if not claimed:
                    await self._pause(blocked=len(wanted) < len(self._lanes))
            await stopping
            await self._drain(drain)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    def _wanted(self) -> dict[OperatorName, int]:
        now = self._clock.monotonic()
        free = {
            name: lane.breaker.allowance(now, lane.limit - lane.running) for name, lane in self._lanes.items()
        }
        return {name: count for name, count in free.items() if count > 0}

    async def _claim(self, wanted: dict[OperatorName, int]) -> Sequence[Claimed]:
        now = self._clock.now()
        return await self._queue.claim(wanted, now, now + self._lease)

    async def _pause(self, *, blocked: bool) -> None:
        """Wait to be woken, for the next due delivery, or for the idle pause.

        With a lane blocked, what is due may be its own: then look again at a measured pace.
        """
        pause = BLOCKED if blocked else await self._until_due()
        if self._wake.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()

    async def _until_due(self) -> float:
        due_at = await self._queue.next_due()
        if due_at is None:
            return IDLE
        return min(max((due_at - self._clock.now()).total_seconds(), 0.01), IDLE)

    async def _attempt(self, claimed: Claimed, lane: _Lane) -> None:
        began = self._clock.monotonic()
        try:
            result = await dispatch.attempt(claimed, lane.operator, self._directory, self._clock)
            self._judge(lane, result)
            settlements = await self._settler.settlements(claimed, lane.operator, result)
            ours = await finish(self._queue.settle(settlements))
            self._report(claimed, settlements, ours, self._clock.monotonic() - began)
        finally:
            lane.running -= 1
            self._wake.set()

    def _judge(self, lane: _Lane, result: dispatch.Attempt) -> None:
        if not result.asked:
            lane.breaker.skip()
        elif lane.breaker.end(self._clock.monotonic(), failed=result.operator_failed):
            event = "operator.suspended" if lane.breaker.open else "operator.resumed"
            self._log.warning(event, operator=lane.operator.name)

    def _report(
        self, claimed: Claimed, settlements: Sequence[Settlement], ours: Sequence[bool], seconds: float
    ) -> None:
        for settlement, stored in zip(settlements, ours, strict=True):
            say = self._log.info if settlement.state is State.DELIVERED else self._log.warning
            say(
                settlement.event if stored else "delivery.lease_lost",
                envelope=settlement.envelope,
                delivery=settlement.delivery,
                operator=claimed.operator,
                state=settlement.state.value,
                code=settlement.code,
                duration_ms=round(seconds * 1000, 1),
            )
            if stored:
                self._observe(
                    Event(
                        name=settlement.event,
                        at=settlement.at,
                        envelope=settlement.envelope,
                        delivery=settlement.delivery,
                        operator=claimed.operator,
                        code=settlement.code,
                    )
                )

    async def _drain(self, drain: timedelta) -> None:
        """Let the attempts in flight finish; what is cancelled comes back as a lost lease."""
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=drain.total_seconds())
        for task in self._attempts:
            task.cancel()
