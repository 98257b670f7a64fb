"""Any history: submissions, every outcome, receipts, crashes, clocks set wrong, a changing directory.

Whatever happens, in whatever order, what the design promises holds: one final state each, the sender
told once, nothing sent twice unless the timeline says so, nothing to those struck off.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.core.acknowledge import Acknowledger
from hub.core.normalise import Limits
from hub.core.notice import Notifier
from hub.core.operators import Operator, Operators
from hub.core.register import Register
from hub.core.settle import Settler
from hub.core.submit import Submitter
from hub.core.worker import LATE, SWEEP, Worker
from hub.domain.address import Address
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, OperatorName
from hub.domain.message import ReceiptKind
from hub.domain.outcome import Delivered, Refused
from hub.errors import InputError, PeerError, TrustError, Words
from hub.ports.connector import Capabilities
from hub.ports.directory import Standing
from hub.ports.intake import Acknowledgement, Peer, Submission, To
from hub.testing.fakes import (
    FixedChance,
    FixedClock,
    NullLog,
    Play,
    RecoveringOperator,
    ScriptedOperator,
    TinyDirectory,
    entry,
)
from hub.testing.memory_queue import MemoryQueue
from tests.unit.core.recorded import Both, Known, Recorded
from tests.unit.core.world import EXPIRY, HOSPITAL, OWN, sealer, submission

KINDS: Final = ("plain", "harmless", "asked")
DOCTORS: Final = [f"{name}@{kind}.example" for kind in KINDS for name in ("anne", "bruno")]
QUIET: Final = 8
"""Turns without a move after which nothing moves any more."""
PLAYS: Final = [play for play in Play if not play.startswith("hang")]
GONE: Final = Refused(code="mailbox.gone", reason=Words(en="gone", fr="partie"))


class CrashError(Exception):
    """The process dies here."""


class History(RuleBasedStateMachine):
    """A hub whose every moment Hypothesis chooses."""

    @initialize()
    def found(self) -> None:
        """Set up a hospital and three operators: one can be asked, one may be sent to twice."""
        self.runner = asyncio.Runner()
        self.clock = FixedClock()
        self.queue = Recorded(self.runner.run(self.open_queue()))
        self.people = TinyDirectory(entry(HOSPITAL), *(entry(one) for one in DOCTORS))
        self.doctors = {
            "plain": ScriptedOperator(),
            "harmless": ScriptedOperator(capabilities=Capabilities(resend_harmless=True, max_recipients=1)),
            "asked": RecoveringOperator(),
        }
        self.hospital = ScriptedOperator()
        named = {**self.doctors, "ch-valbrume": self.hospital}
        self.operators = Operators(
            Operator(name=OperatorName(name), domains=frozenset({f"{name}.example"}), connector=connector)
            for name, connector in named.items()
        )
        self.sealer = sealer(self.clock)
        self.notifier = Notifier(self.queue, self.operators, self.sealer, OWN)
        self.submitted: list[Submission] = []
        self.accepted: set[int] = set()
        self.seen: set[int] = set()
        self.struck: set[str] = set()
        self.behind = timedelta(0)

    @rule(
        who=st.lists(st.sampled_from(DOCTORS), min_size=1, max_size=4, unique=True),
        blind=st.booleans(),
        told=st.booleans(),
    )
    def submit(self, who: list[str], blind: bool, told: bool) -> None:  # noqa: FBT001 - Hypothesis draws them
        """Let somebody at the hospital write."""
        key = f"<{len(self.submitted)}@x>"
        one = submission(
            *(To(target=Address.parse(name), blind=blind and not number) for number, name in enumerate(who)),
            key=key,
            native_id=key,
            receipts=(ReceiptKind.FAILURE,) if told else (),
        )
        self.submitted.append(one)
        self._submit(len(self.submitted) - 1)

    @precondition(lambda self: bool(self.submitted))
    @rule(data=st.data())
    def submit_again(self, data: st.DataObject) -> None:
        """Repeat what the hospital got no answer to."""
        before = len(self.queue.deliveries)
        number = data.draw(st.integers(0, len(self.submitted) - 1))
        known = number in self.accepted
        self._submit(number)
        assert not known or len(self.queue.deliveries) == before

    @rule(plays=st.lists(st.sampled_from(PLAYS), min_size=1, max_size=3), who=st.sampled_from(DOCTORS))
    def rescript(self, plays: list[Play], who: str) -> None:
        """Let an operator treat one of its mailboxes differently from now on."""
        self.doctors[who.partition("@")[2].partition(".")[0]].script(who, *plays)

    @rule()
    def work(self) -> None:
        """Run the hub until nothing moves, and stop it."""
        self.runner.run(self._work(None))

    @rule(after=st.integers(0, 3))
    def crash(self, after: int) -> None:
        """Kill the hub before it can store an attempt's end, and start it again."""
        self.runner.run(self._work(after))
        self.runner.run(self.queue.expire_leases(self.clock.now(), everything=True))

    @rule(by=st.sampled_from([timedelta(seconds=20), timedelta(minutes=3), timedelta(hours=2), EXPIRY]))
    def wait(self, by: timedelta) -> None:
        """Let time pass."""
        self.clock.advance(by)

    @rule(by=st.sampled_from([timedelta(minutes=-3), timedelta(hours=-2), timedelta(hours=2), EXPIRY]))
    def set_clock(self, by: timedelta) -> None:
        """Let the wall clock be set wrong, or right again, while no time passes."""
        self.clock.jump(by)
        self.behind += max(-by, timedelta(0))

    @rule(who=st.sampled_from(DOCTORS), standing=st.sampled_from([Standing.ACTIVE, Standing.STRUCK_OFF]))
    def register(self, who: str, standing: Standing) -> None:
        """Strike somebody off, or reinstate them."""
        self.people.put(entry(who, standing=standing))
        (self.struck.discard if standing is Standing.ACTIVE else self.struck.add)(who)

    @rule(available=st.booleans())
    def directory(self, available: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        """Let the directory go down, or come back."""
        self.people.available = available

    @precondition(lambda self: bool(self.queue.deliveries))
    @rule(data=st.data(), outcome=st.sampled_from([Delivered(receipt="seen"), GONE]))
    def receipt(self, data: st.DataObject, outcome: Delivered | Refused) -> None:
        """Bring a receipt, true or not."""
        new = data.draw(st.sampled_from(list(self.queue.deliveries.values()))).new
        peer = Peer(name=f"operator:{new.operator}", operator=new.operator)
        said = Acknowledgement(outcome=outcome, event="acknowledgement.received", delivery=new.id)
        acknowledger = Acknowledger(self.queue, self.notifier, self.clock)
        assert self.runner.run(acknowledger.acknowledge(peer, said))

    @invariant()
    def nothing_is_sent_twice_unless_the_timeline_says_so(self) -> None:
        """One arrival per delivery, and one more for each second send that was declared harmless."""
        if not hasattr(self, "queue"):
            return
        arrivals = Counter(
            one.delivery for operator in (*self.doctors.values(), self.hospital) for one in operator.arrivals
        )
        resent = Counter(delivery for delivery, event, _ in self.queue.events if event == "delivery.resent")
        for delivery, count in arrivals.items():
            assert count <= 1 + resent[delivery]

    @invariant()
    def no_failure_is_told_twice(self) -> None:
        """Nor to a sender who did not ask."""
        if not hasattr(self, "queue"):
            return
        for delivery, count in self._told().items():
            assert count <= self._wants(self.queue.deliveries[DeliveryId(delivery)])

    def teardown(self) -> None:
        """In the end everybody's delivery has one final state, and who failed is known to the sender."""
        if not hasattr(self, "queue"):
            return
        self.people.available = True
        for _ in range(2):  # what waits, and then the notices about it
            self.clock.advance(EXPIRY + LATE + timedelta(seconds=SWEEP) + self.behind)
            self.work()
        told = self._told()
        for delivery, state in self.runner.run(self.queue.states()).items():
            assert state.final, state
            known = self.queue.deliveries[delivery]
            if known.envelope.peer != "hub" and state in {State.REFUSED, State.EXPIRED}:
                assert told[delivery] == self._wants(known)
        self.runner.run(self.close_queue())
        self.runner.close()

    @invariant()
    def what_is_final_stays(self) -> None:
        """No event moves a delivery that had ended."""
        ended: set[DeliveryId] = set()
        for delivery, _, state in self.queue.events if hasattr(self, "queue") else ():
            assert delivery not in ended
            if state.final:
                ended.add(delivery)

    async def open_queue(self) -> Both:
        """Make the queue that this history happens to."""
        return MemoryQueue(clock=self.clock, chance=FixedChance(9))

    async def close_queue(self) -> None:
        """Close it."""

    @staticmethod
    def _wants(known: Known) -> int:
        return ReceiptKind.FAILURE in known.envelope.sealed.envelope.message.receipts

    def _told(self) -> Counter[str]:
        ids = [one.sealed.envelope.message.origin.native_id for one in self.queue.notices]
        return Counter(one.removesuffix(".failed") for one in ids if one.endswith(".failed"))

    def _submit(self, number: int) -> None:
        way_in = Submitter(
            queue=self.queue,
            register=Register(directory=self.people, operators=self.operators),
            sealer=self.sealer,
            policies=(),
            limits=Limits(),
            clock=self.clock,
        )

        async def submit() -> None:
            stage = self.queue.stage()
            one = self.submitted[number]
            content = await stage.keep(b"Bonjour.")
            await way_in.submit(stage, replace(one, parts=[replace(one.parts[0], content=content)]))

        with contextlib.suppress(InputError, PeerError, TrustError):
            self.runner.run(submit())
            self.accepted.add(number)

    async def _work(self, crash_after: int | None) -> None:
        """Run a worker until nothing moves; with `crash_after`, at most so many settlements are stored."""
        left = crash_after

        def die() -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left < 0:
                    raise CrashError

        self.queue.before_settle = die
        worker = Worker(
            queue=self.queue,
            register=Register(directory=self.people, operators=self.operators),
            settler=Settler(self.notifier, self.clock, FixedChance(len(self.queue.events))),
            clock=self.clock,
            log=NullLog(),
            observe=lambda _: None,
        )
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(stop, timedelta(seconds=9)))
        quiet = 0
        while quiet < QUIET and not task.done():
            before = self.queue.claimed, len(self.queue.events)
            worker.wake()
            await self.breathe()
            running = any(one.running for one in (*self.doctors.values(), self.hospital))
            quiet = 0 if running or before != (self.queue.claimed, len(self.queue.events)) else quiet + 1
        stop.set()
        try:
            await task
        except* CrashError:
            pass
        self._check_the_struck()

    async def breathe(self) -> None:
        """Give everything that is ready its turn."""
        for _ in range(4):
            await asyncio.sleep(0)

    def _check_the_struck(self) -> None:
        arrivals = [one for operator in self.doctors.values() for one in operator.arrivals]
        fresh = {str(one.recipient) for one in arrivals if id(one) not in self.seen}
        self.seen |= {id(one) for one in arrivals}
        assert not fresh & self.struck


History.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestHistory = History.TestCase
