"""How fast the store takes, leases and settles, beside SQLite alone on the same disk in the same run.

    python bench/store.py [--messages 3000] [--size 10240] [--folder DIR] [--profile]

For 1, 10 and 50 submitters at once it prints messages/s through put → claim → settle, the processor time
per message, and the time of one put. The floor is SQLite doing only what no store can leave out: one row with
the same bytes, durable, by as many rows a commit as there are submitters; then an update, and another.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import os
import pstats
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import Store, open_store
from hub.domain.delivery import State
from hub.ports.queue import Claimed, NewEnvelope, Settlement
from hub.testing.letters import VILLE, Letters, acceptance

CLOCK, CHANCE = SystemClock(), SystemChance()
LEASE = timedelta(minutes=5)
SUBMITTERS = (1, 10, 50)


async def prepare(count: int, size: int, folder: Path) -> tuple[list[NewEnvelope], bytes]:
    """Seal envelopes beforehand: sealing is not the store's work."""
    data = os.urandom(size)
    vault = Vault.create(folder / "spare", CLOCK, CHANCE)
    letters = Letters(clock=CLOCK, chance=CHANCE)
    settings = StoreSettings(path=folder / "spare.db")
    async with open_store(settings, vault=vault, clock=CLOCK, chance=CHANCE, exclusive=True) as store:
        content = await store.stage().keep(data)
        sealed = [
            await letters.letter(store.stage(), contents=[content], correlation=f"<{n}@bench.example>")
            for n in range(count)
        ]
    return sealed, data


async def run(store: Store, prepared: list[NewEnvelope], data: bytes, submitters: int) -> list[float]:
    """Put everything, claim and settle it meanwhile; return how long each put took."""
    waiting: Iterator[tuple[int, NewEnvelope]] = iter(enumerate(prepared))
    times: list[float] = []
    settled = 0
    woken = asyncio.Event()

    async def submit() -> None:
        for number, one in waiting:
            began = time.perf_counter()
            stage = store.stage()
            content = await stage.keep(data)
            new = replace(one, contents=[content])
            await store.put(stage, acceptance(new, key=f"{id(prepared)}-{number}"))
            times.append(time.perf_counter() - began)
            woken.set()

    async def settle(claimed: Claimed) -> None:
        nonlocal settled
        for content in claimed.contents.values():
            await content.read()
        await store.settle(
            [
                Settlement(
                    delivery=one.id,
                    envelope=claimed.sealed.envelope.id,
                    lease=one.lease,
                    state=State.DELIVERED,
                    at=CLOCK.now(),
                    event="delivery.delivered",
                    detail="250 2.0.0 Ok: queued as 4XyZab",
                )
                for one in claimed.deliveries
            ]
        )
        settled += 1
        woken.set()

    async def work() -> None:
        async with asyncio.TaskGroup() as attempts:
            while settled < len(prepared):
                now = CLOCK.now()
                claimed = await store.claim({VILLE: 50}, now, now + LEASE)
                for one in claimed:
                    attempts.create_task(settle(one))
                if not claimed:
                    woken.clear()
                    await woken.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        for _ in range(submitters):
            group.create_task(submit())
    return times


def floor(folder: Path, count: int, data: bytes, together: int) -> float:
    """Return messages/s of SQLite alone: three durable writes a message, `together` in a commit."""
    path = folder / f"floor-{together}.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, state INTEGER, data BLOB)")
    began = time.perf_counter()
    for first in range(0, count, together):
        ids = range(first, min(first + together, count))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO message VALUES (?, 0, ?)", [(id_, data) for id_ in ids])
        connection.execute("COMMIT")
        for state in (1, 2):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("UPDATE message SET state = ? WHERE id = ?", [(state, id_) for id_ in ids])
            connection.execute("COMMIT")
    spent = time.perf_counter() - began
    connection.close()
    return count / spent


async def measure(messages: int, size: int, folder: Path, profiler: cProfile.Profile | None) -> None:
    """Run all and print."""
    print(f"{messages} messages of {size} bytes, put -> claim -> settle; {folder}")
    print("submitters   store/s  SQLite/s  ratio  cpu ms  put p50 ms     p99")
    for submitters in SUBMITTERS:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            place = Path(name)
            prepared, data = await prepare(messages, size, place)
            vault = Vault.create(place / "vault", CLOCK, CHANCE)
            settings = StoreSettings(path=place / "data" / "hub.db")
            async with open_store(settings, vault=vault, clock=CLOCK, chance=CHANCE, exclusive=True) as store:
                # What was prepared is no garbage: a hub does not hold thousands of messages either.
                gc.collect()
                gc.freeze()
                if profiler:
                    profiler.enable()
                began, cpu = time.perf_counter(), time.process_time()
                times = await run(store, prepared, data, submitters)
                spent, cpu = time.perf_counter() - began, time.process_time() - cpu
                if profiler:
                    profiler.disable()
            alone = floor(place, messages, data, submitters)
            quantiles = statistics.quantiles(times, n=100)
            print(
                f"{submitters:>10} {messages / spent:>9.0f} {alone:>9.0f} {messages / spent / alone:>6.2f}"
                f" {cpu / messages * 1000:>7.3f} {quantiles[49] * 1000:>11.2f} {quantiles[98] * 1000:>7.2f}"
            )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--size", type=int, default=10 << 10)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    arguments = parser.parse_args()
    profiler = cProfile.Profile() if arguments.profile else None
    asyncio.run(measure(arguments.messages, arguments.size, arguments.folder, profiler))
    if profiler:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
