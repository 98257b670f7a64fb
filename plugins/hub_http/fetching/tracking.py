"""Asking the operator what became of what it took, until that is final or `until` is over.

A line of the ledger comes up (`due_at`); the answer becomes receipts; then, and only then, the line is put
off, or asked about no more. The pause grows with the time since the send, from `every` to ten times that.
When the operator fails, nothing is asked until a pause is over. What fails for one line alone puts that line
off: it stands before no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.errors import ConfigError, HubError
from hub.ports.intake import Acknowledgement, Intake, Peer
from hub.ports.ledger import Line
from hub_http.description.inbound import Track
from hub_http.description.picking import Meaning
from hub_http.fetching import reports
from hub_http.fetching.came import scope_of
from hub_http.fetching.events import News, news_of
from hub_http.fetching.fates import Fate, fate_of
from hub_http.fetching.inbox import IN_A_ROW, finish, peer_of
from hub_http.fetching.pacing import FIRST, asked_to_wait, backed_off, is_loud
from hub_http.fetching.values import Picks
from hub_http.mapping.answered import Answered
from hub_http.sending import lines, requests
from hub_http.sending.lines import Sent
from hub_http.sending.operator import Operator
from hub_http.sending.requests import AnswerError, Asked

GROWS_TO: Final = 10
"""How many times `every` the pause grows to."""
SHARE: Final = 4
"""The pause is this part of the time since the send."""
AT_ONCE: Final = 4
"""Questions at a time, if the operator allows as many requests."""
LOOK_EVERY: Final = timedelta(minutes=1)
"""How often the ledger is looked at for what has come up, at the least; new lines may be put any time."""
_BATCH: Final = 100
FAILING: Final = frozenset(
    {
        Meaning.AUTHENTICATION,
        Meaning.RATE_LIMITED,
        Meaning.CONFIGURATION,
        Meaning.TRANSIENT,
        Meaning.UNCERTAIN,
    }
)
"""Meanings that say nothing of the delivery: the operator fails."""


class Tracking:
    """Asks about the deliveries of one operator."""

    def __init__(self, operator: Operator, track: Track, intake: Intake) -> None:
        self._operator = operator
        self._track = track
        self._intake = intake
        self._log = operator.host.log
        self._clock = operator.host.clock
        self._slots = asyncio.Semaphore(min(AT_ONCE, operator.description.limits.concurrency))

    async def run(self) -> None:
        """Ask until cancelled. The first questions after a start are spread, as looks are."""
        failures, pause = 0, self._operator.host.chance.fraction() * min(self._track.every, FIRST)
        while True:
            await asyncio.sleep(pause.total_seconds())
            try:
                pause = await self._until_due()
                if not pause:
                    await self.ask_due()
            except HubError as error:
                failures += 1
                if is_loud(failures):
                    self._log.warning(
                        "fetch.failed",
                        operator=self._operator.name,
                        part="track",
                        code=error.code,
                        count=failures,
                    )
                pause = backed_off(self._track.every, failures, asked_to_wait(error))
            else:
                if failures:
                    self._log.info(
                        "fetch.recovered", operator=self._operator.name, part="track", count=failures
                    )
                failures = 0

    async def ask_due(self) -> int:
        """Ask about what has come up; return how many lines that was.

        Raises AnswerError and WireFault when the operator fails, StoreError.
        """
        peer = peer_of(self._operator, self._intake)
        due = await self._operator.ledger.due(self._clock.now(), _BATCH)
        tasks = [asyncio.create_task(self._one(line, peer)) for line in due]
        failed: list[tuple[Line, HubError]] = []
        in_a_row = answered = 0
        try:
            for line, task in zip(due, tasks, strict=True):
                try:
                    await task
                except HubError as error:
                    if not self._of_one(error):
                        raise
                    failed.append((line, error))
                    in_a_row += 1
                    if in_a_row >= IN_A_ROW:
                        await self._put_off(failed)
                        raise
                else:
                    answered, in_a_row = answered + 1, 0
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if failed and not answered and isinstance(failed[0][1], AnswerError):
            raise failed[0][1]
        await self._put_off(failed)
        return len(due)

    @staticmethod
    def _of_one(error: HubError) -> bool:
        """Whether an error may be that of one line: its URL, its answer. Unlike one of all connections."""
        if isinstance(error, ConfigError):
            return False
        if isinstance(error, AnswerError):
            return fate_of(error) is not Fate.STOP
        return fate_of(error) in {Fate.LEAVE, Fate.POISON}

    async def _put_off(self, failed: Sequence[tuple[Line, HubError]]) -> None:
        """Ask about these later: others get their turn."""
        for line, error in failed:
            self._log.warning(
                "fetch.track_unreadable", operator=self._operator.name, part="track", code=error.code
            )
            known = await self._operator.ledger.get(line.key) or line
            if known.due_at is not None:
                after = self._after(known, lines.read(known), reports.done(known), gone=False)
                await self._operator.ledger.put(after)

    async def _one(self, line: Line, peer: Peer) -> None:
        async with self._slots:
            if not line.key.startswith(("d:", "c:")):
                await self._operator.ledger.put(replace(line, due_at=None))
                return
            sent, now = lines.read(line), self._clock.now()
            if now >= self._end(line, sent):
                await self._operator.ledger.put(replace(line, due_at=None))
                return
            asked = await requests.ask(self._operator, self._track.request, self._scope(sent))
            if asked.judgement.meaning in FAILING and not self._speaks(asked):
                raise AnswerError(self._operator.name, asked.judgement)
            await finish(self._settle(line, sent, asked, peer))

    async def _settle(self, line: Line, sent: Sent, asked: Asked, peer: Peer) -> None:
        """Record what an answer says, then put the line off, or ask no more."""
        ended = reports.done(line)
        try:
            told = self._told(sent, asked)
        except HubError as error:
            # an answer that can't be read says nothing; another may
            self._log.warning(
                "fetch.track_unreadable", operator=self._operator.name, part="track", code=error.code
            )
            told = {}
        for delivery, news in told.items():
            said = Acknowledgement(outcome=news.outcome, event=news.event, delivery=delivery)
            await self._intake.acknowledge(peer, said)
            if news.final:
                ended |= {delivery}
        await self._operator.ledger.put(self._after(line, sent, ended, gone=_is_gone(asked)))

    def _told(self, sent: Sent, asked: Asked) -> Mapping[DeliveryId, News]:
        """Return what an answer says of each delivery; of those that are not named, nothing yet."""
        answered = asked.answered
        rules = self._track.events if asked.judgement.good else self._explicit()
        scope = self._scope(sent, answered)
        if self._track.each is None:
            news = news_of(self._operator.name, rules, answered, scope)
            return {} if news is None else dict.fromkeys(sent.recipients.values(), news)
        told: dict[DeliveryId, News] = {}
        picks = Picks(answered=answered, scope=scope, within="track")
        for value in picks.members("each", self._track.each):
            member = Answered.of(value, within=answered)
            news = news_of(self._operator.name, rules, member, scope)
            if news is None:
                continue
            within = Picks(answered=member, scope=scope, within="track")
            recipient = within.text("recipient", self._track.recipient)
            delivery = sent.delivery_of(recipient)
            if delivery is not None:
                told[delivery] = news
            elif recipient is None:
                told.update(dict.fromkeys(sent.recipients.values(), news))
        return told

    def _speaks(self, asked: Asked) -> bool:
        """Whether a row of `events` is about an answer that is not good, by its status code."""
        rules = self._explicit()
        scope = scope_of(self._operator, asked.answered)
        return bool(rules) and news_of(self._operator.name, rules, asked.answered, scope) is not None

    def _explicit(self) -> tuple[Any, ...]:
        return tuple(one for one in self._track.events if one.status is not None)

    def _after(self, line: Line, sent: Sent, ended: frozenset[DeliveryId], *, gone: bool) -> Line:
        if gone or frozenset(sent.recipients.values()) <= ended:
            return replace(line, due_at=None)
        now = self._clock.now()
        since = now - self._left_at(line, sent)
        pause = min(max(since / SHARE, self._track.every), GROWS_TO * self._track.every)
        due = min(now + pause, self._end(line, sent))
        return replace(reports.with_done(line, ended), due_at=due)

    def _end(self, line: Line, sent: Sent) -> datetime:
        return self._left_at(line, sent) + self._track.until

    @staticmethod
    def _left_at(line: Line, sent: Sent) -> datetime:
        return sent.left_at if sent.left_at is not None else line.until - lines.KEPT

    def _scope(self, sent: Sent, answered: Answered | None = None) -> Mapping[str, Any]:
        return scope_of(
            self._operator,
            answered,
            remote=sent.remote,
            taken=sent.taken,
            delivery={"id": sent.call, "attempt": 0},
            recipients=[{"address": to, "delivery": one} for to, one in sent.recipients.items()],
        )

    async def _until_due(self) -> timedelta:
        """Return how long until something comes up; what is put meanwhile is seen soon enough."""
        longest = min(LOOK_EVERY, self._track.every)
        due = await self._operator.ledger.next_due()
        return longest if due is None else min(max(due - self._clock.now(), timedelta(0)), longest)


def _is_gone(asked: Asked) -> bool:
    return asked.judgement.meaning is Meaning.GONE
