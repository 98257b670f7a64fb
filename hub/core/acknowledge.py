"""Receipts from the far side → their delivery → its timeline, and the sender when it matters."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hub.core import answers
from hub.core.notice import Action, News, Notifier
from hub.core.settle import TAKEN
from hub.domain.delivery import State
from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import Words
from hub.ports.clock import Clock
from hub.ports.intake import Acknowledgement, Peer
from hub.ports.queue import Matched, NewEnvelope, Queue
from hub.ports.records import Step

DISPLAYED: Final = "acknowledgement.displayed"
"""The event of a receipt that says that a person was shown the message (RFC 8098)."""
_DISPLAYED: Final = Words(en="The message was displayed.", fr="Le message a été affiché.")
_NOT_TOLD_OF_FAILURE: Final = frozenset({State.LEASED, State.UNCERTAIN, State.DELIVERED})
_NOT_TOLD_OF_DELIVERY: Final = frozenset({State.UNCERTAIN, State.REFUSED, State.EXPIRED})
"""Who was told of a failure hears it when the message arrived all the same."""


class Acknowledger:
    """Matches receipts. Only the operator that got a delivery may speak of it."""

    def __init__(self, queue: Queue, notifier: Notifier, clock: Clock) -> None:
        self._queue = queue
        self._notifier = notifier
        self._clock = clock

    async def acknowledge(self, peer: Peer, receipt: Acknowledgement) -> bool:
        """Record `receipt` once; False when it names no delivery that `peer` may speak of."""
        receipt = _clean(receipt)
        matched = await self._queue.find(
            delivery=receipt.delivery,
            correlation=receipt.native_id,
            recipient=receipt.recipient.key if receipt.recipient else None,
        )
        if matched is None or peer.operator != matched.operator:
            return False
        step = _step(receipt, matched, self._clock)
        notice = await self._notice(receipt, matched)
        # 1. A delivery whose outcome was uncertain is settled by the receipt.
        if matched.state is State.UNCERTAIN and not isinstance(receipt.outcome, Deferred):
            state = State.DELIVERED if isinstance(receipt.outcome, Delivered) else State.REFUSED
            before = await self._queue.move(matched.delivery, state, step, due_at=None, notice=notice)
            if before is State.UNCERTAIN:
                return True
        # 2. For any other it is one more line of the timeline; its state is final already.
        key = f"{matched.delivery}|{step.event}|{step.code}"
        await self._queue.note(matched.envelope, (step,), key, notice=notice)
        return True

    async def _notice(self, receipt: Acknowledgement, matched: Matched) -> NewEnvelope | None:
        match receipt.outcome:
            case Refused(code=code, reason=reason) if matched.state in _NOT_TOLD_OF_FAILURE:
                action = Action.FAILED
            case Delivered() if receipt.event == DISPLAYED:
                action, code, reason = Action.DISPLAYED, "displayed", _DISPLAYED
            case Delivered() if matched.state in _NOT_TOLD_OF_DELIVERY:
                action, code, reason = Action.DELIVERED, "delivered", TAKEN
            case _:
                return None
        news = News(
            delivery=matched.delivery,
            recipient=matched.sealed.envelope.message.recipients[matched.position],
            action=action,
            code=code,
            reason=reason,
            at=self._clock.now(),
        )
        return await self._notifier.notice(matched.sealed, matched.peer, news)


def _clean(receipt: Acknowledgement) -> Acknowledgement:
    outcome = answers.outcome_of(receipt.outcome)
    if isinstance(outcome, Delivered | Deferred | Refused):
        return replace(receipt, outcome=outcome, event=answers.code(receipt.event))
    raise TypeError("a receipt says delivered, deferred or refused")


def _step(receipt: Acknowledgement, matched: Matched, clock: Clock) -> Step:
    outcome = receipt.outcome
    return Step(
        at=clock.now(),
        event=receipt.event,
        delivery=matched.delivery,
        code=None if isinstance(outcome, Delivered) else outcome.code,
        detail=outcome.receipt if isinstance(outcome, Delivered) else outcome.reason.en,
    )
