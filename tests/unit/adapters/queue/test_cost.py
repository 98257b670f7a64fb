"""The cost of what runs all the time does not grow with what is over."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite

from hub.adapters.queue import leases, ledger, purge, reading
from hub.domain.ids import OperatorName
from hub.testing.fakes import FixedClock
from hub.testing.letters import VILLE, Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens

HISTORY = 20_000
_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_SQLITE: Dialect = sqlite.dialect()
_STORED = ("deliveries", "parcel", "envelopes", "ledger")


def _plant(path: Path, over: int) -> None:
    """Add deliveries that are over, as copies of the one that is there, with envelopes of their own."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for name, columns in (
            ("envelopes", "'e' || n, stage, accepted_at, record_key, stage_key, record"),
            (
                "deliveries",
                "'d' || n, 'e' || n, position, operator, 'delivered', 1, NULL, NULL, NULL, expires_at,"  # noqa: ISC004 - one list of columns
                " due_at, NULL, NULL, receipt",
            ),
        ):
            connection.execute(
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?)"  # noqa: S608 - our names
                f" INSERT INTO {name} SELECT {columns} FROM (SELECT * FROM {name} LIMIT 1), c",
                (over,),
            )
        connection.execute("ANALYZE")
    connection.close()


async def _steps(opens: Opens, clock: FixedClock, folder: Path) -> dict[str, int]:
    """Return how many instructions of SQLite's machine each repeated look takes."""
    counted: dict[str, int] = {}
    now = clock.now()
    async with opens() as store:
        engines = store._commit._engine, store._reader._connection.engine
        ticks = 0

        def tick() -> int:
            nonlocal ticks
            ticks += 1
            return 0

        for engine in engines:
            with engine.connect() as connection:
                connection.connection.driver_connection.set_progress_handler(tick, 1)  # type: ignore[union-attr]
        looks: dict[str, Callable[[], Awaitable[object]]] = {
            "expire": lambda: store.expire_leases(now),
            "next due": store.next_due,
            "ended": lambda: store.claim_ended(now, now, now + timedelta(minutes=1), 10),
            "claim": lambda: store.claim({VILLE: 5}, now, now + timedelta(minutes=1)),
            "nothing left": lambda: store.claim({VILLE: 5}, now, now + timedelta(minutes=1)),
        }
        for name, work in looks.items():
            ticks = 0
            await work()
            counted[name] = ticks
    return counted


async def test_looking_costs_the_same_after_a_long_history(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """With 20 000 finished deliveries a look at the queue takes no more steps than with none."""
    async with opens() as store:
        for key in ("1", "2", "3"):
            stage = store.stage()
            await store.put(stage, acceptance(await letters.letter(stage), key=key))
    few = await _steps(opens, clock, folder)
    async with opens() as store:
        await store.expire_leases(clock.now(), everything=True)
    _plant(folder / "hub.db", HISTORY)
    many = await _steps(opens, clock, folder)
    for name, steps in few.items():
        assert 0 < many[name] <= steps * 1.5 + 50, name


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (leases.claiming(1), "deliveries_open"),
        (leases.claiming(3), "deliveries_open"),
        (leases.ENDED, "deliveries_ending"),
        (leases.LOST, "deliveries_leased"),
        (leases.EVERY, "deliveries_leased"),
        (leases.NEXT_DUE, "deliveries_due"),
        (reading.BY_RECEIPT, "deliveries_receipt"),
        (purge.OVER, "envelopes_kept"),
        (purge.ENDED, "ledger_until"),
        (ledger.BY_KEY, "sqlite_autoindex_ledger_1"),
        (ledger.BY_ALIAS, "ledger_alias"),
        (ledger.DUE, "ledger_due"),
        (ledger.NEXT, "ledger_due"),
    ],
)
async def test_each_look_has_its_index(opens: Opens, folder: Path, statement: object, index: str) -> None:
    """No repeated look reads a whole table."""
    async with opens():
        pass
    compiled = statement.compile(dialect=_SQLITE)  # type: ignore[attr-defined]
    with sqlite3.connect(folder / "hub.db") as connection:
        plan = [
            row[3]
            for row in connection.execute(
                f"EXPLAIN QUERY PLAN {compiled}", [None] * len(compiled.positiontup or ())
            )
        ]
    connection.close()
    assert any(index in line for line in plan), plan
    if "parcel" in str(compiled):
        assert "SEARCH parcel USING INDEX deliveries_envelope (envelope=? AND operator=?)" in plan
    assert not [line for line in plan if line.startswith("SCAN ") and line[5:].startswith(_STORED)], plan


def test_claiming_is_ready_for_postgresql() -> None:
    """The same statement takes row locks there, and leaves alone what another node holds."""
    text = str(leases.claiming(2).compile(dialect=_POSTGRESQL))
    assert text.count("FOR UPDATE SKIP LOCKED") == 2
    assert "RETURNING" in text
    assert OperatorName("ville") not in text
