"""A store on a folder of its own, that can be opened again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import Store, open_store
from hub.testing.fakes import FixedClock
from hub.testing.letters import Letters

Opens = Callable[..., AbstractAsyncContextManager[Store]]


@pytest.fixture
def clock() -> FixedClock:
    """Give the time that the store lives by."""
    return FixedClock()


@pytest.fixture
def letters(clock: FixedClock) -> Letters:
    """Give who writes the letters."""
    return Letters(clock=clock, chance=SystemChance())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder that the store lives in."""
    return tmp_path / "data"


@pytest.fixture
def opens(tmp_path: Path, folder: Path, clock: FixedClock) -> Opens:
    """Give what opens the store, again and again; settings may be changed."""
    vault = Vault.create(tmp_path / "vault", SystemClock(), SystemChance())

    def open_it(*, exclusive: bool = True, **settings: Any) -> AbstractAsyncContextManager[Store]:
        given = {"path": folder / "hub.db"} | settings
        return open_store(
            StoreSettings(**given), vault=vault, clock=clock, chance=SystemChance(), exclusive=exclusive
        )

    return open_it
