"""The way out: nothing one operator does disturbs another, and stopping loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.core import calling, worker
from hub.core.normalise import Limits
from hub.core.notice import Notifier
from hub.core.operators import Operators
from hub.core.settle import Settler
from hub.core.submit import Submitter
from hub.core.worker import LATE, SWEEP, Worker
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId
from hub.domain.message import ReceiptKind
from hub.domain.outcome import Outcome
from hub.domain.retry import RetryPolicy
from hub.errors import StoreError, Words
from hub.ports.connector import Capabilities, Parcel
from hub.ports.observer import Event
from hub.ports.queue import Settlement
from hub.testing.contents import MemoryStage
from hub.testing.fakes import (
    FixedChance,
    FixedClock,
    Play,
    RecordingLog,
    RecoveringOperator,
    ScriptedOperator,
)
from tests.unit.core.model_queue import ModelQueue
from tests.unit.core.world import (
    EXPIRY,
    HOSPITAL,
    MARTIN,
    OWN,
    PETIT,
    directory,
    operators,
    register,
    sealer,
    submission,
)

WORDS = Words(en="so", fr="ainsi")
NO_WAIT = RetryPolicy(base=timedelta(0), cap=timedelta(0))
DRAIN = timedelta(seconds=5)


class Running:
    """A worker with a queue that outlives it, and operators that play their scripts."""

    def __init__(
        self,
        ville: ScriptedOperator | None = None,
        valbrume: ScriptedOperator | None = None,
        queue: ModelQueue | None = None,
        table: Operators | None = None,
        **settings: Any,
    ) -> None:
        self.ville, self.valbrume = ville or ScriptedOperator(), valbrume or ScriptedOperator()
        self.clock, self.queue, self.log = FixedClock(), queue or ModelQueue(), RecordingLog()
        self.people = directory()
        self.seen: list[Event] = []
        self.stop = asyncio.Event()
        self.operators = table or operators(self.ville, self.valbrume, **settings)
        self.sealer = sealer(self.clock)
        self.worker = self.new_worker()
        self._number = 0

    def new_worker(self) -> Worker:
        """Make a worker, as a hub that starts does."""
        notifier = Notifier(self.queue, self.operators, self.sealer, OWN)
        return Worker(
            queue=self.queue,
            register=register(self.people, self.operators),
            settler=Settler(notifier, self.clock, FixedChance(5)),
            clock=self.clock,
            log=self.log,
            observe=self.seen.append,
        )

    async def submit(self, *recipients: str, **fields: Any) -> None:
        """Take in a message."""
        self._number += 1
        way_in = Submitter(
            queue=self.queue,
            register=register(self.people, self.operators),
            sealer=self.sealer,
            policies=(),
            limits=Limits(),
            clock=self.clock,
        )
        one = submission(*recipients, key=f"k{self._number}", native_id=f"<{self._number}@x>", **fields)
        await way_in.submit(MemoryStage(), one)
        self.worker.wake()

    @asynccontextmanager
    async def works(self, drain: timedelta = DRAIN) -> AsyncIterator[asyncio.Task[None]]:
        """Let the worker run for a while, and stop it in the end."""
        task = asyncio.create_task(self.worker.run(self.stop, drain))
        try:
            yield task
        finally:
            self.stop.set()
            await task

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something to become true; the test's own timeout is the limit."""
        async with asyncio.timeout(20):
            while not true():
                self.worker.wake()
                await asyncio.sleep(0.001)

    def state(self, recipient: str = MARTIN, *, notices: bool = False) -> State:
        """Return where a recipient's delivery stands."""
        return self.queue.standing(notices=notices)[recipient]


async def test_what_is_submitted_is_delivered() -> None:
    """To each recipient once; the timeline, the log and the observers know."""
    hub = Running()
    async with hub.works():
        await hub.submit(MARTIN, PETIT)
        await hub.until(lambda: len(hub.ville.arrivals) == 2)
    assert hub.queue.standing() == {MARTIN: State.DELIVERED, PETIT: State.DELIVERED}
    assert hub.queue.timeline() == ["message.accepted", "delivery.delivered", "delivery.delivered"]
    assert hub.log.events().count("delivery.delivered") == 2
    assert [event.name for event in hub.seen] == ["delivery.delivered"] * 2


async def test_a_submission_wakes_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the idle pause."""
    monkeypatch.setattr(worker, "IDLE", 3600.0)
    hub = Running()
    async with hub.works(), asyncio.timeout(20):
        await asyncio.sleep(0)
        await hub.submit()
        await hub.ville.begun.wait()


async def test_the_log_names_nobody() -> None:
    """Ids, codes and states only: no address, name, subject or reason."""
    hub = Running(ScriptedOperator({MARTIN: [Play.REFUSED]}))
    async with hub.works():
        await hub.submit(MARTIN, subject="Cancer du sein")
        await hub.until(lambda: bool(hub.valbrume.arrivals))
    said = repr(hub.log.lines)
    for secret in (MARTIN, HOSPITAL, "Cancer", "Aubépine", "no such mailbox"):
        assert secret not in said


async def test_a_refusal_is_told_to_the_sender_once() -> None:
    """By a notice through the operator that the message came from, and no notice about the notice."""
    hub = Running(ScriptedOperator({MARTIN: [Play.REFUSED]}), ScriptedOperator({HOSPITAL: [Play.REFUSED]}))
    async with hub.works():
        await hub.submit(MARTIN, PETIT)
        await hub.until(lambda: hub.queue.standing(notices=True) == {HOSPITAL: State.REFUSED})
    assert hub.state() is State.REFUSED
    assert len(hub.queue.notices) == 1


async def test_a_deferred_delivery_comes_again() -> None:
    """Until it is taken; each attempt counts."""
    hub = Running(ScriptedOperator({MARTIN: [Play.DEFERRED, Play.DEFERRED, Play.DELIVERED]}), retry=NO_WAIT)
    async with hub.works():
        await hub.submit()
        await hub.until(lambda: hub.state() is State.DELIVERED)
    (row,) = hub.queue.rows.values()
    assert row.attempts == 3
    assert [one.addressees[0].attempt for one in hub.ville.parcels] == [1, 2, 3]
    assert len(hub.ville.arrivals) == 1


async def test_an_operator_s_wish_to_wait_is_kept() -> None:
    """It is not tried before, whatever the worker is woken by."""
    hub = Running(ScriptedOperator({MARTIN: [Play.BUSY, Play.DELIVERED]}), retry=NO_WAIT)
    async with hub.works():
        await hub.submit()
        await hub.until(lambda: hub.state() is State.PENDING and len(hub.ville.parcels) == 1)
        for _ in range(20):
            hub.worker.wake()
            await asyncio.sleep(0)
        assert len(hub.ville.parcels) == 1
        hub.clock.advance(timedelta(minutes=10))
        await hub.until(lambda: hub.state() is State.DELIVERED)


async def test_an_operator_that_hangs_slows_nobody_else() -> None:
    """Its lane fills to its limit and no further; everybody else's mail passes."""
    hub = Running(ScriptedOperator({MARTIN: [Play.HANG_AFTER]}), concurrency=2)
    async with hub.works(timedelta(0)):
        for _ in range(5):
            await hub.submit(MARTIN)
        await hub.until(lambda: hub.ville.running == 2)
        for _ in range(5):
            await hub.submit(HOSPITAL)
        await hub.until(lambda: len(hub.valbrume.arrivals) == 5)
        assert hub.ville.most_running == 2


async def test_a_connector_s_own_limit_holds_too() -> None:
    """What the plugin says it can do at once is a bound, whatever the configuration allows."""
    hub = Running(ScriptedOperator(capabilities=Capabilities(max_concurrency=3)), concurrency=50)
    hub.ville.gate.clear()
    async with hub.works():
        for _ in range(20):
            await hub.submit()
        await hub.until(lambda: hub.ville.running == 3)
        hub.ville.gate.set()
        await hub.until(lambda: len(hub.ville.arrivals) == 20)
    assert hub.ville.most_running == 3


async def test_a_backlog_is_claimed_in_batches() -> None:
    """A lane that empties one by one is not refilled one by one."""
    hub = Running(concurrency=20)
    for _ in range(200):
        await hub.submit()
    async with hub.works():
        await hub.until(lambda: len(hub.ville.arrivals) == 200)
    assert hub.queue.asked < 100


async def test_an_operator_that_is_down_is_left_alone() -> None:
    """After so many failures it is tried once in a while; then everything flows again."""
    hub = Running(ScriptedOperator({MARTIN: [Play.DOWN]}), retry=NO_WAIT, breaker_failures=3, concurrency=1)
    async with hub.works():
        await hub.submit()
        await hub.until(lambda: "operator.suspended" in hub.log.events())
        tried = len(hub.ville.parcels)
        assert tried == 3
        for _ in range(50):
            hub.worker.wake()
            await asyncio.sleep(0)
        assert len(hub.ville.parcels) == tried
        hub.ville.script(MARTIN, Play.DELIVERED)
        hub.clock.advance(timedelta(seconds=10))
        await hub.until(lambda: hub.state() is State.DELIVERED)
        assert "operator.resumed" in hub.log.events()


@pytest.mark.parametrize("play", [Play.RAISE_BEFORE, Play.RAISE_AFTER])
async def test_a_connector_that_raises_ends_nothing(play: Play) -> None:
    """The worker goes on, and so does the other recipient's operator."""
    hub = Running(ScriptedOperator({MARTIN: [play]}))
    async with hub.works():
        await hub.submit(MARTIN)
        await hub.until(lambda: bool(hub.ville.parcels))
        await hub.submit(HOSPITAL)
        await hub.until(lambda: len(hub.valbrume.arrivals) == 1)


async def test_a_lost_answer_is_asked_about_and_never_sent_again() -> None:
    """It had arrived: delivered, once."""
    hub = Running(RecoveringOperator({MARTIN: [Play.ANSWER_LOST]}), retry=NO_WAIT)
    async with hub.works():
        await hub.submit()
        await hub.until(lambda: hub.state() is State.DELIVERED)
    assert len(hub.ville.arrivals) == 1
    assert "delivery.uncertain" in hub.queue.timeline()


async def test_what_did_not_arrive_is_sent_again() -> None:
    """The operator said so."""
    hub = Running(RecoveringOperator({MARTIN: [Play.CUT, Play.DELIVERED]}), retry=NO_WAIT)
    async with hub.works():
        await hub.submit()
        await hub.until(lambda: hub.state() is State.DELIVERED)
    assert len(hub.ville.parcels) == 2
    assert len(hub.ville.arrivals) == 1


async def test_what_nobody_can_tell_is_held_and_told_at_its_end() -> None:
    """The sender must not wait for ever, and nothing is sent twice meanwhile."""
    hub = Running(ScriptedOperator({MARTIN: [Play.ANSWER_LOST]}))
    async with hub.works():
        await hub.submit()
        await hub.until(lambda: "delivery.held" in hub.queue.timeline())
        assert hub.state() is State.UNCERTAIN
        hub.clock.advance(EXPIRY)
        await hub.until(lambda: len(hub.valbrume.arrivals) == 1)
    assert hub.state() is State.REFUSED
    assert len(hub.ville.parcels) == 1
    (notice,) = hub.queue.notices
    assert notice.steps[0].code == "outcome.unknown"


async def test_a_second_send_that_is_harmless_is_made() -> None:
    """And the timeline says that there may be a double."""
    hub = Running(
        ScriptedOperator(
            {MARTIN: [Play.ANSWER_LOST, Play.DELIVERED]}, capabilities=Capabilities(resend_harmless=True)
        )
    )
    async with hub.works():
        await hub.submit()
        await hub.until(lambda: hub.state() is State.DELIVERED)
    assert hub.queue.timeline().count("delivery.resent") == 1


async def test_what_went_together_is_asked_about_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly it is settled: one message for several must not come up again one by one."""
    hub = Running(RecoveringOperator({MARTIN: [Play.ANSWER_LOST], PETIT: [Play.ANSWER_LOST]}))
    fixed, settle = hub.clock.now, hub.queue.settle
    settled: list[Sequence[Settlement]] = []

    def ticking() -> datetime:
        hub.clock.advance(timedelta(milliseconds=1))
        return fixed()

    async def noting(settlements: Sequence[Settlement]) -> Sequence[bool]:
        settled.append(settlements)
        return await settle(settlements)

    monkeypatch.setattr(hub.clock, "now", ticking)
    monkeypatch.setattr(hub.queue, "settle", noting)
    async with hub.works():
        await hub.submit(MARTIN, PETIT)
        await hub.until(lambda: bool(settled))
    assert [one.event for one in settled[0]] == ["delivery.uncertain"] * 2
    assert len({one.due_at for one in settled[0]}) == 1


async def test_a_lost_lease_comes_back_as_uncertain() -> None:
    """A hub that was killed: what it had begun is asked about, not sent again."""
    hub = Running(RecoveringOperator({MARTIN: [Play.HANG_AFTER]}), retry=NO_WAIT)
    task = asyncio.create_task(hub.worker.run(hub.stop, DRAIN))
    await hub.submit()
    await hub.until(lambda: len(hub.ville.arrivals) == 1)
    task.cancel()
    await asyncio.wait({task})
    assert hub.state() is State.LEASED
    hub.worker = hub.new_worker()
    hub.clock.advance(timedelta(minutes=7))
    async with hub.works():
        await hub.until(lambda: hub.state() is State.DELIVERED)
    assert len(hub.ville.arrivals) == 1


async def test_what_is_settled_too_late_is_not_stored() -> None:
    """A node that was paused can't settle what another has taken."""
    hub = Running()
    hub.ville.gate.clear()
    async with hub.works():
        await hub.submit()
        await hub.ville.begun.wait()
        await hub.queue.expire_leases(hub.clock.now(), everything=True)
        hub.ville.gate.set()
        await hub.until(lambda: "delivery.lease_lost" in hub.log.events())
    assert "delivery.delivered" not in hub.queue.timeline()
    assert [event.name for event in hub.seen if event.name == "delivery.delivered"] == []


async def test_a_stop_lets_what_runs_finish() -> None:
    """And takes nothing new."""
    hub = Running(concurrency=1)
    hub.ville.gate.clear()
    async with hub.works() as task:
        await hub.submit()
        await hub.submit()
        await hub.ville.begun.wait()
        hub.stop.set()
        await asyncio.sleep(0)
        hub.ville.gate.set()
        await task
    assert len(hub.ville.arrivals) == 1
    assert sorted(row.state for row in hub.queue.rows.values()) == [State.DELIVERED, State.PENDING]


async def test_a_stop_that_can_t_wait_returns_what_had_not_left() -> None:
    """It is due at once for the next start; what may have left is uncertain."""
    hub = Running(ScriptedOperator({MARTIN: [Play.HANG_BEFORE], PETIT: [Play.HANG_AFTER]}))
    async with hub.works(timedelta(milliseconds=10)):
        await hub.submit(MARTIN)
        await hub.submit(PETIT)
        await hub.until(lambda: hub.ville.running == 2)
    assert hub.queue.standing() == {MARTIN: State.PENDING, PETIT: State.UNCERTAIN}
    assert "delivery.returned" in hub.queue.timeline()
    due = [row.due_at for row in hub.queue.rows.values() if row.state is State.PENDING]
    assert due == [hub.clock.now()]


async def test_a_connector_that_will_not_end_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't flood the hub with calls that never end; everybody else's mail passes."""
    monkeypatch.setattr(calling, "LET_GO", 0.01)
    let_go = asyncio.Event()

    class Stubborn(ScriptedOperator):
        async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
            self.parcels.append(parcel)
            while not let_go.is_set():
                try:
                    await let_go.wait()
                except asyncio.CancelledError:
                    continue
            return {}

    hub = Running(
        Stubborn(), retry=NO_WAIT, concurrency=2, deadline=timedelta(milliseconds=10), breaker_failures=99
    )
    async with hub.works():
        for _ in range(5):
            await hub.submit()
        await hub.until(lambda: hub.log.events().count("delivery.deferred") == 2)
        await hub.submit(HOSPITAL)
        await hub.until(lambda: len(hub.valbrume.arrivals) == 1)
        assert len(hub.ville.parcels) == 2
        let_go.set()
        await hub.until(lambda: len(hub.ville.parcels) > 2)


async def test_a_full_disk_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker lives on, and what it knew when the disk filled is stored when there is room."""
    monkeypatch.setattr(worker, "STORE_AGAIN", 0.01)
    hub = Running()

    async with hub.works():
        hub.ville.gate.clear()
        await hub.submit()
        await hub.ville.begun.wait()
        hub.queue.failing = StoreError("store.full", WORDS)
        hub.ville.gate.set()
        await hub.until(lambda: hub.log.events().count("queue.failed") > 3)
        hub.queue.failing = None
        await hub.until(lambda: hub.state() is State.DELIVERED)
    assert len(hub.ville.arrivals) == 1


async def test_what_can_not_be_stored_within_its_lease_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place is free again; once the store works, the lost lease brings it back as uncertain."""
    monkeypatch.setattr(worker, "STORE_AGAIN", 0.01)
    hub = Running(RecoveringOperator())
    async with hub.works():
        hub.ville.gate.clear()
        await hub.submit()
        await hub.ville.begun.wait()
        hub.queue.failing = StoreError("store.full", WORDS)
        hub.ville.gate.set()
        await hub.until(lambda: hub.log.events().count("queue.failed") > 3)
        hub.clock.advance(timedelta(minutes=7))
        await hub.until(lambda: not hub.worker._attempts)
        hub.queue.failing = None
        await hub.until(lambda: hub.state() is State.DELIVERED)
    assert len(hub.ville.arrivals) == 1
    assert "delivery.delivered" in hub.queue.timeline()


async def test_a_full_disk_does_not_keep_the_hub_from_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease brings it back."""
    monkeypatch.setattr(worker, "STORE_AGAIN", 0.01)
    hub = Running()
    async with hub.works(timedelta(milliseconds=10)):
        hub.ville.gate.clear()
        await hub.submit()
        await hub.ville.begun.wait()
        hub.queue.failing = StoreError("store.full", WORDS)
        hub.ville.gate.set()
        await hub.until(lambda: "queue.failed" in hub.log.events())
    assert hub.state() is State.LEASED


async def test_a_queue_that_is_broken_ends_the_worker() -> None:
    """An error that is no StoreError is a fault of ours: better to start again than to go on blindly."""
    hub = Running()

    def fail() -> None:
        raise ZeroDivisionError

    hub.queue.before_settle = fail
    await hub.submit()
    with pytest.raises(ExceptionGroup):
        await hub.worker.run(hub.stop, DRAIN)


async def test_one_message_that_can_t_be_settled_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice that can't be written is a fault; the rest of the mail passes."""
    hub = Running(ScriptedOperator({MARTIN: [Play.REFUSED]}))

    async def broken(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(Notifier, "notice", broken)
    async with hub.works():
        await hub.submit(MARTIN, receipts=(ReceiptKind.FAILURE,))
        await hub.until(lambda: "delivery.unsettled" in hub.log.events())
        monkeypatch.undo()
        await hub.submit(PETIT)
        await hub.until(lambda: hub.state(PETIT) is State.DELIVERED)


async def test_what_an_operator_that_is_gone_had_ends_with_a_notice() -> None:
    """The configuration lost an operator: its deliveries end, and the sender learns it."""
    queue = ModelQueue()
    before = Running(queue=queue)
    await before.submit()
    without_ville = Operators(one for one in before.operators if one.name != "ville")
    hub = Running(queue=queue, table=without_ville, valbrume=before.valbrume)
    async with hub.works():
        hub.clock.advance(EXPIRY)
        await hub.until(lambda: queue.asked > 3)
        assert hub.state() is State.PENDING
        hub.clock.advance(LATE + timedelta(seconds=SWEEP))
        await hub.until(lambda: len(hub.valbrume.arrivals) == 1)
    assert hub.state() is State.EXPIRED


async def test_what_waits_behind_an_operator_that_is_down_ends_too() -> None:
    """Also a delivery that the breaker never lets through, and one whose connector did not open."""
    for down in (ScriptedOperator({MARTIN: [Play.DOWN]}), None):
        valbrume = ScriptedOperator()
        table = operators(down, valbrume, breaker_failures=1, breaker_pause=timedelta(days=9))
        hub = Running(valbrume=valbrume, table=table)
        async with hub.works():
            await hub.submit()
            await hub.until(lambda queue=hub.queue: queue.asked > 2)  # type: ignore[misc]
            hub.clock.advance(EXPIRY + LATE + timedelta(seconds=SWEEP))
            await hub.until(lambda arrived=valbrume.arrivals: len(arrived) == 1)  # type: ignore[misc]
        assert hub.state() is State.EXPIRED


async def test_an_idle_worker_hardly_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Overdue deliveries that have no lane do not make it spin."""
    waits: list[float] = []
    hub = Running(table=operators(None, ScriptedOperator()))
    await hub.submit()
    real = Worker._wait

    async def count(self: Worker, seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            hub.stop.set()
        return await real(self, 0.001)

    monkeypatch.setattr(Worker, "_wait", count)
    async with hub.works():
        await hub.until(lambda: len(waits) >= 3)
    assert waits[0] == worker.IDLE
