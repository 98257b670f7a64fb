"""Group commit: many in one, each answered for itself, and none lost when its caller goes away."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.queue.store import Store
from hub.errors import ConflictError, StoreError
from hub.ports.queue import NewEnvelope
from hub.testing.fakes import FixedClock
from hub.testing.letters import VILLE, Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens


@contextmanager
def counted(store: Store) -> Iterator[list[int]]:
    """Count commits."""
    commit = store._commit
    begin, commits = commit._begin, [0]

    async def counting() -> Any:
        commits[0] += 1
        return await begin()

    commit._begin = counting  # type: ignore[method-assign]
    yield commits
    commit._begin = begin  # type: ignore[method-assign]


async def test_submissions_at_the_same_moment_share_a_commit(opens: Opens, letters: Letters) -> None:
    """Fifty submissions that wait together cost one or two waits for the disk, not fifty."""
    async with opens() as store:
        ready = [await _ready(store, letters) for _ in range(50)]
        with counted(store) as commits:
            await asyncio.gather(
                *(store.put(stage, acceptance(new, key=f"{n}")) for n, (stage, new) in enumerate(ready))
            )
        assert commits[0] <= 2
        assert len(await store.waiting()) == 50


async def test_one_that_fails_harms_no_other(opens: Opens, letters: Letters) -> None:
    """A submission that the database refuses fails alone, whoever shares its commit."""
    async with opens() as store:
        taken_stage, taken = await _ready(store, letters)
        await store.put(taken_stage, acceptance(taken, key="taken"))
        ready = [await _ready(store, letters) for _ in range(5)]
        stage, new = ready[2]
        ready[2] = (stage, replace(new, deliveries=taken.deliveries))
        answers = await asyncio.gather(
            *(store.put(stage, acceptance(new, key=f"{n}")) for n, (stage, new) in enumerate(ready)),
            _conflicting(store, letters),
            return_exceptions=True,
        )
        assert isinstance(answers[2], StoreError)
        assert isinstance(answers[5], ConflictError)
        good = {new.sealed.envelope.id for n, (_, new) in enumerate(ready) if n != 2}
        good.add(taken.sealed.envelope.id)
        assert {one.envelope for one in await store.waiting()} == good
        # The stage of the one that failed can still be discarded.
        await stage.discard()


async def test_a_caller_that_goes_away_undoes_nothing(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """A peer that hangs up while its message is being stored loses neither it nor its documents."""
    async with opens(cache=0) as store:
        stage, new = await _ready(store, letters, b"x" * 300_000)
        putting = asyncio.create_task(store.put(stage, acceptance(new)))
        while not store._commit._waiting:  # noqa: ASYNC110 - the very moment counts
            await asyncio.sleep(0)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        await stage.discard()
        await store.ready()
        assert [path.name for path in (folder / "documents").iterdir()] == [stage.id]
        now = clock.now()
        (claimed,) = await store.claim({VILLE: 1}, now, now + timedelta(minutes=1))
        (content,) = claimed.contents.values()
        assert b"x" * 300_000 == b"".join([piece async for piece in content.pieces()])


async def test_a_claim_may_share_the_commit_of_what_it_claims(
    opens: Opens, letters: Letters, clock: FixedClock
) -> None:
    """What was accepted a moment ago is on its way at once."""
    async with opens() as store:
        stage, new = await _ready(store, letters)
        now = clock.now()
        with counted(store) as commits:
            _, claimed = await asyncio.gather(
                store.put(stage, acceptance(new)),
                store.claim({VILLE: 1}, now, now + timedelta(minutes=1)),
            )
        assert commits[0] == 1
        assert [one.sealed for one in claimed] == [new.sealed]


async def test_memory_is_bounded_by_the_cache(opens: Opens, letters: Letters) -> None:
    """What waits for its delivery does not fill the memory, however much there is."""
    async with opens(cache=200_000) as store:
        for n in range(30):
            stage, new = await _ready(store, letters, os.urandom(20_000))
            await store.put(stage, acceptance(new, key=f"{n}"))
        assert store._cache._weight <= 200_000
        assert 0 < len(store._cache._known) < 15


async def test_contents_of_another_stage_are_refused(opens: Opens, letters: Letters) -> None:
    """An envelope can't be stored without its documents."""
    async with opens() as store:
        stage, other = store.stage(), store.stage()
        contents = [await stage.keep(b"one"), await other.keep(b"two")]
        new = await letters.letter(stage, contents=contents)
        with pytest.raises(ValueError, match="one stage"):
            await store.put(stage, acceptance(new))


async def _conflicting(store: Store, letters: Letters) -> Any:
    stage, new = await _ready(store, letters)
    return await store.put(stage, acceptance(new, key="taken", said=b"something else"))


async def _ready(store: Store, letters: Letters, data: bytes = b"Bonjour,") -> tuple[Any, NewEnvelope]:
    stage = store.stage()
    return stage, await letters.letter(stage, documents=[data])
