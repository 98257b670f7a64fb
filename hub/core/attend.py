"""What a person may do to a delivery that is not under way: bring it forward, cancel it, settle it.

Each move leaves a line in the message's timeline that says who made it, and tells the sender what
they asked to hear of, in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.core.notice import Action, News, Notifier
from hub.core.settle import TAKEN
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId
from hub.errors import InputError, Words
from hub.ports.clock import Clock
from hub.ports.queue import Matched, NewEnvelope, Queue
from hub.ports.records import Step

DECIDED: Final = "person.decided"
"""The code of every line that a person's decision leaves."""

CANCELLED: Final = Words(
    en="The delivery was cancelled by those who run the hub.",
    fr="La remise a été annulée par les exploitants du hub.",
)
NOT_TAKEN: Final = Words(
    en="Those who run the hub established that the recipient's operator refused it.",
    fr="Les exploitants du hub ont établi que l'opérateur du destinataire l'a refusée.",
)


class Finding(StrEnum):
    """What a person found out about a delivery whose outcome was uncertain."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not-delivered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One move: its timeline event, and what the sender hears."""

    state: State
    event: str
    due: bool = False
    tell: Action | None = None
    reason: Words = TAKEN


_FOUND: Final = {
    Finding.DELIVERED: _Change(state=State.DELIVERED, event="delivery.delivered", tell=Action.DELIVERED),
    Finding.NOT_DELIVERED: _Change(state=State.PENDING, event="delivery.resent", due=True),
    Finding.REFUSED: _Change(
        state=State.REFUSED, event="delivery.refused", tell=Action.FAILED, reason=NOT_TAKEN
    ),
}


class Attendant:
    """Moves deliveries on the word of one person. `by` is how the timeline names them."""

    def __init__(self, queue: Queue, notifier: Notifier, clock: Clock, by: str) -> None:
        self._queue = queue
        self._notifier = notifier
        self._clock = clock
        self._by = by

    async def retry(self, delivery: DeliveryId) -> State:
        """Make a waiting delivery due now, or have the operator asked again about an uncertain one.

        Never sends an uncertain one again. Raises InputError, with why not, and StoreError.
        """
        matched = await self._matched(delivery)
        if matched.state not in {State.PENDING, State.UNCERTAIN}:
            raise _stuck(matched)
        return await self._move(matched, _Change(state=matched.state, event="delivery.retried", due=True))

    async def cancel(self, delivery: DeliveryId) -> State:
        """Give up a waiting delivery. Raises InputError, with why not, and StoreError."""
        matched = await self._matched(delivery)
        if matched.state is State.UNCERTAIN:
            raise _error(
                "delivery.uncertain",
                matched.delivery,
                "may have arrived already, so it can't be cancelled; when you know, say so with"
                " `hub queue settle`",
                "est peut-être déjà arrivée : elle ne s'annule pas ; dès que vous savez, dites-le avec"
                " `hub queue settle`",
            )
        if matched.state is not State.PENDING:
            raise _stuck(matched)
        change = _Change(
            state=State.CANCELLED, event="delivery.cancelled", tell=Action.FAILED, reason=CANCELLED
        )
        return await self._move(matched, change)

    async def settle(self, delivery: DeliveryId, finding: Finding) -> State:
        """End an uncertain delivery's doubt. Raises InputError, with why not, and StoreError."""
        matched = await self._matched(delivery)
        if matched.state is not State.UNCERTAIN:
            raise _error(
                "delivery.not_uncertain",
                matched.delivery,
                f"is {matched.state.value}, not uncertain: there is nothing to settle",
                f"est à l'état {matched.state.value}, sans incertitude : il n'y a rien à trancher",
            )
        return await self._move(matched, _FOUND[finding])

    async def _matched(self, delivery: DeliveryId) -> Matched:
        matched = await self._queue.find(delivery=delivery)
        if matched is None:
            raise _error(
                "delivery.unknown",
                delivery,
                "is no delivery of this hub; `hub queue list` names them",
                "n'est pas une remise de ce hub ; `hub queue list` les nomme",
            )
        return matched

    async def _move(self, matched: Matched, change: _Change) -> State:
        now = self._clock.now()
        step = Step(
            at=now, event=change.event, delivery=matched.delivery, code=DECIDED, detail=f"by {self._by}"
        )
        before = await self._queue.move(
            matched.delivery,
            change.state,
            step,
            due_at=now if change.due else None,
            notice=await self._notice(matched, change, now),
        )
        if before is not matched.state:
            raise _error(
                "delivery.moved",
                matched.delivery,
                "changed its state at this very moment; look at it again",
                "vient de changer d'état ; regardez-la de nouveau",
            )
        return change.state

    async def _notice(self, matched: Matched, change: _Change, now: datetime) -> NewEnvelope | None:
        if change.tell is None:
            return None
        news = News(
            delivery=matched.delivery,
            recipient=matched.sealed.envelope.message.recipients[matched.position],
            action=change.tell,
            code=DECIDED,
            reason=change.reason,
            at=now,
        )
        return await self._notifier.notice(matched.sealed, matched.peer, news)


def _stuck(matched: Matched) -> InputError:
    if matched.state is State.LEASED:
        return _error(
            "delivery.leased",
            matched.delivery,
            "is being delivered at this moment; look again when the attempt has ended",
            "est en cours de remise ; regardez de nouveau quand la tentative sera finie",
        )
    return _error(
        "delivery.final",
        matched.delivery,
        f"has ended as {matched.state.value}, and what has ended does not move any more",
        f"s'est terminée à l'état {matched.state.value} : ce qui est fini ne bouge plus",
    )


def _error(code: str, delivery: DeliveryId, en: str, fr: str) -> InputError:
    return InputError(code, Words(en=f"{delivery} {en}.", fr=f"{delivery} {fr}."), delivery=delivery)
