"""The way out: claim what is due, attempt it within each operator's bounds, settle.

One task group; a lane per operator. Stopping is not cancelling: attempts in flight finish within
the drain time, what is left then goes back to the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from hub.core import calling, dispatch
from hub.core.lane import Lane
from hub.core.register import Register
from hub.core.settle import Settler
from hub.domain.delivery import State
from hub.domain.retry import RetryPolicy
from hub.errors import StoreError
from hub.ports.clock import Clock
from hub.ports.host import Log
from hub.ports.observer import Event
from hub.ports.queue import Claimed, Queue, Settlement

T = TypeVar("T")

IDLE: Final = 1.0
"""Seconds between two looks at the queue when nothing wakes the worker."""
STORE_AGAIN: Final = 1.0
"""Seconds before a store that failed is tried again."""
LEASE_MARGIN: Final = timedelta(minutes=2)
"""How much longer than an operator's deadline its lease lasts: the directories are asked before."""
SWEEP: Final = 30.0
"""Seconds between two looks for what is open past its end."""
LATE: Final = timedelta(minutes=5)
"""How long after its end a delivery is left to its operator before the sweep ends it."""
SWEPT: Final = 100
"""Parcels that one sweep takes."""


async def finish(work: Awaitable[T]) -> T:
    """Await `work` to its end even when cancelled, then let the cancellation through."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


class Worker:
    """Delivers until told to stop."""

    def __init__(
        self,
        *,
        queue: Queue,
        register: Register,
        settler: Settler,
        clock: Clock,
        log: Log,
        observe: Callable[[Event], None],
    ) -> None:
        self._queue = queue
        self._register = register
        self._settler = settler
        self._clock = clock
        self._log = log
        self._observe = observe
        self._lanes = {one.name: Lane(one) for one in register.operators}
        longest = max((one.deadline for one in register.operators), default=timedelta(minutes=5))
        self._lease = longest + LEASE_MARGIN
        self._wake = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()
        self._leases_at = self._sweep_at = 0.0
        self._idle = True

    def wake(self) -> None:
        """Say that something may be due."""
        self._wake.set()

    async def run(self, stop: asyncio.Event, drain: timedelta) -> None:
        """Work until `stop` is set, then finish what runs, for at most `drain`.

        A store that fails is tried again. Any other error of the queue ends the worker, and the
        leases bring its deliveries back.
        """
        halt = calling.Halt()
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(self._wake_at(stop))
            while not stop.is_set():
                self._wake.clear()
                try:
                    await self._keep_house()
                    await self._fill(group, halt)
                except StoreError as error:
                    self._log.warning("queue.failed", code=error.code)
                    await self._wait(STORE_AGAIN)
                else:
                    await self._pause()
            await stopping
            await self._drain(drain, halt)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _keep_house(self) -> None:
        now = self._clock.monotonic()
        if now >= self._leases_at:
            await self._queue.expire_leases(self._clock.now())
            self._leases_at = now + self._lease.total_seconds() / 2
        if now >= self._sweep_at:
            swept = await self._sweep()
            self._sweep_at = now if swept == SWEPT else now + SWEEP

    async def _sweep(self) -> int:
        """End what no lane takes: behind a breaker, or of an operator that is gone."""
        now = self._clock.now()
        ended = await self._queue.claim_ended(now - LATE, now, now + self._lease, SWEPT)
        for one in ended:
            if (settlements := await self._settlements(one, dispatch.Attempt())) is not None:
                self._report(one, settlements, await finish(self._queue.settle(settlements)), 0.0)
        return len(ended)

    async def _fill(self, group: asyncio.TaskGroup, halt: calling.Halt) -> None:
        """Claim for every lane what it has room for, and begin."""
        monotonic, now = self._clock.monotonic(), self._clock.now()
        counts = {name: lane.wanted(monotonic) for name, lane in self._lanes.items()}
        wanted = {name: count for name, count in counts.items() if count}
        if not wanted:
            return
        got = dict.fromkeys(wanted, 0)
        for one in await self._queue.claim(wanted, now, now + self._lease):
            lane = self._lanes[one.operator]
            got[one.operator] += 1
            lane.running += 1
            task = group.create_task(self._attempt(one, lane, halt, trial=lane.breaker.begin()))
            self._attempts.add(task)
            task.add_done_callback(self._attempts.discard)
        for name, count in wanted.items():
            self._lanes[name].filled(count, got[name])

    async def _pause(self) -> None:
        """Wait to be woken: by a submission, by an attempt's end, or when something comes up."""
        if self._wake.is_set():
            return
        now = self._clock.monotonic()
        resuming = (lane.breaker.resume_at() for lane in self._lanes.values())
        pause = min((at - now for at in resuming if at is not None and at > now), default=IDLE)
        if self._idle and (due_at := await self._queue.next_due()) is not None:
            # What is overdue and was not claimed has no lane now: nothing to hurry for.
            left = (due_at - self._clock.now()).total_seconds()
            pause = min(pause, left) if left > 0 else pause
        self._idle = not await self._wait(min(pause, IDLE))

    async def _wait(self, seconds: float) -> bool:
        """Wait to be woken for so long; whether somebody did."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        return self._wake.is_set()

    async def _attempt(self, claimed: Claimed, lane: Lane, halt: calling.Halt, *, trial: bool) -> None:
        began = self._clock.monotonic()
        try:
            result = await dispatch.attempt(claimed, lane.operator, self._register, self._clock, halt)
            for call in result.left_behind:
                lane.hold(call, self.wake)
            self._judge(lane, result, trial=trial)
            stored = await finish(self._settle(claimed, lane, result, halt))
            if stored is not None:
                self._report(claimed, *stored, self._clock.monotonic() - began)
        finally:
            lane.running -= 1
            self._wake.set()

    def _judge(self, lane: Lane, result: dispatch.Attempt, *, trial: bool) -> None:
        if not result.asked:
            lane.breaker.skip(trial=trial)
        elif lane.breaker.end(self._clock.monotonic(), failed=result.operator_failed, trial=trial):
            event = "operator.suspended" if lane.breaker.open else "operator.resumed"
            self._log.warning(event, operator=lane.operator.name)

    async def _settle(
        self, claimed: Claimed, lane: Lane, result: dispatch.Attempt, halt: calling.Halt
    ) -> tuple[Sequence[Settlement], Sequence[bool]] | None:
        """Store how an attempt ended, as soon as the store can; None when that was not to be.

        Beyond the lease it is not ours to settle any more.
        """
        until = self._clock.monotonic() + self._lease.total_seconds()
        while True:
            try:
                settlements = await self._settlements(claimed, result, lane.operator.retry)
                return None if settlements is None else (settlements, await self._queue.settle(settlements))
            except StoreError as error:
                self._log.warning("queue.failed", code=error.code, operator=claimed.operator)
            if halt.called.done() or self._clock.monotonic() >= until:
                return None
            await asyncio.wait({halt.called}, timeout=STORE_AGAIN)

    async def _settlements(
        self, claimed: Claimed, result: dispatch.Attempt, retry: RetryPolicy | None = None
    ) -> Sequence[Settlement] | None:
        """Return what to store; None when that fails in itself: one message must not stop the rest."""
        try:
            return await self._settler.settlements(claimed, result, retry or RetryPolicy())
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the lease brings it back, the log says so
            self._log.warning(
                "delivery.unsettled",
                envelope=claimed.sealed.envelope.id,
                operator=claimed.operator,
                error=type(error).__name__,
            )
            return None

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

    async def _drain(self, drain: timedelta, halt: calling.Halt) -> None:
        """Let the attempts in flight finish; then end them, and store what that means."""
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=drain.total_seconds())
        halt.call()
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=2 * calling.LET_GO)
        for task in self._attempts:
            task.cancel()
