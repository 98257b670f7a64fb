"""Any history, on the store that the hub runs on: SQLite, encrypted, with group commit."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings

from hub.adapters.clock import SystemChance
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import open_store
from tests.unit.core.recorded import Both
from tests.unit.core.test_history import History


class HistoryOnStore(History):
    """The same promises, kept by the real thing."""

    async def open_queue(self) -> Both:
        """Open a fresh store."""
        self.parts = AsyncExitStack()
        folder = Path(self.parts.enter_context(tempfile.TemporaryDirectory()))
        return await self.parts.enter_async_context(
            open_store(
                StoreSettings(path=folder / "hub.db", retention=timedelta(days=3650)),
                vault=Vault.create(folder / "vault", self.clock, SystemChance()),
                clock=self.clock,
                chance=SystemChance(),
                exclusive=True,
            )
        )

    async def close_queue(self) -> None:
        """Close the store."""
        await self.parts.aclose()

    async def breathe(self) -> None:
        """Let the thread that commits have its turn too."""
        await self.queue.next_due()
        await asyncio.sleep(0.001)


HistoryOnStore.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestHistoryOnStore = HistoryOnStore.TestCase
