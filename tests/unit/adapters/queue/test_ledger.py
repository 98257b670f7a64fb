"""The ledger in the store: durable, encrypted, forgotten after its time, and no fault stops the rest."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue import store as stores
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import open_store
from hub.errors import StoreError
from hub.testing.fakes import NOON, FixedClock
from hub.testing.ledger_contract import line
from hub.testing.letters import Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens
from tests.unit.adapters.queue.test_commit import counted

MESH = "operators.mesh"
MINUTE = timedelta(minutes=1)


@contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the database as somebody who has the file."""
    with closing(sqlite3.connect(folder / "hub.db")) as connection, connection:
        yield connection


async def test_what_was_put_is_there_after_a_restart(opens: Opens) -> None:
    """With its alias and its time; what was struck stays away."""
    kept = line("kept", "x" * 16_384, alias="r", due_at=NOON)
    async with opens() as store:
        await store.ledger(MESH).put(kept, line("struck", alias="s"))
        await store.ledger(MESH).strike("struck")
    async with opens() as store:
        ledger = store.ledger(MESH)
        assert kept == await ledger.get("kept")
        assert kept == await ledger.named("r")
        assert [kept] == list(await ledger.due(NOON))
        assert await ledger.get("struck") is None
        assert await ledger.named("s") is None


async def test_lines_and_submissions_share_a_commit(opens: Opens, letters: Letters) -> None:
    """Whatever waits at the same moment costs one wait for the disk or two, not one each."""
    async with opens() as store:
        ledger, stage = store.ledger(MESH), store.stage()
        letter = acceptance(await letters.letter(stage))
        with counted(store) as commits:
            await asyncio.gather(
                store.put(stage, letter), *(ledger.put(line(f"d:{number}")) for number in range(50))
            )
        assert commits[0] <= 2
        assert len(await store.waiting()) == 1
        assert await ledger.get("d:49") == line("d:49")


async def test_looking_writes_nothing(opens: Opens) -> None:
    """Nor does it wait for those who write."""
    async with opens() as store:
        ledger = store.ledger(MESH)
        await ledger.put(line(alias="r", due_at=NOON))
        with counted(store) as commits:
            await ledger.get("d:1")
            await ledger.named("r")
            await ledger.due(NOON)
            await ledger.next_due()
            await ledger.put()
            await ledger.strike()
        assert commits[0] == 0


async def test_another_process_reads_beside_the_hub(opens: Opens) -> None:
    """Both see at once what the other has put."""
    async with opens() as store, opens(exclusive=False) as beside:
        await store.ledger(MESH).put(line(alias="r"))
        assert line(alias="r") == await beside.ledger(MESH).named("r")
        await beside.ledger(MESH).put(line(value="newer"))
        assert line(value="newer") == await store.ledger(MESH).get("d:1")
        assert await store.ledger(MESH).named("r") is None


async def test_what_fails_was_not_taken(opens: Opens, folder: Path) -> None:
    """A put that the store can't make durable raises, and neither of its lines is there."""
    async with opens(busy_timeout=timedelta(milliseconds=30)) as store:
        ledger = store.ledger(MESH)
        await ledger.put(line(value="before", alias="r"))
        with closing(sqlite3.connect(folder / "hub.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"store\.busy"):
                await ledger.put(line(value="after"), line("d:2", alias="r"))
            with pytest.raises(StoreError, match=r"store\.busy"):
                await ledger.strike("d:1")
            assert line(value="before", alias="r") == await ledger.named("r")
            other.execute("ROLLBACK")
        assert await ledger.get("d:2") is None
        await ledger.put(line("d:2", alias="r"))
        assert line("d:2", alias="r") == await ledger.named("r")


async def test_a_guilty_neighbour_harms_no_line(opens: Opens, folder: Path) -> None:
    """Lines that shared their commit with one that the database refuses are all there, aliases too."""
    async with opens() as store:
        with _database(folder) as connection:
            connection.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON ledger WHEN NEW.due_at = 0"
                " BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        ledger = store.ledger(MESH)
        bad = line("bad", alias="r", due_at=datetime.fromtimestamp(0, UTC))
        answers = await asyncio.gather(
            ledger.put(line("d:1", alias="r"), line("d:2", alias="s")),
            ledger.put(line("d:3"), bad),
            ledger.put(line("d:4", alias="s")),
            return_exceptions=True,
        )
        assert [type(one) for one in answers] == [type(None), StoreError, type(None)]
        assert line("d:1", alias="r") == await ledger.named("r")
        assert line("d:4", alias="s") == await ledger.named("s")
        assert await ledger.get("d:3") is None


async def test_lines_are_forgotten_after_their_time(
    opens: Opens, clock: FixedClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many and whosever they are; what is due still is no reason to keep one."""
    monkeypatch.setattr(stores, "PURGED", 3)
    async with opens() as store:
        mesh, fhir = store.ledger(MESH), store.ledger("operators.fhir")
        over = [line(f"d:{n}", until=NOON + MINUTE, alias=f"r:{n}", due_at=NOON) for n in range(6)]
        await mesh.put(*over, line("kept", until=NOON + 2 * MINUTE))
        await fhir.put(line("d:1", until=NOON))
        assert await store.purge(clock.now()) == 0
        assert await fhir.get("d:1") is None
        assert over == [await mesh.get(one.key) for one in over]
        with _database(folder) as connection:
            erased = [row[0] for row in connection.execute("SELECT line FROM ledger ORDER BY until LIMIT 6")]
        clock.advance(MINUTE)
        await store.purge(clock.now())
        assert await mesh.next_due() is None
        assert await mesh.named("r:3") is None
        assert await mesh.get("kept") is not None
        for path in (folder / "hub.db", folder / "hub.db-wal"):
            held = path.read_bytes()
            assert not [one for one in erased if one in held], path.name


async def test_what_was_altered_at_rest_is_noticed(opens: Opens, folder: Path) -> None:
    """A line that somebody changed, moved to another's place or dated anew is never believed."""
    async with opens() as store:
        names = ("cut", "moved", "dated", "prolonged", "good")
        await store.ledger(MESH).put(*(line(name, alias=name, due_at=NOON) for name in names))
        rows = store.ledger(MESH)._rows  # type: ignore[attr-defined]
        lookups = {name: rows.lookup(name) for name in names}
    with _database(folder) as connection:
        lines = dict(connection.execute("SELECT lookup, line FROM ledger"))
        for name, column, value in (
            ("cut", "line", lines[lookups["cut"]][:-1]),
            ("moved", "line", lines[lookups["good"]]),
            ("dated", "due_at", 1),
            ("prolonged", "until", 1 << 60),
        ):
            connection.execute(
                f"UPDATE ledger SET {column} = ? WHERE lookup = ?",  # noqa: S608 - our names
                (value, lookups[name]),
            )
    async with opens() as store:
        ledger = store.ledger(MESH)
        good = line("good", alias="good", due_at=NOON)
        # They don't stand before the rest, not even when no more than one is asked for.
        assert [good] == list(await ledger.due(NOON, 1))
        assert await ledger.next_due() == NOON
        assert good == await ledger.named("good")
        for name in names[:-1]:
            with pytest.raises(StoreError, match=r"store\.altered"):
                await ledger.get(name)
            with pytest.raises(StoreError, match=r"store\.altered"):
                await ledger.named(name)
        await ledger.put(line("moved"))
        assert line("moved") == await ledger.get("moved")


async def test_lines_outlive_the_rotation_of_the_vault(tmp_path: Path, folder: Path) -> None:
    """A new key-encryption key leaves every line readable, and new ones can be put."""
    chance, clock = SystemChance(), SystemClock()
    vault = Vault.create(tmp_path / "vault", clock, chance)
    for number in range(3):
        async with open_store(
            StoreSettings(path=folder / "hub.db"), vault=vault, clock=clock, chance=chance, exclusive=True
        ) as store:
            await store.ledger(MESH).put(line(f"d:{number}", alias=f"r:{number}"))
            for before in range(number + 1):
                assert line(f"d:{before}", alias=f"r:{before}") == await store.ledger(MESH).named(
                    f"r:{before}"
                )
        vault.rotate(clock)
        vault = Vault.open(tmp_path / "vault", chance)


async def test_the_same_line_rests_differently_each_time(opens: Opens, folder: Path) -> None:
    """Nobody who compares two copies of the files learns whether a line says the same as before."""
    async with opens() as store:
        seen = set()
        for _ in range(2):
            await store.ledger(MESH).put(line())
            with _database(folder) as connection:
                seen |= set(connection.execute("SELECT line FROM ledger"))
        assert len(seen) == 2
