"""Who of several recipients was refused → a notice to the sender, where their protocol can't answer.

Once for each, however often the same submission comes: before that is durable, it is not accepted for its
receiver, who then lets it come again.
"""

from __future__ import annotations

from hub.core.notice import Action, News, Notifier
from hub.ports.clock import Clock
from hub.ports.intake import Accepted
from hub.ports.queue import Queue
from hub.ports.records import Step


class Teller:
    """Tells senders. Notices go the way the message came."""

    def __init__(self, queue: Queue, notifier: Notifier, clock: Clock) -> None:
        self._queue = queue
        self._notifier = notifier
        self._clock = clock

    async def tell(self, peer: str, accepted: Accepted) -> None:
        """Write a line of the timeline and a notice for each who was refused. Raises StoreError."""
        if not accepted.refused:
            return
        sealed = await self._queue.sealed(accepted.envelopes[0])
        if sealed is None:
            return
        for who, why in accepted.refused.items():
            now = self._clock.now()
            news = News(
                delivery=None, recipient=who, action=Action.FAILED, code=why.code, reason=why.reason, at=now
            )
            step = Step(at=now, event="recipient.refused", code=why.code, detail=why.reason.en)
            notice = await self._notifier.notice(sealed, peer, news)
            await self._queue.note(sealed.envelope.id, (step,), f"refused|{who}", notice=notice)
