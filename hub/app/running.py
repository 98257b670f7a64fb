"""A hub at work: its doors open, its worker delivering, until told to stop.

One task group. A door that fails is opened again and hurts no other; a worker that fails (its store
does) ends the process, so that whoever supervises it starts it afresh and the leases bring back what
was under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.adapters.queue.store import Store
from hub.core.receive import Reception
from hub.core.worker import Worker
from hub.errors import HubError
from hub.ports.clock import Clock
from hub.ports.host import Log, Receives

FIRST_PAUSE: Final = 1.0
"""Seconds before a door that failed is opened again; doubled each time, up to `LONGEST_PAUSE`."""
LONGEST_PAUSE: Final = 60.0
TIDY_EVERY: Final = 3600.0
"""Seconds between two looks for documents whose retention is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that is ready: its way in, its way out, its store."""

    reception: Reception
    worker: Worker
    store: Store
    receivers: Sequence[tuple[str, Receives]]
    log: Log
    clock: Clock
    drain: timedelta

    async def run(self, stop: asyncio.Event) -> None:
        """Receive and deliver until `stop` is set; then take nothing new and finish what runs.

        Doors and attempts have the drain time each, side by side. What the worker raises comes out
        as an ExceptionGroup.
        """
        async with asyncio.TaskGroup() as group:
            doors = [group.create_task(self._keep_open(name, one)) for name, one in self.receivers]
            tidying = group.create_task(self._tidy())
            group.create_task(self.worker.run(stop, self.drain))
            await stop.wait()
            tidying.cancel()
            await self._close(doors)

    async def _close(self, doors: Sequence[asyncio.Task[None]]) -> None:
        """Cancel every door; one that has not finished within the drain time is cancelled again."""
        for door in doors:
            door.cancel()
        if doors:
            _, late = await asyncio.wait(doors, timeout=self.drain.total_seconds())
            for door in late:
                door.cancel()

    async def _keep_open(self, name: str, receiver: Receives) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self.clock.monotonic()
            try:
                await receiver.receive(self.reception)
                self.log.warning("receiver.ended", receiver=name)
            except Exception as error:  # noqa: BLE001 - one door's fault leaves the others open
                self.log.warning(
                    "receiver.failed",
                    receiver=name,
                    error=type(error).__name__,
                    code=error.code if isinstance(error, HubError) else None,
                    reason=error.words.en if isinstance(error, HubError) else None,
                )
            if self.clock.monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _tidy(self) -> None:
        """Erase what is past its retention, now and then."""
        while True:
            try:
                count = await self.store.purge(self.clock.now())
                if count:
                    self.log.info("store.purged", count=count)
            except HubError as error:
                self.log.warning("store.not_purged", code=error.code)
            await asyncio.sleep(TIDY_EVERY)
