"""Both ledgers keep what the port promises, and say the same whatever is asked of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.adapters.clock import SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import Store, open_store
from hub.plugin.ledger import EphemeralLedger
from hub.ports.ledger import Ledger, Line
from hub.testing.fakes import NOON, FixedChance, FixedClock
from hub.testing.ledger_contract import LedgerContract, Ledgers


class TestEphemeralLedger(LedgerContract):
    @pytest.fixture
    def ledgers(self) -> Ledgers:
        """Give ledgers in memory."""
        opened: dict[str, Ledger] = {}
        return lambda part: opened.setdefault(part, EphemeralLedger())


class TestStoredLedger(LedgerContract):
    @pytest.fixture
    async def ledgers(self, tmp_path: Path) -> AsyncIterator[Ledgers]:
        """Give those of a store."""
        async with opened(tmp_path) as store:
            yield store.ledger


def opened(folder: Path) -> Any:
    """Open a store in a folder."""
    chance = FixedChance()
    vault = Vault.create(folder / "vault", SystemClock(), chance)
    return open_store(
        StoreSettings(path=folder / "hub.db"), vault=vault, clock=FixedClock(), chance=chance, exclusive=True
    )


MOMENTS = st.integers(0, 5).map(lambda minutes: NOON + timedelta(minutes=minutes))
KEYS = st.sampled_from(["a", "b", "c"])
LINES = st.builds(
    Line,
    key=KEYS,
    value=st.text(max_size=5),
    until=MOMENTS,
    alias=st.none() | KEYS,
    due_at=st.none() | MOMENTS,
)
CALLS = st.one_of(
    st.tuples(st.just("put"), st.lists(LINES, min_size=1, max_size=3)),
    st.tuples(st.just("strike"), st.lists(KEYS, max_size=2)),
)


@settings(max_examples=100, deadline=None)
@given(rounds=st.lists(st.tuples(st.lists(CALLS, min_size=1, max_size=4), MOMENTS), max_size=6))
def test_both_say_the_same(rounds: Sequence[tuple[Sequence[tuple[str, Sequence[Any]]], Any]]) -> None:
    """Whatever was put and struck, one by one or many in one commit, the store knows what memory knows."""

    async def run(folder: Path) -> None:
        store: Store
        async with opened(folder) as store:
            ledgers: tuple[Ledger, Ledger] = store.ledger("operators.mesh"), EphemeralLedger()
            other = store.ledger("operators.other")
            for calls, now in rounds:
                for ledger in ledgers:
                    await asyncio.gather(*(getattr(ledger, name)(*what) for name, what in calls))
                await _compare(*ledgers, now)
            assert await other.next_due() is None

    async def _compare(stored: Ledger, known: Ledger, now: Any) -> None:
        for name in ("a", "b", "c"):
            assert await known.get(name) == await stored.get(name)
            assert await known.named(name) == await stored.named(name)
        assert await known.next_due() == await stored.next_due()
        for limit in (0, 1, 2, 100):
            expected, found = await known.due(now, limit), await stored.due(now, limit)
            # Which of two that are due at the same moment comes first is nobody's promise.
            assert [one.due_at for one in expected] == [one.due_at for one in found]
            assert [await known.get(one.key) for one in found] == list(found)
            assert len({one.key for one in found}) == len(found)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


def test_a_line_shows_no_value() -> None:
    """What rests encrypted does not slip into a log by a repr."""
    one = Line(key="d:1", value="geheim", until=NOON)
    assert "geheim" not in repr(replace(one, alias="r"))
