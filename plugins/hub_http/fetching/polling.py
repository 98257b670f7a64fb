"""Everything that a hub asks its operator for by itself: its inbox, its receipts, what became of messages.

Each runs on its own, so that a slow inbox delays no receipt, until it is cancelled. On cancellation what is
being made durable comes to its end, with its acknowledgement; nothing new is begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hub.errors import HubError
from hub.ports.intake import Intake
from hub_http.description import inbound
from hub_http.fetching.inbox import Inbox, InterruptedLookError
from hub_http.fetching.pacing import Pace, is_loud
from hub_http.fetching.tracking import Tracking
from hub_http.sending.operator import Operator


async def fetch(operator: Operator, intake: Intake) -> None:
    """Ask the operator for all that its description names, until cancelled.

    A second cancellation lets nothing finish any more. Raises ConfigError.
    """
    # what has nothing to ask for is a door that stays open all the same
    works: list[Coroutine[Any, Any, Any]] = [asyncio.Event().wait()]
    for key, described in inboxes(operator):
        works.append(_keep_looking(operator, Inbox(operator, described, key, intake), described, key))
    if operator.settings.poll and operator.description.track is not None:
        works.append(Tracking(operator, operator.description.track, intake).run())
    tasks = [asyncio.create_task(one) for one in works]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        await _end(tasks)


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; whoever cancels again cancels them again."""
    # a TaskGroup would keep a second cancellation to itself
    while not all(one.done() for one in tasks):
        for one in tasks:
            one.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait(tasks)


def inboxes(operator: Operator) -> Iterator[tuple[str, inbound.Inbox]]:
    """Yield what is polled: where it stands in the description, and the inbox."""
    if operator.settings.poll:
        for key, described in (
            ("inbox", operator.description.inbox),
            ("receipts", operator.description.receipts),
        ):
            if described is not None:
                yield key, described


async def _keep_looking(operator: Operator, inbox: Inbox, described: inbound.Inbox, key: str) -> None:
    host = operator.host
    pace = Pace(described, host.chance)
    pause = await _first_pause(operator, inbox, pace)
    while True:
        await asyncio.sleep(pause.total_seconds())
        failures = pace.failures
        try:
            pause = pace.after_look(more=await inbox.look())
        except InterruptedLookError as error:
            pause = pace.after_failure(error.retry_after)
            if is_loud(pace.failures):
                host.log.warning(
                    "fetch.failed", operator=operator.name, part=key, code=error.code, count=pace.failures
                )
        else:
            if failures:
                host.log.info("fetch.recovered", operator=operator.name, part=key, count=failures)


async def _first_pause(operator: Operator, inbox: Inbox, pace: Pace) -> timedelta:
    try:
        looked = await inbox.memory.looked()
    except HubError:
        # the first look finds out whether the store works
        looked = None
    return pace.first(looked, operator.host.clock.now())
