"""Contents as they are read back."""

from __future__ import annotations

import asyncio

from hub.ports.content import PIECE
from tests.unit.adapters.queue.conftest import Opens


async def test_reading_a_large_content_lets_others_work(opens: Opens) -> None:
    """Its bytes come from memory without a wait, and what is done with them takes its time."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with opens(spill=0) as store:
        stage = store.stage()
        sink = stage.sink()
        await sink.write(b"x" * PIECE * 64)
        content = await sink.finish()
        working = asyncio.create_task(others())
        pieces = [len(piece) async for piece in content.pieces()]
        working.cancel()
        await stage.discard()
    assert pieces == [PIECE] * 64
    assert turns >= 16
