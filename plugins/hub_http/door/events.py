"""What a call says, event by event: each is taken once.

Of a batch every event is tried: when one can't be taken now, the whole call is answered 503 and comes again,
and what was taken of it does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from hub.errors import HubError, InputError, LimitError, TrustError, Words
from hub.ports.content import PIECE, Content
from hub.ports.intake import Intake, Peer, Stage
from hub_http.description.inbound import Kind, Webhook
from hub_http.door import faults
from hub_http.door.replay import Seen
from hub_http.fetching import reports
from hub_http.fetching.arriving import submission_of
from hub_http.fetching.came import Came, scope_of
from hub_http.fetching.refusals import UnknownDeliveryError
from hub_http.fetching.values import Picks
from hub_http.mapping.answered import Answered
from hub_http.sending.classify import fits
from hub_http.sending.operator import Operator

MOST_EVENTS: Final = 1000
"""Events of one call."""


class Events:
    """The events of one webhook."""

    def __init__(self, operator: Operator, intake: Intake, name: str, webhook: Webhook) -> None:
        self._operator = operator
        self._intake = intake
        self._name = name
        self._webhook = webhook
        self._seen = Seen(
            operator.ledger, operator.host.clock, name, webhook.verify.tolerance or timedelta(0)
        )

    async def take(self, call: Answered, said_at: str, peer: Peer) -> dict[int, HubError]:
        """Take every event; return those that were refused for good, by their place in the batch."""
        events = self._events(call)
        until = asyncio.get_running_loop().time() + self._webhook.early.total_seconds()
        taken: list[str] = []
        refused: dict[int, HubError] = {}
        failed: Exception | None = None
        for position, event in enumerate(events):
            try:
                key = self._key(call, event, said_at, position)
                if await self._seen.knows(key):
                    continue
                await self._event(event, peer, until, payload=call.body if event is call else None)
                taken.append(key)
            except HubError as error:
                if _lasting(error) and self._webhook.each is not None:
                    refused[position] = error
                    self._log("door.event_refused", error)
                else:
                    failed = failed or error
        if taken:
            await self._seen.taken(*taken)
        if failed is not None:
            raise failed
        return refused

    def _events(self, call: Answered) -> Sequence[Answered]:
        if self._webhook.each is None:
            return (call,)
        picks = Picks(answered=call, scope=scope_of(self._operator, call), within=f"webhooks.{self._name}")
        members = picks.members("each", self._webhook.each)
        if len(members) > MOST_EVENTS:
            raise LimitError(
                "door.too_many",
                Words(
                    en=f"One call says at most {MOST_EVENTS} things; call several times.",
                    fr=f"Un appel dit au plus {MOST_EVENTS} choses ; appelez plusieurs fois.",
                ),
                limit=MOST_EVENTS,
            )
        return [Answered.of(one, within=call) for one in members]

    def _key(self, call: Answered, event: Answered, said_at: str, position: int) -> str:
        if self._webhook.id is None:
            return self._seen.by_digest(call.body, said_at, position)
        scope = scope_of(self._operator, event)
        picks = Picks(answered=event, scope=scope, within=f"webhooks.{self._name}")
        return self._seen.by_id(picks.needed("id", self._webhook.id))

    async def _event(self, event: Answered, peer: Peer, until: float, payload: bytes | None) -> None:
        scope = scope_of(self._operator, event)
        kind = next((one for one in self._webhook.kinds if fits(one, event, scope)), None)
        if kind is None:
            raise faults.of_no_kind()
        match kind.is_:
            case "message":
                await self._message(kind, event, peer, payload)
            case "report":
                await self._report(kind, event, peer, until)
            case "ignored":
                return

    async def _message(self, kind: Kind, event: Answered, peer: Peer, payload: bytes | None) -> None:
        if kind.message is None:
            raise faults.of_no_kind()
        stage = self._intake.stage()
        try:
            came = Came(answered=event, payload=None if payload is None else await _kept(stage, payload))
            submission = await submission_of(
                kind.message,
                came,
                stage,
                operator=self._operator,
                peer=peer,
                within=f"webhooks.{self._name}.message",
            )
            await self._intake.submit(stage, submission)
        finally:
            # After a commit this is harmless; after a repetition there are contents that nobody wants.
            await stage.discard()

    async def _report(self, kind: Kind, event: Answered, peer: Peer, until: float) -> None:
        """Record a report; one about a message that is just being sent waits for the send's answer."""
        if kind.about is None:
            raise faults.of_no_kind()
        scope, flights = scope_of(self._operator, event), self._operator.flights
        while True:
            news, in_the_air = flights.news, flights.in_the_air
            try:
                matched = await reports.record(
                    kind.about,
                    kind.events,
                    event,
                    scope,
                    operator=self._operator,
                    intake=self._intake,
                    peer=peer,
                )
            except UnknownDeliveryError as error:
                if not in_the_air:
                    self._log("door.unmatched", error)
                    return
                try:
                    async with asyncio.timeout_at(until):
                        await news.wait()
                except TimeoutError:
                    raise faults.early() from None
            else:
                if not matched:
                    self._log("door.unmatched")
                return

    def _log(self, event: str, error: HubError | None = None) -> None:
        self._operator.host.log.warning(
            event, operator=self._operator.name, code=None if error is None else error.code
        )


def _lasting(error: HubError) -> bool:
    """Whether the same call again would meet the same error."""
    return isinstance(error, InputError | TrustError)


async def _kept(stage: Stage, data: bytes) -> Content:
    if len(data) <= PIECE:
        return await stage.keep(data)
    sink = stage.sink()
    for at in range(0, len(data), PIECE):
        await sink.write(data[at : at + PIECE])
    return await sink.finish()
