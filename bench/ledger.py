"""How fast the store takes a part's lines, and finds them again, beside SQLite alone in the same run.

    python bench/ledger.py [--lines 10000] [--held 100000] [--value 300] [--folder DIR]

For 1, 10 and 50 writers at once it prints lines put a second, one line and one wait for the commit each,
the processor time per line, and the time of one put; then, with `--held` lines there, the time of a get,
of a look by alias and of a look at what is due. The floor is SQLite doing only what no ledger can leave out:
one row with the same bytes, durable, by as many rows a commit as there are writers.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import open_store
from hub.ports.ledger import Ledger, Line

CLOCK, CHANCE = SystemClock(), SystemChance()
WRITERS = (1, 10, 50)
PART = "operators.bench"
TOGETHER = 500
"""Lines in one put, when the ledger is filled."""


async def put(ledger: Ledger, lines: list[Line], writers: int) -> list[float]:
    """Put every line by itself, so many at once; return how long each put took."""
    waiting, times = iter(lines), list[float]()

    async def write() -> None:
        for one in waiting:
            began = time.perf_counter()
            await ledger.put(one)
            times.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        for _ in range(writers):
            group.create_task(write())
    return times


async def timed(look: Callable[[int], Awaitable[object]], count: int) -> list[float]:
    """Look so often, and return how long each took."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        await look(number)
        times.append(time.perf_counter() - began)
    return times


def floor(folder: Path, lines: list[Line], together: int) -> float:
    """Return rows/s of SQLite alone, `together` in a commit."""
    connection = sqlite3.connect(folder / f"floor-{together}.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE line (id TEXT PRIMARY KEY, data TEXT)")
    rows = iter([(one.key, one.value) for one in lines])
    began = time.perf_counter()
    while some := list(itertools.islice(rows, together)):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT OR REPLACE INTO line VALUES (?, ?)", some)
        connection.execute("COMMIT")
    spent = time.perf_counter() - began
    connection.close()
    return len(lines) / spent


def written(count: int, size: int, name: str) -> list[Line]:
    """Write what an operator's connector notes of so many deliveries."""
    now = CLOCK.now()
    return [
        Line(
            key=f"d:{name}-{number}",
            value=os.urandom(size // 2).hex(),
            alias=f"REMOTE-{name}-{number}",
            until=now + timedelta(days=30),
            due_at=now + timedelta(milliseconds=number),
        )
        for number in range(count)
    ]


async def measure(count: int, held: int, size: int, folder: Path) -> None:
    """Run all and print."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        vault = Vault.create(place / "vault", CLOCK, CHANCE)
        settings = StoreSettings(path=place / "data" / "hub.db")
        async with open_store(settings, vault=vault, clock=CLOCK, chance=CHANCE, exclusive=True) as store:
            ledger = store.ledger(PART)
            print(f"{count} lines of {size} bytes, one a put; {folder}")
            print("writers    put/s  SQLite/s  ratio  cpu ms  put p50 ms     p99")
            for writers in WRITERS:
                lines = written(count, size, f"w{writers}")
                gc.collect()
                began, cpu = time.perf_counter(), time.process_time()
                times = await put(ledger, lines, writers)
                spent, cpu = time.perf_counter() - began, time.process_time() - cpu
                alone, quantiles = floor(place, lines, writers), statistics.quantiles(times, n=100)
                print(
                    f"{writers:>7} {count / spent:>8.0f} {alone:>9.0f} {count / spent / alone:>6.2f}"
                    f" {cpu / count * 1000:>7.3f} {quantiles[49] * 1000:>11.2f} {quantiles[98] * 1000:>7.2f}"
                )
            lines = written(held, size, "held")
            for first in range(0, held, TOGETHER):
                await ledger.put(*lines[first : first + TOGETHER])
            late = CLOCK.now() + timedelta(days=1)
            print(f"{held + len(WRITERS) * count} lines there   p50 ms     p99")
            for what, look, often in (
                ("get", lambda n: ledger.get(lines[n * 7919 % held].key), count),
                ("named", lambda n: ledger.named(lines[n * 7919 % held].alias or ""), count),
                ("due, 100 lines", lambda _: ledger.due(late), 200),
                ("next_due", lambda _: ledger.next_due(), count),
            ):
                quantiles = statistics.quantiles(await timed(look, often), n=100)
                print(f"{what:<18} {quantiles[49] * 1000:>8.3f} {quantiles[98] * 1000:>7.3f}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--held", type=int, default=100_000)
    parser.add_argument("--value", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.lines, arguments.held, arguments.value, arguments.folder))


if __name__ == "__main__":
    main()
