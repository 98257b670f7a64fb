"""A person moves what waits: forward, to its end, or out of doubt; never what is under way or over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.core.attend import Attendant, Finding
from hub.core.normalise import Limits
from hub.core.notice import Notifier
from hub.core.submit import Submitter
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId
from hub.domain.message import ReceiptKind
from hub.errors import InputError
from hub.testing.fakes import FixedClock
from tests.unit.core.model_queue import ModelQueue, Row
from tests.unit.core.world import OWN, operators, register, sealer, submission

LATER = timedelta(hours=1)


class Desk:
    """A message to one doctor in the queue, and somebody who attends to it."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.queue = ModelQueue()
        self.operators = operators()
        self.sealer = sealer(self.clock)
        notifier = Notifier(self.queue, self.operators, self.sealer, OWN)
        self.attendant = Attendant(self.queue, notifier, self.clock, "camille")

    async def accept(self, state: State = State.PENDING, **fields: Any) -> Row:
        """Accept a message, due later, and bring its delivery to `state`."""
        submitter = Submitter(
            queue=self.queue,
            register=register(table=self.operators),
            sealer=self.sealer,
            policies=(),
            limits=Limits(),
            clock=self.clock,
        )
        await submitter.submit(self.queue.stage(), submission(**fields))
        (row,) = self.queue.rows.values()
        row.state, row.due_at = state, self.clock.now() + LATER
        return row

    def last(self) -> tuple[str, str | None, str | None]:
        """Return event, code and detail of the newest line of the timeline that is not a notice's."""
        steps = [step for _, step in self.queue.steps if step.event != "notice.written"]
        return steps[-1].event, steps[-1].code, steps[-1].detail


@pytest.fixture
def desk() -> Desk:
    """Return a desk with an empty queue."""
    return Desk()


async def test_a_waiting_delivery_is_brought_forward(desk: Desk) -> None:
    """After a repair nobody waits for the back-off to end."""
    row = await desk.accept()
    assert await desk.attendant.retry(row.id) is State.PENDING
    assert row.due_at == desk.clock.now()
    assert desk.last() == ("delivery.retried", "person.decided", "by camille")


async def test_retrying_an_uncertain_one_asks_and_does_not_send(desk: Desk) -> None:
    """It stays uncertain, due now: the operator is asked again."""
    row = await desk.accept(State.UNCERTAIN)
    assert await desk.attendant.retry(row.id) is State.UNCERTAIN
    assert row.due_at == desk.clock.now()
    assert desk.queue.notices == []


async def test_a_cancelled_delivery_is_told_to_its_sender(desk: Desk) -> None:
    """Who asked to hear of failures gets a notice, in the same transaction."""
    row = await desk.accept()
    assert await desk.attendant.cancel(row.id) is State.CANCELLED
    assert row.state is State.CANCELLED
    (notice,) = desk.queue.notices
    assert notice.sealed.envelope.message.in_reply_to == "<1@ch-valbrume.example>"
    assert desk.last() == ("delivery.cancelled", "person.decided", "by camille")


async def test_who_did_not_ask_is_not_told(desk: Desk) -> None:
    """NOTIFY=NEVER holds for a person's decisions too."""
    row = await desk.accept(receipts=())
    await desk.attendant.cancel(row.id)
    assert desk.queue.notices == []


@pytest.mark.parametrize(
    ("finding", "state", "event", "told"),
    [
        (Finding.DELIVERED, State.DELIVERED, "delivery.delivered", 1),
        (Finding.REFUSED, State.REFUSED, "delivery.refused", 1),
        (Finding.NOT_DELIVERED, State.PENDING, "delivery.resent", 0),
    ],
)
async def test_a_person_ends_the_doubt(
    desk: Desk, finding: Finding, state: State, event: str, told: int
) -> None:
    """What a person found out becomes the delivery's outcome, and its sender learns it."""
    row = await desk.accept(State.UNCERTAIN, receipts=tuple(ReceiptKind))
    assert await desk.attendant.settle(row.id, finding) is state
    assert row.state is state
    assert len(desk.queue.notices) == told
    assert desk.last()[0] == event
    assert (row.due_at == desk.clock.now()) == (state is State.PENDING)


@pytest.mark.parametrize(
    ("state", "act", "code"),
    [
        (State.LEASED, "retry", "delivery.leased"),
        (State.LEASED, "cancel", "delivery.leased"),
        (State.DELIVERED, "retry", "delivery.final"),
        (State.CANCELLED, "cancel", "delivery.final"),
        (State.UNCERTAIN, "cancel", "delivery.uncertain"),
        (State.PENDING, "settle", "delivery.not_uncertain"),
        (State.REFUSED, "settle", "delivery.not_uncertain"),
    ],
)
async def test_what_cant_be_moved_says_why(desk: Desk, state: State, act: str, code: str) -> None:
    """The words name the state and what would help; nothing changes."""
    row = await desk.accept(state)
    before = list(desk.queue.steps)
    found = (Finding.DELIVERED,) if act == "settle" else ()
    with pytest.raises(InputError) as caught:
        await getattr(desk.attendant, act)(row.id, *found)
    assert caught.value.code == code
    assert str(row.id) in caught.value.words.fr
    assert (row.state, desk.queue.steps) == (state, before)


async def test_an_unknown_delivery_is_named(desk: Desk) -> None:
    """A mistyped id is not taken for anything else."""
    with pytest.raises(InputError, match=r"delivery\.unknown"):
        await desk.attendant.retry(DeliveryId("0190163d-8694-739b-aea5-966c26f8ad91"))


async def test_a_worker_that_is_quicker_wins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery that was leased between the look and the move is not cancelled under the worker."""
    row = await desk.accept()
    find = desk.queue.find

    async def find_then_lease(**named: Any) -> Any:
        found = await find(**named)
        row.state = State.LEASED
        return found

    monkeypatch.setattr(ModelQueue, "find", lambda _queue, **named: find_then_lease(**named))
    with pytest.raises(InputError, match=r"delivery\.moved"):
        await desk.attendant.cancel(row.id)
    assert row.state is State.LEASED
