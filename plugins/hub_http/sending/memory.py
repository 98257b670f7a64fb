"""What is written into the ledger of a send, and when: only as much as the description makes necessary.

1. Before a request that may make the message leaves, that it does: for sends that are recovered by reading,
   for messages to several, and where drafts are used again.
2. The operator's own id, before the next request.
3. Before the message counts as delivered, what its receipts and tracking will need.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.ports.ledger import Line
from hub_http.description.inbound import Inbox, Kind
from hub_http.description.model import Description
from hub_http.sending import lines
from hub_http.sending.call import Call, next_id
from hub_http.sending.lines import Sent
from hub_http.sending.operator import Operator
from hub_http.sending.outcomes import Rules


class Memory:
    """The ledger of one operator, as sends use it. All raise StoreError."""

    def __init__(self, operator: Operator, rules: Rules) -> None:
        self._operator = operator
        self._rules = rules
        self._many = rules.send.recipients == "many"
        self._track = operator.description.track
        self._marks = rules.knows_what_left or self._many
        self._receipts = self._track is not None or _speaks_of_remote(operator.description)

    async def resume(self, call: Call) -> None:
        """Let a call go on from what an earlier attempt reached, where that is safe.

        Only with an id that the operator knows again: its draft is used once more, instead of one more
        under an id that it has seen. Only for exactly the same recipients.
        """
        if call.attempt < 2 or not self._rules.knows_what_left:  # noqa: PLR2004 - there was none before
            return
        sent = await lines.of_delivery(self._operator.ledger, call.deliveries[0])
        if sent is not None and self._shared(call, sent.call):
            sent = await lines.of_ours(self._operator.ledger, sent.call)
        if sent is None or set(sent.recipients.values()) != set(call.deliveries):
            return
        call.left_at = sent.left_at
        if self._rules.resumes:
            call.id = sent.call
            call.remote, call.taken = sent.remote, dict(sent.taken)
            call.resumed = sent.remote is not None

    async def before_request(self, call: Call, *, message: bool) -> None:
        """Write what must be durable before the next request leaves."""
        marks = message and self._marks and not call.marked
        if marks:
            call.left_at, call.marked = self._operator.host.clock.now(), True
        if marks or call.dirty:
            await self._put(call)

    async def burn(self, call: Call) -> None:
        """Take another id next time: the operator knows this one, and has no message of it."""
        call.id, call.remote, call.taken, call.left_at = next_id(call), None, {}, None
        await self._put(call)

    async def lost(self, call: Call) -> None:
        """Write that the answer was lost now: the request may have been under way for long."""
        if self._marks:
            call.left_at = self._operator.host.clock.now()
            await self._put(call)

    async def delivered(self, call: Call) -> None:
        """Write what receipts and tracking will need."""
        if self._track is None and not (call.dirty and self._receipts):
            return
        every = None if self._track is None else self._operator.host.clock.now() + self._track.every
        await self._put(call, due_at=every)

    def _shared(self, call: Call, id_: str) -> bool:
        """Whether the line of a call of its own holds what deliveries' lines would."""
        return self._many or id_ != call.deliveries[0]

    async def _put(self, call: Call, *, due_at: datetime | None = None) -> None:
        await self._operator.ledger.put(*self._lines(call, due_at))
        call.dirty = False
        self._operator.flights.learnt()

    def _lines(self, call: Call, due_at: datetime | None) -> Iterator[Line]:
        sent = call.sent
        until = call.parcel.sealed.envelope.expires_at
        if self._track is not None:
            until = max(until, self._operator.host.clock.now() + self._track.until)
        until += lines.KEPT
        if not self._shared(call, call.id):
            yield lines.line_of(lines.key_of(call.id), sent, until, due_at=due_at)
            return
        for key, delivery in sent.recipients.items():
            own = Sent(call=call.id, recipients={key: delivery})
            yield lines.line_of(lines.key_of(delivery), own, until, alias=False)
        yield lines.line_of(lines.call_key(call.id), sent, until, due_at=due_at)


def _speaks_of_remote(description: Description) -> bool:
    """Whether anything that comes from the operator names a message by the operator's own id."""
    return any(kind.about is not None and kind.about.remote is not None for kind in _kinds(description))


def _kinds(description: Description) -> Iterator[Kind]:
    inboxes: tuple[Inbox | None, ...] = (description.inbox, description.receipts)
    for inbox in inboxes:
        if inbox is not None:
            yield from inbox.kinds
    for webhook in description.webhooks.values():
        yield from webhook.kinds
