"""Documents go when their time is over; what proves that they were delivered stays."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from hub.adapters.queue.store import Store
from hub.domain.delivery import State
from hub.errors import StoreError
from hub.ports.content import Content
from hub.ports.queue import Settlement
from hub.ports.records import Step
from hub.testing.fakes import FixedClock
from hub.testing.letters import MARIN, MARTIN, MER, VILLE, Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens

RETENTION = timedelta(days=30)


@pytest.mark.parametrize("size", [100, 300_000])
async def test_documents_go_and_proofs_stay(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path, size: int
) -> None:
    """After the retention nobody can read the documents again; envelope and timeline are as they were."""
    async with opens() as store:
        stage = store.stage()
        new = await letters.letter(stage, documents=[b"x" * size])
        await store.put(stage, acceptance(new))
        contents = await _deliver(store, clock)
        before = await store.report(new.sealed.envelope.id)
        clock.advance(RETENTION - timedelta(seconds=1))
        assert await store.purge(clock.now()) == 0
        clock.advance(timedelta(seconds=2))
        assert await store.purge(clock.now()) == 1
        assert await store.purge(clock.now()) == 0
        assert before == await store.report(new.sealed.envelope.id)
        assert new.sealed == await store.sealed(new.sealed.envelope.id)
        assert not list((folder / "documents").iterdir())
        if size > 1000:
            with pytest.raises(StoreError):
                await contents.read()
    with sqlite3.connect(folder / "hub.db") as connection:
        rows = connection.execute("SELECT stage_key, data, filed FROM envelopes, stages").fetchall()
    connection.close()
    assert rows == [(None, None, 0)]


async def test_what_is_open_is_kept(opens: Opens, letters: Letters, clock: FixedClock) -> None:
    """A held delivery keeps its documents however old it is; once ended, they go."""
    async with opens() as store:
        stage = store.stage()
        new = await letters.letter(stage, MARTIN, MARIN)
        await store.put(stage, acceptance(new))
        await _deliver(store, clock)
        clock.advance(2 * RETENTION)
        assert await store.purge(clock.now()) == 0
        step = Step(at=clock.now(), event="delivery.cancelled", delivery=new.deliveries[1].id)
        await store.move(new.deliveries[1].id, State.CANCELLED, step, due_at=None, notice=None)
        assert await store.purge(clock.now()) == 1


async def test_shared_documents_go_with_the_last_envelope(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """A blind copy that still waits keeps the documents that it shares."""
    async with opens(cache=0) as store:
        stage = store.stage()
        opened = await letters.letter(stage, MARTIN, documents=[b"x" * 300_000])
        blind = await letters.letter(stage, MARIN, contents=opened.contents)
        await store.put(stage, acceptance(opened, blind))
        await _deliver(store, clock)
        clock.advance(2 * RETENTION)
        assert await store.purge(clock.now()) == 1
        now = clock.now()
        (claimed,) = await store.claim({MER: 1}, now, now + timedelta(minutes=1))
        (content,) = claimed.contents.values()
        assert b"xxxxx" == await content.read(299_995)
        step = Step(at=now, event="delivery.cancelled")
        await store.expire_leases(now, everything=True)
        await store.move(blind.deliveries[0].id, State.REFUSED, step, due_at=None, notice=None)
        assert await store.purge(now) == 1
        assert not list((folder / "documents").iterdir())


async def test_erased_keys_are_gone_from_the_files(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """Whoever has every key but the erased ones, and all files, finds nothing to open documents with."""
    async with opens() as store:
        stage = store.stage()
        await store.put(stage, acceptance(await letters.letter(stage)))
        with sqlite3.connect(folder / "hub.db") as connection:
            (key, data) = connection.execute("SELECT stage_key, data FROM envelopes, stages").fetchone()
        connection.close()
        await _deliver(store, clock)
        clock.advance(2 * RETENTION)
        assert any(key in path.read_bytes() for path in (folder / "hub.db", folder / "hub.db-wal"))
        await store.purge(clock.now())
        for path in (folder / "hub.db", folder / "hub.db-wal"):
            held = path.read_bytes()
            assert key not in held, path.name
            assert data not in held, path.name


async def _deliver(store: Store, clock: FixedClock) -> Content:
    now = clock.now()
    (claimed,) = await store.claim({VILLE: 1}, now, now + timedelta(minutes=1))
    (one,) = claimed.deliveries
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
    (content,) = claimed.contents.values()
    return content
