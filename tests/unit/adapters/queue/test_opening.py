"""Opening a store: its schema, its lock, what a crash left behind, and what can't be opened."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.adapters.queue import dialect, migrations, schema, tables
from hub.adapters.queue.store import Store
from hub.domain.delivery import State
from hub.errors import StoreError
from hub.ports.queue import Claimed, NewEnvelope
from hub.testing.fakes import FixedClock
from hub.testing.ledger_contract import line
from hub.testing.letters import VILLE, Letters, acceptance
from hub.testing.queue_rig import ended
from tests.unit.adapters.queue.conftest import Opens


async def test_the_migrations_make_the_tables(opens: Opens, folder: Path) -> None:
    """What the migrations build is what the code expects, column by column and index by index."""
    async with opens():
        pass
    engine = dialect.reading(folder / "hub.db", 1.0)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        wanted = {index.name: index for table in tables.metadata.tables.values() for index in table.indexes}
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        found = {row.name: row.sql for row in rows}
    engine.dispose()
    assert set(found) == set(wanted)
    for name, index in wanted.items():
        assert (" WHERE " in found[name]) == (index.dialect_options["sqlite"]["where"] is not None), name


def test_the_newest_migration_is_the_one_we_know() -> None:
    """A new migration can't be forgotten in the code that checks for it."""
    (place,) = migrations.__path__
    assert ScriptDirectory(place).get_current_head() == schema.HEAD


async def test_migrating_leaves_logging_alone(opens: Opens) -> None:
    """The hub's log goes on as it was set up."""
    before = (logging.root.handlers[:], logging.root.level, logging.getLogger("alembic").handlers[:])
    async with opens():
        pass
    assert before == (logging.root.handlers, logging.root.level, logging.getLogger("alembic").handlers)


async def test_a_store_of_the_first_release_goes_on(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """An upgrade keeps every message, open or delivered, and the hub can put what is new beside it."""

    def parcels(store: Store) -> Awaitable[Sequence[Claimed]]:
        now = clock.now()
        return store.claim({VILLE: 5}, now, now + timedelta(minutes=1))

    sent: list[NewEnvelope] = []
    async with opens() as store:
        for key, size in (("delivered", 100), ("leased", 100), ("open", 300_000)):
            stage = store.stage()
            sent.append(await letters.letter(stage, documents=[b"x" * size]))
            await store.put(stage, acceptance(sent[-1], key=key))
            if key != "open":
                (claimed,) = await parcels(store)
            if key == "delivered":
                await store.settle([ended(claimed.deliveries[0], claimed, State.DELIVERED)])
        before = [await store.report(one.sealed.envelope.id) for one in sent]
    _make_first(folder / "hub.db")
    async with opens(cache=0) as store:
        assert before == [await store.report(one.sealed.envelope.id) for one in sent]
        await store.expire_leases(clock.now(), everything=True)
        claims = await parcels(store)
        assert {one.sealed for one in claims} == {one.sealed for one in sent[1:]}
        for one in claims:
            for content in one.contents.values():
                assert await content.read() == b"x" * content.size
        stage = store.stage()
        again = await store.put(stage, acceptance(await letters.letter(stage), key="open"))
        assert again is not None
        assert again.again
        await store.ledger("operators.mesh").put(line(alias="r"))
    async with opens() as store:
        assert line(alias="r") == await store.ledger("operators.mesh").named("r")
    with sqlite3.connect(folder / "hub.db") as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.HEAD,)]
    connection.close()


def _make_first(path: Path) -> None:
    """Put a store's rows into a database of the first release, in its place."""
    now = path.rename(path.with_name("now.db"))
    engine = dialect.writing(path)
    config = Config()
    config.set_main_option("script_location", "hub.adapters.queue:migrations")
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(path) as first:
        first.execute("ATTACH ? AS now", (str(now),))
        tables_ = [
            name for (name,) in first.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
        ]
        assert "ledger" not in tables_
        for name in tables_:
            if name != "alembic_version":
                names = ", ".join(row[1] for row in first.execute(f"PRAGMA main.table_info({name})"))
                first.execute(f"INSERT INTO main.{name} ({names}) SELECT {names} FROM now.{name}")  # noqa: S608 - our names
    first.close()
    now.unlink()


async def test_a_store_of_a_later_release_is_refused(opens: Opens, folder: Path) -> None:
    """An old hub does not write into what it does not understand, and says why."""
    async with opens():
        pass
    with sqlite3.connect(folder / "hub.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match=r"store\.newer: .*9999"):
        async with opens():
            pass


async def test_only_one_hub_works_on_a_store(opens: Opens, letters: Letters) -> None:
    """A second `hub serve` is refused with clear words, while others look and move beside it."""
    async with opens() as store:
        with pytest.raises(StoreError, match=r"store\.in_use"):
            async with opens():
                pass
        async with opens(exclusive=False) as beside:
            stage = store.stage()
            new = await letters.letter(stage)
            await store.put(stage, acceptance(new))
            assert [one.envelope for one in await beside.waiting()] == [new.sealed.envelope.id]
            other = beside.stage()
            await beside.put(other, acceptance(await letters.letter(other), key="other"))
            assert len(await store.waiting()) == 2
    async with opens():
        pass


async def test_a_first_look_beside_nobody_makes_the_store(opens: Opens) -> None:
    """`hub queue` works before the first `hub serve`."""
    async with opens(exclusive=False) as store:
        assert await store.waiting() == []


async def test_what_a_crash_left_half_received_is_removed(
    opens: Opens, letters: Letters, folder: Path
) -> None:
    """Files of submissions that were never accepted go at the start; accepted ones stay."""
    async with opens() as store:
        stage, lost = store.stage(), store.stage()
        await store.put(stage, acceptance(await letters.letter(stage, documents=[b"x" * 300_000])))
        await lost.keep(b"y" * 300_000)
        assert len(_names(folder)) == 2
        async with opens(exclusive=False):
            assert len(_names(folder)) == 2
    async with opens():
        assert _names(folder) == [stage.id]


@pytest.mark.parametrize("damage", ["header", "truncated"])
async def test_a_damaged_database_is_named(opens: Opens, letters: Letters, folder: Path, damage: str) -> None:
    """The hub says that the file is damaged, not that something went wrong."""
    async with opens() as store:
        stage = store.stage()
        await store.put(stage, acceptance(await letters.letter(stage, documents=[b"x" * 100_000])))
    with (folder / "hub.db").open("r+b") as file:
        if damage == "header":
            file.write(b"not a database, but something else entirely")
        else:
            file.truncate(8192)
    with pytest.raises(StoreError, match=r"store\.damaged"):
        async with opens() as store:
            await store.waiting()


async def test_a_missing_document_is_named(opens: Opens, letters: Letters, folder: Path) -> None:
    """A file that somebody took away is a damage, not an empty document."""
    async with opens() as store:
        stage = store.stage()
        content = await stage.keep(b"x" * 300_000)
        await store.put(stage, acceptance(await letters.letter(stage, contents=[content])))
        (folder / "documents" / stage.id).unlink()
        with pytest.raises(StoreError, match=r"store\.damaged"):
            await content.read()


async def test_a_writer_elsewhere_is_waited_for(opens: Opens, letters: Letters, folder: Path) -> None:
    """Another process that writes delays an acceptance, and only one that never ends refuses it."""
    async with opens() as store:
        other = sqlite3.connect(folder / "hub.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        stage = store.stage()
        putting = asyncio.ensure_future(store.put(stage, acceptance(await letters.letter(stage))))
        await asyncio.sleep(0)
        assert not putting.done()
        other.execute("COMMIT")
        assert not (await putting).again
        other.close()


async def test_a_writer_that_never_ends_is_named(opens: Opens, letters: Letters, folder: Path) -> None:
    """The peer is told to try again; afterwards all goes on."""
    async with opens(busy_timeout=timedelta(milliseconds=30)) as store:
        other = sqlite3.connect(folder / "hub.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        stages = [store.stage() for _ in range(3)]
        puts = [
            store.put(stage, acceptance(await letters.letter(stage), key=f"key-{number}"))
            for number, stage in enumerate(stages)
        ]
        answers = await asyncio.gather(*puts, return_exceptions=True)
        assert [one.code for one in answers if isinstance(one, StoreError)] == ["store.busy"] * 3
        other.execute("ROLLBACK")
        other.close()
        await store.ready()
        assert await store.waiting() == []


async def test_a_closed_store_takes_nothing(opens: Opens) -> None:
    """Whoever comes too late is told so."""
    async with opens() as store:
        pass
    with pytest.raises(StoreError, match=r"store\.closed"):
        await store.ready()


def _names(folder: Path) -> list[str]:
    return [path.name for path in (folder / "documents").iterdir()]
