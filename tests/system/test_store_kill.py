"""A store killed at any moment keeps everything that it has acknowledged, and nothing by halves."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import Store, open_store
from hub.domain.delivery import State
from hub.domain.ids import EnvelopeId
from hub.testing.letters import VILLE
from tests.system.store_child import PART

CHILD = Path(__file__).with_name("store_child.py")
KILLS = 8
CLOCK, CHANCE = SystemClock(), SystemChance()


def _run_and_kill(folder: Path, after: int) -> set[tuple[str, str]]:
    """Let a child work until it has said so many lines, kill it, and return all that it said."""
    child = subprocess.Popen([sys.executable, str(CHILD), str(folder)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    said: list[bytes] = []
    for line in child.stdout:
        said.append(line)
        if len(said) == after:
            child.kill()
    child.wait()
    child.stdout.close()
    assert len(said) >= after, "the child ended by itself"
    whole = [line.decode().split() for line in said if line.endswith(b"\n")]
    return {(event, id_) for event, id_ in whole}


def _opened(folder: Path) -> AbstractAsyncContextManager[Store]:
    return open_store(
        StoreSettings(path=folder / "hub.db", cache=0),
        vault=Vault.open(folder / "vault", CHANCE),
        clock=CLOCK,
        chance=CHANCE,
        exclusive=True,
    )


async def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """Every message that was answered 'accepted' is there after each kill, with its documents."""
    Vault.create(tmp_path / "vault", CLOCK, CHANCE)
    said: set[tuple[str, str]] = set()
    chance = random.Random(20261124)
    for _ in range(KILLS):
        said |= _run_and_kill(tmp_path, chance.randint(5, 120))
    put = {id_ for event, id_ in said if event == "put"}
    settled = {id_ for event, id_ in said if event == "settled"}
    async with _opened(tmp_path) as store:
        now = CLOCK.now()
        await store.expire_leases(now, everything=True)
        opened: set[str] = set()
        states: set[State] = set()
        while parcels := await store.claim({VILLE: 100}, now, now + timedelta(minutes=5)):
            for claimed in parcels:
                opened.add(claimed.sealed.envelope.id)
                states |= {one.state for one in claimed.deliveries}
                for content in claimed.contents.values():
                    read = b"".join([piece async for piece in content.pieces()])
                    assert len(read) == content.size
        assert not settled & opened
        # What was settled at the very kill was not said any more.
        for envelope in put - settled - opened:
            report = await store.report(EnvelopeId(envelope))
            assert report is not None
            assert [one.state for one in report.deliveries] == [State.DELIVERED]
        # What was in hand at a kill is asked about, not sent blindly.
        assert states <= {State.LEASED, State.UNCERTAIN}
    with sqlite3.connect(tmp_path / "hub.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        filed = {id_ for (id_,) in connection.execute("SELECT id FROM stages WHERE filed")}
    connection.close()
    assert filed == {path.name for path in (tmp_path / "documents").iterdir()}


async def test_lines_that_were_acknowledged_survive_kill_9(tmp_path: Path) -> None:
    """A part finds every line that it was told is there, by key and alias, and of one put all or none."""
    Vault.create(tmp_path / "vault", CLOCK, CHANCE)
    said: set[tuple[str, str]] = set()
    chance = random.Random(20261125)
    for _ in range(KILLS):
        said |= _run_and_kill(tmp_path, chance.randint(5, 120))
        async with _opened(tmp_path) as store:
            cursor = await store.ledger(PART).get("inbox")
            known = [int(number) for event, number in said if event == "cursor"]
            kept = 0 if cursor is None else int(cursor.value)
            # One more may be durable: the kill came before the word.
            assert kept - max(known, default=0) in {0, 1}
    lines = {id_ for event, id_ in said if event == "line"}
    assert lines
    async with _opened(tmp_path) as store:
        ledger = store.ledger(PART)
        for id_ in lines:
            line = await ledger.named(f"r:{id_}")
            assert line is not None
            assert (line.key, line.value) == (f"d:{id_}", id_)
        due = {one.value for one in await ledger.due(CLOCK.now(), 100_000)}
        assert lines <= due
        # Those that were durable at a kill and not said any more: one for each kill at most.
        assert len(due - lines) <= KILLS
        assert {f"d:{id_}" for id_ in due} == {
            one.key for id_ in due if (one := await ledger.get(f"d:{id_}"))
        }
