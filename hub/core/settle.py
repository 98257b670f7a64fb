"""What an attempt's verdict means for a delivery: its next state, when it is due, who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.core.calling import Returned
from hub.core.dispatch import Attempt, Resend, Unasked, Verdict
from hub.core.notice import Action, News, Notifier
from hub.domain.delivery import State
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.retry import RetryPolicy, next_attempt
from hub.errors import Words
from hub.ports.clock import Chance, Clock
from hub.ports.queue import Claimed, ClaimedDelivery, Settlement
from hub.ports.records import Step

ASK_AGAIN: Final = timedelta(minutes=2)
"""The pause before an operator is asked again about an uncertain delivery."""

TAKEN: Final = Words(
    en="The recipient's operator has taken responsibility for it.",
    fr="L'opérateur du destinataire en a pris la responsabilité.",
)
EXPIRED: Final = Words(
    en="The message could not be delivered before its end.",
    fr="Le message n'a pas pu être remis avant son échéance.",
)
OUTCOME_UNKNOWN: Final = Words(
    en="The message may have arrived, but nobody can tell: ask the recipient.",
    fr="Le message est peut-être arrivé, mais nul ne peut le dire : demandez au destinataire.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a delivery. `tell` is what the sender hears, when they asked for it."""

    state: State
    event: str
    code: str | None = None
    reason: Words | None = None
    detail: str | None = None
    due_at: datetime | None = None
    tell: Action | None = None


def fate(
    verdict: Verdict | None,
    state: State,
    *,
    now: datetime,
    expires_at: datetime,
    next_try: Callable[[Deferred], datetime | None],
) -> Fate:
    """Decide. `state` is LEASED or UNCERTAIN.

    `verdict` is None for what nobody was asked about because it was past its end.
    """
    match verdict:
        case Delivered(receipt=receipt):
            return Fate(
                state=State.DELIVERED,
                event="delivery.delivered",
                reason=TAKEN,
                detail=receipt,
                tell=Action.DELIVERED,
            )
        case Refused(code=code, reason=reason):
            return _refused(code, reason)
        case Deferred():
            return _deferred(verdict, state, now, next_try(verdict))
        case _ if state is State.UNCERTAIN and now >= expires_at:
            # Nobody can tell any more: the sender must not wait for ever.
            return _refused("outcome.unknown", OUTCOME_UNKNOWN)
        case _:
            return _without_answer(verdict, state, now, expires_at)


def _deferred(verdict: Deferred, state: State, now: datetime, due_at: datetime | None) -> Fate:
    if due_at is None and state is State.LEASED:
        return _expired(verdict.code, verdict.reason)
    return Fate(
        state=State.PENDING,
        event="delivery.deferred",
        code=verdict.code,
        reason=verdict.reason,
        due_at=due_at or now,
    )


def _without_answer(
    verdict: Uncertain | Resend | Returned | Unasked | None, state: State, now: datetime, expires_at: datetime
) -> Fate:
    match verdict:
        case None:
            return _expired("expired", EXPIRED)
        case Returned():
            return Fate(state=State.PENDING, event="delivery.returned", code="hub.stopping", due_at=now)
        case Resend():
            return Fate(state=State.PENDING, event="delivery.resent", code="possible-double", due_at=now)
        case Uncertain(code=code, reason=reason):
            later = max(min(now + ASK_AGAIN, expires_at), now)
            return Fate(
                state=State.UNCERTAIN,
                event="delivery.uncertain",
                code=code,
                reason=reason,
                due_at=now if state is State.LEASED else later,
            )
        case Unasked():
            # A receipt or a person may settle it until the envelope's end.
            return Fate(
                state=State.UNCERTAIN,
                event="delivery.held",
                code="person.needed",
                reason=OUTCOME_UNKNOWN,
                due_at=expires_at,
            )


def _refused(code: str, reason: Words) -> Fate:
    return Fate(state=State.REFUSED, event="delivery.refused", code=code, reason=reason, tell=Action.FAILED)


def _expired(code: str, reason: Words) -> Fate:
    return Fate(state=State.EXPIRED, event="delivery.expired", code=code, reason=reason, tell=Action.FAILED)


def _decided(one: ClaimedDelivery, attempt: Attempt, now: datetime) -> tuple[Step, ...]:
    """Say which versions of directory and trust list let an attempt go on, or refused it.

    Not told of what nothing came of: a delivery that is tried again is decided anew.
    """
    verdict = attempt.verdicts.get(one.id)
    source = attempt.sources.get(one.id) or (verdict.source if isinstance(verdict, Refused) else None)
    if source is None:
        return ()
    return (Step(at=now, event="directory.answered", delivery=one.id, detail=source),)


class Settler:
    """Turns verdicts into settlements, notices included."""

    def __init__(self, notifier: Notifier, clock: Clock, chance: Chance) -> None:
        self._notifier = notifier
        self._clock = clock
        self._chance = chance

    async def settlements(self, claimed: Claimed, attempt: Attempt, retry: RetryPolicy) -> list[Settlement]:
        """Return one settlement per delivery of the parcel. Raises StoreError."""
        # One moment for all: what is asked about again comes up together, as it went.
        now = self._clock.now()
        return [await self._settlement(claimed, one, attempt, retry, now) for one in claimed.deliveries]

    async def _settlement(
        self, claimed: Claimed, one: ClaimedDelivery, attempt: Attempt, retry: RetryPolicy, now: datetime
    ) -> Settlement:
        envelope = claimed.sealed.envelope

        def next_try(deferred: Deferred) -> datetime | None:
            return next_attempt(
                retry,
                attempts=max(one.attempts, 1),
                now=now,
                expires_at=envelope.expires_at,
                chance=self._chance.fraction(),
                retry_after=deferred.retry_after,
            )

        end = fate(
            attempt.verdicts.get(one.id),
            one.state,
            now=now,
            expires_at=envelope.expires_at,
            next_try=next_try,
        )
        notice = None
        if end.tell is not None:
            news = News(
                delivery=one.id,
                recipient=envelope.message.recipients[one.position],
                action=end.tell,
                code=end.code or end.tell.value,
                reason=end.reason or EXPIRED,
                at=now,
            )
            notice = await self._notifier.notice(claimed.sealed, claimed.peer, news)
        return Settlement(
            delivery=one.id,
            envelope=envelope.id,
            lease=one.lease,
            state=end.state,
            at=now,
            event=end.event,
            code=end.code,
            reason=end.reason,
            detail=end.detail,
            due_at=end.due_at,
            attempted=attempt.asked,
            notice=notice,
            steps=() if end.state is State.PENDING else _decided(one, attempt, now),
        )
