"""Receipts from the far side: only the operator that got it may speak, and it counts once."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.acknowledge import DISPLAYED, Acknowledger
from hub.core.notice import Notifier
from hub.domain.address import Address
from hub.domain.delivery import State
from hub.domain.message import ReceiptKind
from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import Words
from hub.ports.intake import Acknowledgement, Peer
from hub.testing.fakes import Play, RecoveringOperator, ScriptedOperator
from tests.unit.core.test_worker import Running
from tests.unit.core.world import HOSPITAL, MARTIN, NOBODY, OWN, PEER, operators

WORDS = Words(en="mailbox is gone", fr="boîte supprimée")
REFUSED = Refused(code="mailbox.gone", reason=WORDS)
ALL = tuple(ReceiptKind)


def speaker() -> Peer:
    """Return the doctors' operator."""
    peer = operators().speaking(["dns:mx.ville.example"])
    assert peer is not None
    return peer


def receipt(outcome: Any = REFUSED, event: str = "acknowledgement.failed", **fields: Any) -> Acknowledgement:
    """Make a receipt for the first message's first recipient."""
    named: dict[str, Any] = {"native_id": "<1@x>", "recipient": Address.parse(MARTIN.upper())}
    return Acknowledgement(outcome=outcome, event=event, **(named | fields))


async def after(
    *plays: Play, operator: ScriptedOperator | None = None, **fields: Any
) -> tuple[Running, Acknowledger]:
    """Run until the message's first attempt has been settled."""
    hub = Running(operator or ScriptedOperator({MARTIN: plays}))
    async with hub.works():
        await hub.submit(**fields)
        await hub.until(lambda: len(hub.queue.timeline()) > 1 and hub.ville.running == 0)
        if plays[0] is Play.ANSWER_LOST:
            await hub.until(lambda: "delivery.held" in hub.queue.timeline())
    acknowledger = Acknowledger(hub.queue, Notifier(hub.queue, hub.operators, hub.sealer, OWN), hub.clock)
    return hub, acknowledger


async def test_a_late_failure_reaches_the_sender_once() -> None:
    """Delivered stays delivered, the timeline says what came after, and the sender is told."""
    hub, acknowledger = await after(Play.DELIVERED)
    for _ in range(3):
        assert await acknowledger.acknowledge(speaker(), receipt())
    assert hub.state() is State.DELIVERED
    assert hub.queue.timeline().count("acknowledgement.failed") == 1
    (notice,) = hub.queue.notices
    assert str(notice.sealed.envelope.message.recipients[0].address) == HOSPITAL
    assert notice.steps[0].code == "mailbox.gone"


@pytest.mark.parametrize(
    ("outcome", "state", "action"),
    [
        (Delivered(receipt="2.0.0"), State.DELIVERED, "delivered"),
        (REFUSED, State.REFUSED, "failed"),
    ],
)
async def test_a_receipt_ends_a_doubt(outcome: Any, state: State, action: str) -> None:
    """The state moves, the sender hears what they asked for, once."""
    hub, acknowledger = await after(Play.ANSWER_LOST, receipts=ALL)
    assert hub.state() is State.UNCERTAIN
    for _ in range(2):
        assert await acknowledger.acknowledge(speaker(), receipt(outcome, "acknowledgement.received"))
    assert hub.state() is state
    (notice,) = hub.queue.notices
    assert notice.sealed.envelope.message.origin.native_id.endswith(f".{action}")


async def test_a_receipt_ends_a_doubt_while_the_operator_is_being_asked() -> None:
    """It is not lost, and what the operator answers after it changes nothing."""
    operator = RecoveringOperator({MARTIN: [Play.ANSWER_LOST]})
    hub = Running(operator)
    acknowledger = Acknowledger(hub.queue, Notifier(hub.queue, hub.operators, hub.sealer, OWN), hub.clock)
    await hub.submit()
    now = hub.clock.now()
    await hub.queue.claim({hub.operators.serving(Address.parse(MARTIN)).name: 1}, now, now)  # type: ignore[union-attr]
    await hub.queue.expire_leases(now, everything=True)
    (asked,) = await hub.queue.claim({one.name: 1 for one in hub.operators}, now, now)
    assert asked.deliveries[0].state is State.UNCERTAIN
    assert await acknowledger.acknowledge(speaker(), receipt(Delivered(receipt="ok")))
    assert hub.state() is State.DELIVERED


async def test_a_delay_ends_nothing() -> None:
    """It is one line more."""
    hub, acknowledger = await after(Play.ANSWER_LOST)
    late = Deferred(code="4.4.1", reason=WORDS)
    assert await acknowledger.acknowledge(speaker(), receipt(late, "acknowledgement.delayed"))
    assert hub.state() is State.UNCERTAIN
    assert hub.queue.notices == []
    assert "acknowledgement.delayed" in hub.queue.timeline()


@pytest.mark.parametrize("peer", [PEER, Peer(name="client:x"), Peer(name="operator:ville")])
async def test_nobody_else_may_speak(peer: Peer) -> None:
    """Not the sender's operator, not a client, not one who only has the name."""
    hub, acknowledger = await after(Play.ANSWER_LOST)
    assert not await acknowledger.acknowledge(peer, receipt())
    assert hub.state() is State.UNCERTAIN
    assert hub.queue.notices == []


@pytest.mark.parametrize(
    "fields",
    [{"native_id": "<2@x>"}, {"recipient": Address.parse(NOBODY)}, {"native_id": None}, {"recipient": None}],
)
async def test_a_receipt_for_nothing_of_ours_is_said_to_be_so(fields: dict[str, Any]) -> None:
    """False, and nothing is stored."""
    hub, acknowledger = await after(Play.DELIVERED)
    before = hub.queue.timeline()
    assert not await acknowledger.acknowledge(speaker(), receipt(**fields))
    assert hub.queue.timeline() == before


async def test_a_display_is_told_when_it_was_asked_for() -> None:
    """And only then."""
    for receipts, told in ((ALL, 2), ((ReceiptKind.FAILURE,), 0)):
        hub, acknowledger = await after(Play.DELIVERED, receipts=receipts)
        assert await acknowledger.acknowledge(speaker(), receipt(Delivered(receipt="displayed"), DISPLAYED))
        assert len(hub.queue.notices) == told
        assert DISPLAYED in hub.queue.timeline()


async def test_who_was_told_of_a_failure_is_not_told_twice() -> None:
    """A bounce after the refusal adds a line; a proof of delivery corrects what was said."""
    hub, acknowledger = await after(Play.REFUSED, receipts=ALL)
    assert await acknowledger.acknowledge(speaker(), receipt())
    assert len(hub.queue.notices) == 1
    assert await acknowledger.acknowledge(
        speaker(), receipt(Delivered(receipt="ok"), "acknowledgement.received")
    )
    assert [one.sealed.envelope.message.origin.native_id.rsplit(".")[-1] for one in hub.queue.notices] == [
        "failed",
        "delivered",
    ]
    assert hub.state() is State.REFUSED


async def test_a_receipt_may_name_the_delivery_or_the_envelope() -> None:
    """By the ids that went out with it."""
    hub, acknowledger = await after(Play.DELIVERED)
    (row,) = hub.queue.rows.values()
    by_delivery = receipt(native_id=None, recipient=None, delivery=row.id)
    by_envelope = receipt(native_id=row.envelope.sealed.envelope.id)
    assert await acknowledger.acknowledge(speaker(), by_delivery)
    assert await acknowledger.acknowledge(speaker(), by_envelope)
    assert len(hub.queue.notices) == 1


async def test_what_a_receipt_says_is_made_fit_to_keep() -> None:
    """Half a character from a foreign server stops nothing."""
    hub, acknowledger = await after(Play.DELIVERED)
    odd = Refused(code="x" * 500, reason=Words(en="\ud800\x00", fr="\ud800"))
    assert await acknowledger.acknowledge(speaker(), receipt(odd, "acknowledgement.failed"))
    (step,) = [one for _, one in hub.queue.steps if one.event == "acknowledgement.failed"]
    assert step.detail is not None
    step.detail.encode()
    assert len(step.code or "") <= 100
