"""One item of an inbox: read, taken, acknowledged, in that order.

1. It is downloaded to a stage of its own, or is in the listing already.
2. The first row of `kinds` that fits says what it is; a message is read into a submission.
3. It is submitted, or the report recorded: from here on it is durable.
4. Then, and only then, the operator is told. When that answer is lost, the item comes again, is known by
   its key, and is acknowledged again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.errors import MalformedError, Words
from hub.ports.intake import Intake, Peer, Stage, Submission
from hub_http.description.inbound import Inbox, Kind
from hub_http.description.picking import Meaning
from hub_http.fetching import reports
from hub_http.fetching.arriving import submission_of
from hub_http.fetching.came import Came, scope_of
from hub_http.fetching.downloading import download, whole
from hub_http.fetching.listing import Item
from hub_http.fetching.refusals import UnknownDeliveryError, early
from hub_http.fetching.sorting import kind_of
from hub_http.sending import requests
from hub_http.sending.operator import Operator

_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An item that says something of a delivery."""

    kind: Kind
    came: Came = field(repr=False)
    scope: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An item that was read: what is to be done with it. None is to be ignored."""

    item: Item
    stage: Stage
    what: Submission | Report | None = field(repr=False)

    async def discard(self) -> None:
        """Forget what was downloaded; harmless after a submit."""
        await self.stage.discard()


class Taker:
    """Takes items of one inbox. Several may be read at a time; one at a time is in memory as a whole."""

    def __init__(self, operator: Operator, inbox: Inbox, key: str, intake: Intake) -> None:
        self._operator = operator
        self._inbox = inbox
        self._key = key
        self._intake = intake
        self._reading = asyncio.Lock()

    async def read(self, item: Item, peer: Peer) -> Ready:
        """Download and read an item; nothing is durable yet. Raises all that `fates` tells apart."""
        stage = self._intake.stage()
        try:
            came = await self._come(item, stage)
            async with self._reading:
                return Ready(item=item, stage=stage, what=await self._what(item, came, stage, peer))
        except BaseException:
            await stage.discard()
            raise

    async def take(self, ready: Ready, peer: Peer) -> None:
        """Make an item durable. Raises all that `fates` tells apart, and EarlyError."""
        match ready.what:
            case Submission() as submission:
                await self._intake.submit(ready.stage, submission)
            case Report() as report:
                await self._record(report, peer)
            case None:
                pass

    async def acknowledge(self, item: Item) -> None:
        """Tell the operator that an item was taken. Raises AnswerError, WireFault, PausedError.

        An operator that does not know the item any more was told before.
        """
        if self._inbox.acknowledge is None:
            return
        asked = await requests.ask(self._operator, self._inbox.acknowledge, self._scope(item))
        if asked.judgement.meaning is not Meaning.GONE and asked.judgement.status != _NOT_FOUND:
            asked.expect()

    async def _come(self, item: Item, stage: Stage) -> Came:
        if self._inbox.download is None:
            return Came(answered=item.member)
        return await download(
            self._operator, self._inbox.download, self._inbox.more, self._scope(item), stage
        )

    async def _what(self, item: Item, came: Came, stage: Stage, peer: Peer) -> Submission | Report | None:
        limit = self._operator.description.limits.max_structured

        async def read_whole(one: Came) -> Came:
            return await whole(one, limit)

        scope = scope_of(self._operator, came.answered, item=item.scope)
        number, kind, came = await kind_of(self._inbox.kinds, came, scope, read_whole)
        within = f"{self._key}.kinds[{number}]"
        match kind.is_:
            case "message" if kind.message is not None:
                return await submission_of(
                    kind.message,
                    came,
                    stage,
                    operator=self._operator,
                    peer=peer,
                    scope={"item": item.scope},
                    within=f"{within}.message",
                )
            case "report" if kind.about is not None:
                return Report(kind=kind, came=came, scope=scope)
            case "ignored":
                return None
        raise _incomplete(within)

    async def _record(self, report: Report, peer: Peer) -> None:
        """Record a report. One that matches nothing is let go, unless its send may still be under way."""
        # what is learnt meanwhile must not be taken for what was known before
        in_the_air = self._operator.flights.in_the_air
        about = report.kind.about
        if about is None:
            raise _incomplete(self._key)
        try:
            matched = await reports.record(
                about,
                report.kind.events,
                report.came.answered,
                report.scope,
                operator=self._operator,
                intake=self._intake,
                peer=peer,
            )
        except UnknownDeliveryError as error:
            if in_the_air:
                raise early() from error
            matched = False
        if not matched:
            self._operator.host.log.warning(
                "fetch.report_unmatched", operator=self._operator.name, part=self._key
            )

    def _scope(self, item: Item) -> Mapping[str, Any]:
        return scope_of(self._operator, item=item.scope)


def _incomplete(within: str) -> MalformedError:
    return MalformedError(
        "arrived.malformed",
        Words(
            en=f"The description does not say how `{within}` is read.",
            fr=f"La description ne dit pas comment lire `{within}`.",
        ),
        field=within,
    )
