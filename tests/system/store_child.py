"""Puts messages and ledgers' lines into a store as fast as it can and prints what is acknowledged.

It works until it is killed.

python store_child.py FOLDER
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import Store, open_store
from hub.domain.delivery import State
from hub.ports.ledger import Line
from hub.ports.queue import Settlement
from hub.testing.letters import VILLE, Letters, acceptance

CLOCK, CHANCE = SystemClock(), SystemChance()
PART = "operators.mesh"
SIZES = (100, 20_000, 300_000)


async def submit(store: Store, letters: Letters, number: int) -> None:
    """Put one after the other; say `put ID` only when it is durable."""
    turn = 0
    while True:
        stage = store.stage()
        data = os.urandom(16) * (SIZES[(number + turn) % len(SIZES)] // 16)
        new = await letters.letter(stage, documents=[data])
        await store.put(stage, acceptance(new, key=letters.fresh()))
        say("put", new.sealed.envelope.id)
        turn += 1


async def remember(store: Store, letters: Letters) -> None:
    """Put a pair of lines and a cursor at once; say `line ID` and `cursor NUMBER` when they are durable."""
    ledger = store.ledger(PART)
    cursor = await ledger.get("inbox")
    number = 0 if cursor is None else int(cursor.value)
    until = CLOCK.now() + timedelta(days=1)
    while True:
        number += 1
        id_ = letters.fresh()
        await ledger.put(
            Line(key=f"d:{id_}", value=id_, alias=f"r:{id_}", until=until),
            Line(key="inbox", value=str(number), until=until),
            Line(key=f"w:{id_}", value=id_, until=until, due_at=CLOCK.now()),
        )
        say("line", id_)
        say("cursor", str(number))


async def settle(store: Store) -> None:
    """Deliver one in a while; say `settled ID` only when it is durable."""
    while True:
        now = CLOCK.now()
        for claimed in await store.claim({VILLE: 1}, now, now + timedelta(minutes=5)):
            (one,) = claimed.deliveries
            if one.state is State.UNCERTAIN:
                continue
            await store.settle(
                [
                    Settlement(
                        delivery=one.id,
                        envelope=claimed.sealed.envelope.id,
                        lease=one.lease,
                        state=State.DELIVERED,
                        at=now,
                        event="delivery.delivered",
                    )
                ]
            )
            say("settled", claimed.sealed.envelope.id)
        await asyncio.sleep(0.005)


def say(event: str, id_: str) -> None:
    """Write a line at once: what is in the pipe survives the kill."""
    os.write(1, f"{event} {id_}\n".encode())


async def main(folder: Path) -> None:
    """Work until killed."""
    letters = Letters(clock=CLOCK, chance=CHANCE)
    async with (
        open_store(
            StoreSettings(path=folder / "hub.db"),
            vault=Vault.open(folder / "vault", CHANCE),
            clock=CLOCK,
            chance=CHANCE,
            exclusive=True,
        ) as store,
        asyncio.TaskGroup() as group,
    ):
        await store.expire_leases(CLOCK.now(), everything=True)
        group.create_task(settle(store))
        group.create_task(remember(store, letters))
        for number in range(9):
            group.create_task(submit(store, letters, number))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
