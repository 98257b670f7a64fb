"""Both queues keep what the port promises: the one on SQLite, and the one that the core's tests use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.adapters.clock import SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import open_store
from hub.testing.fakes import FixedChance, FixedClock
from hub.testing.memory_queue import MemoryQueue
from hub.testing.queue_contract import AnyQueue, QueueContract


class TestMemoryQueue(QueueContract):
    @pytest.fixture
    def queue(self, clock: FixedClock) -> AnyQueue:
        """Give the queue in memory."""
        return MemoryQueue(clock=clock, chance=FixedChance())


class TestStore(QueueContract):
    """The store, with envelopes still readable in memory."""

    cache = 64 << 20

    @pytest.fixture
    async def queue(self, clock: FixedClock, tmp_path: Path) -> AsyncIterator[AnyQueue]:
        """Give a store of its own."""
        chance = FixedChance()
        settings = replace(StoreSettings(path=tmp_path / "data" / "hub.db"), cache=self.cache)
        vault = Vault.create(tmp_path / "vault", SystemClock(), chance)
        async with open_store(settings, vault=vault, clock=clock, chance=chance, exclusive=True) as store:
            yield store


class TestStoreFromRest(TestStore):
    """The store, reading everything back from the disk as after a restart."""

    cache = 0
