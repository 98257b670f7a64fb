"""What a service's connector does by itself: hands over what is owed, asks what happened, and tells it.

Everything that is owed stands in the ledger before it is done, and is struck after: a stop at any moment
loses nothing, and what is done twice has the same key both times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from hub.domain.prescription import PrescriptionState, may_move
from hub.errors import HubError, InputError, PeerError, StoreError, TrustError, Words
from hub.ports.ledger import Line
from hub.ports.prescription import Dispensing, Listens, Record
from hub_eprescription.agenda import Cancelling, Due, HandOver, Telling
from hub_eprescription.bureau import Bureau
from hub_eprescription.following import Following
from hub_eprescription.mailing import Mailing

_IDLE: Final = 60.0
"""Seconds at most between two looks at what is owed."""
_SOON: Final = 5.0
"""Seconds before the store is asked again when it failed."""
_FAULT: Final = Words(
    en="A fault of the hub's own keeps it from being done; tell those who run the hub.",
    fr="Une erreur interne du hub l'en empêche ; prévenez ses exploitants.",
)
_PAGES: Final = 50
"""Pages of news that are read in one go."""


class Working:
    """The work of one service."""

    def __init__(self, bureau: Bureau, following: Following, mailing: Mailing) -> None:
        self._bureau = bureau
        self._following = following
        self._mailing = mailing
        self._look = asyncio.Event()

    def look_now(self) -> None:
        """Ask the service what happened at once: somebody said that there is news, not which."""
        self._look.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._do_what_is_owed())
            group.create_task(self._ask_what_happened())
            if isinstance(self._bureau.service, Listens):
                group.create_task(self._listen(self._bureau.service))

    async def _listen(self, service: Listens) -> None:
        """Listen; a fault in that leaves everything else at work."""
        while True:
            try:
                return await service.listen(self.look_now)
            except Exception as error:  # noqa: BLE001 - what is owed goes on, whatever the service says
                self._bureau.host.log.warning(
                    "prescription.no_news", operator=self._bureau.name, error=type(error).__name__
                )
            await asyncio.sleep(_IDLE)

    async def hear(self, events: Sequence[Dispensing], *beside: Line) -> int:
        """Take what happened; returns how much of it was new. Durable on return. Raises StoreError."""
        new = 0
        for event in events:
            new += await self._hear_one(event, place=new)
        if beside:
            await self._bureau.agenda.put(*beside)
        if new:
            self._bureau.awake.set()
        return new

    async def _hear_one(self, event: Dispensing, *, place: int) -> bool:
        bureau = self._bureau
        known = await bureau.records.numbered(event.number)
        if known is None:
            # Another hub's, or older than what is remembered: nobody here waits for it.
            bureau.host.log.info("prescription.event_of_another", operator=bureau.name)
            return False
        async with bureau.holding(known.id) as journal:
            if await bureau.agenda.heard(event.id):
                return False
            record, life = journal.record, await bureau.agenda.life(known.id)
            if may_move(record.state, event.state):
                record = replace(record, state=event.state)
            life = replace(life, events=(*life.events, event))
            await journal.keep(
                record, bureau.agenda.lived(known.id, life), *bureau.agenda.owed(Telling(event=event), place)
            )
        bureau.host.log.info(
            "prescription.event", operator=bureau.name, envelope=known.id, state=event.state.value
        )
        return True

    async def _do_what_is_owed(self) -> None:
        bureau = self._bureau
        while True:
            bureau.awake.clear()
            pause = _IDLE
            try:
                due = await bureau.agenda.due()
                for one in due:
                    await self._try(one)
                if due:
                    continue
                if (next_due := await bureau.agenda.next()) is not None:
                    left = (next_due - bureau.host.clock.now()).total_seconds()
                    pause = min(max(left, 0.05), _IDLE)
            except StoreError as error:
                bureau.host.log.warning("prescription.not_worked", operator=bureau.name, code=error.code)
                pause = _SOON
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await bureau.awake.wait()

    async def _try(self, due: Due) -> None:
        agenda, log = self._bureau.agenda, self._bureau.host.log
        try:
            await self._do(due)
        except StoreError:
            raise
        except (InputError, TrustError) as error:
            # It will never work as it is; what a prescriber sees of the prescription says so.
            log.warning("prescription.given_up", operator=self._bureau.name, code=error.code)
            await self._give_up(due, error.words)
        except HubError as error:
            log.warning("prescription.put_off", operator=self._bureau.name, code=error.code)
            if not await agenda.later(due):
                await self._give_up(due, error.words)
        except Exception as error:  # noqa: BLE001 - one prescription's fault leaves the others their turn
            log.warning("prescription.put_off", operator=self._bureau.name, error=type(error).__name__)
            if not await agenda.later(due):
                await self._give_up(due, _FAULT)

    async def _do(self, due: Due) -> None:
        agenda = self._bureau.agenda
        match due.task:
            case HandOver(prescription=prescription, order=order):
                await self._mailing.hand_over(prescription, order)
                await agenda.done(due.key)
            case Telling(event=event):
                known = await self._bureau.records.numbered(event.number)
                if known is not None:
                    await self._mailing.tell(*await self._last_state(known, event))
                # The line stays, without its time: it is how a repetition is told.
                await agenda.told(event)
            case Cancelling(prescription=prescription, reason=reason):
                said = await self._following.try_cancel(prescription, reason)
                if said is not None:
                    await self._mailing.tell_of_cancel(prescription, said, reason, due.since)
                await agenda.done(due.key)

    async def _last_state(self, known: Record, event: Dispensing) -> tuple[Record, Dispensing]:
        """Return both with the state that the service says now: a dispensing may have been the last."""
        if known.state.final or not self._bureau.service.abilities.tracks:
            return known, event
        try:
            standing = await self._following.standing(known.id, fresh=True)
        except StoreError:
            raise
        except HubError:
            # What a pharmacy said is told all the same.
            return known, event
        known = known if standing is None else standing.record
        if event.state is PrescriptionState.PARTLY_DISPENSED and known.state is PrescriptionState.COMPLETED:
            event = replace(event, state=known.state)
        return known, event

    async def _give_up(self, due: Due, why: Words) -> None:
        """Strike what can't be done, once the prescriber is told so; nobody waits for what nobody does."""
        agenda = self._bureau.agenda
        try:
            match due.task:
                case HandOver(prescription=prescription, order=order):
                    await self._mailing.tell_not_handed(prescription, order, why)
                case Cancelling(prescription=prescription):
                    await self._mailing.tell_not_cancelled(prescription, why, due.since)
                case Telling():
                    pass
        except StoreError:
            raise
        except HubError as error:
            self._bureau.host.log.warning(
                "prescription.not_told", operator=self._bureau.name, code=error.code
            )
            if isinstance(error, PeerError) and await agenda.later(due):
                return
        if isinstance(due.task, Telling):
            await agenda.told(due.task.event)
        else:
            await agenda.done(due.key)

    async def _ask_what_happened(self) -> None:
        bureau = self._bureau
        poll = bureau.common.poll
        while True:
            self._look.clear()
            try:
                await self._read_news()
            except HubError as error:
                bureau.host.log.warning("prescription.no_news", operator=bureau.name, code=error.code)
            except Exception as error:  # noqa: BLE001 - what is owed goes on, whatever the service answers
                bureau.host.log.warning(
                    "prescription.no_news", operator=bureau.name, error=type(error).__name__
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(None if poll is None else poll.total_seconds()):
                    await self._look.wait()

    async def _read_news(self) -> None:
        bureau = self._bureau
        for _ in range(_PAGES):
            cursor = await bureau.agenda.cursor()
            news = await bureau.service.events(cursor)
            # The cursor is written after what it passes: read twice does no harm, passed over does.
            moved = news.cursor is not None and news.cursor != cursor
            await self.hear(
                news.events, *([bureau.agenda.reached(news.cursor)] if moved and news.cursor else [])
            )
            if not news.more:
                return
