"""A full disk for real: nothing is half stored, and the store goes on when there is space again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.delivery import State
from hub.errors import StoreError
from hub.ports.queue import Settlement
from hub.testing.fakes import FixedClock
from hub.testing.letters import VILLE, Letters, acceptance
from tests.unit.adapters.queue.conftest import Opens


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of two mebibytes."""
    place = tmp_path / "small"
    place.mkdir(mode=0o700)
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(place)], check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_disk_takes_nothing_and_recovers(
    opens: Opens, letters: Letters, clock: FixedClock, folder: Path
) -> None:
    """Every message is accepted or refused for now; after room was made all goes on."""
    ballast = folder / "ballast"
    accepted: list[str] = []
    async with opens() as store:
        ballast.write_bytes(b"x" * (1 << 20))
        full = None
        while full is None:
            stage = store.stage()
            new = await letters.letter(stage, documents=[os.urandom(20_000)])
            try:
                await store.put(stage, acceptance(new, key=f"key-{len(accepted)}"))
                accepted.append(new.sealed.envelope.id)
            except StoreError as error:
                full = error
        assert (full.code, len(accepted) > 5) == ("store.full", True)
        # 1. While it is full: a large content is refused as it comes, and leaves nothing behind.
        stage = store.stage()
        with pytest.raises(StoreError, match=r"store\.full"):
            await stage.keep(b"x" * (2 << 20))
        await stage.discard()
        assert not list((folder / "documents").iterdir())
        # So does one that outgrows memory where there is no room for a byte.
        with contextlib.suppress(OSError), (folder / "more").open("wb", buffering=0) as more:
            while True:
                more.write(b"x" * 4096)
        stage = store.stage()
        await stage.keep(b"small")
        with pytest.raises(StoreError, match=r"store\.full"):
            await stage.keep(b"x" * (1 << 20))
        await stage.discard()
        assert not list((folder / "documents").iterdir())
        (folder / "more").unlink()
        # 2. What was accepted is there, exactly.
        assert set(accepted) == {one.envelope for one in await store.waiting(limit=1000)}
        # 3. There is room again: ready says so, and everything goes on.
        ballast.unlink()
        await store.ready()
        stage = store.stage()
        new = await letters.letter(stage, documents=[b"after"])
        await store.put(stage, acceptance(new, key="after"))
        accepted.append(new.sealed.envelope.id)
        now = clock.now()
        parcels = await store.claim({VILLE: 1000}, now, now + timedelta(minutes=1))
        assert {one.sealed.envelope.id for one in parcels} == set(accepted)
        settled = await store.settle(
            [
                Settlement(
                    delivery=one.deliveries[0].id,
                    envelope=one.sealed.envelope.id,
                    lease=one.deliveries[0].lease,
                    state=State.DELIVERED,
                    at=now,
                    event="delivery.delivered",
                )
                for one in parcels
            ]
        )
        assert all(settled)
    async with opens() as store:
        assert await store.waiting() == []


async def test_a_disk_that_fills_at_once_hurts_only_what_does_not_fit(opens: Opens, letters: Letters) -> None:
    """Of submissions that share a commit, those that fit are accepted."""
    async with opens(spill=8 << 20) as store:
        sizes = [10, 3 << 20, 20, 4 << 20, 30]
        stages = [store.stage() for _ in sizes]
        envelopes = [
            await letters.letter(stage, documents=[os.urandom(size)])
            for stage, size in zip(stages, sizes, strict=True)
        ]
        answers = await asyncio.gather(
            *(
                store.put(stage, acceptance(new, key=f"key-{number}"))
                for number, (stage, new) in enumerate(zip(stages, envelopes, strict=True))
            ),
            return_exceptions=True,
        )
        failed = [isinstance(one, StoreError) for one in answers]
        assert failed == [False, True, False, True, False]
        waiting = {one.envelope for one in await store.waiting()}
        assert waiting == {
            new.sealed.envelope.id for new, bad in zip(envelopes, failed, strict=True) if not bad
        }


async def test_a_disk_that_fails_to_write_is_named(opens: Opens, letters: Letters, tmp_path: Path) -> None:
    """An error of the disk refuses what it hits; once it is over, everything accepted is there."""
    accepted: set[str] = set()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with opens(path=tmp_path / "data" / "hub.db") as store:
        stages = [store.stage() for _ in range(20)]
        ready = [(stage, await letters.letter(stage, documents=[os.urandom(50_000)])) for stage in stages]
        codes = set()
        # A file that may not grow: the system answers EFBIG, which SQLite takes for an error of the disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
        try:
            for number, (stage, new) in enumerate(ready):
                try:
                    await store.put(stage, acceptance(new, key=f"key-{number}"))
                    accepted.add(new.sealed.envelope.id)
                except StoreError as error:
                    codes.add(error.code)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert codes == {"store.io"}
        assert 0 < len(accepted) < 20
        await store.ready()
        assert {one.envelope for one in await store.waiting()} == accepted
    async with opens(path=tmp_path / "data" / "hub.db") as store:
        assert {one.envelope for one in await store.waiting()} == accepted
