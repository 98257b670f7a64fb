"""What surrounds a commit that brings new envelopes: their files made durable, their bytes held fast."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from hub.adapters.queue import faults
from hub.adapters.queue.batch import Operation
from hub.adapters.queue.cache import Cache
from hub.adapters.queue.commit import GroupCommit
from hub.adapters.queue.rows import EnvelopeRows
from hub.domain.ids import EnvelopeId


class Storing:
    """Stores operations that bring envelopes.

    Before the commit, large contents are on disk under their names. From then until it has ended,
    nobody can discard them, not even a caller that was cancelled. The envelopes are readable from
    memory at once, since a claim may share their commit.
    """

    def __init__(self, commit: GroupCommit, cache: Cache, documents: Path) -> None:
        self._commit = commit
        self._cache = cache
        self._documents = documents

    async def store(
        self,
        operation: Operation,
        new: Sequence[EnvelopeRows],
        kept: Callable[[Any], Collection[EnvelopeId]],
    ) -> Any:
        """Have `operation` done and return its result; `kept` tells by it which of `new` were stored.

        Raises StoreError, or the operation's own HubError: then none was.
        """

        def ended(future: asyncio.Future[Any]) -> None:
            """Let go of what was not stored, even when nobody awaits the answer any more."""
            failed = future.cancelled() or future.exception() is not None
            self._release(new, () if failed else kept(future.result()))

        for one in new:
            one.stage.pledge()
        try:
            await self._sync(new)
        except BaseException:
            self._release(new, ())
            raise
        for one in new:
            self._cache.add(one.known)
        future = self._commit.submit(operation)
        future.add_done_callback(ended)
        return await asyncio.shield(future)

    async def _sync(self, new: Sequence[EnvelopeRows]) -> None:
        filed = [one.stage.vessel for one in new if one.stage.vessel.filed]
        for vessel in filed:
            await asyncio.to_thread(vessel.sync)
        if filed:
            await asyncio.to_thread(sync_folder, self._documents)

    def _release(self, new: Sequence[EnvelopeRows], kept: Collection[EnvelopeId]) -> None:
        for one in new:
            if one.known.id not in kept:
                self._cache.drop(one.known.id)
            one.stage.release(kept=one.known.id in kept)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises StoreError."""
    with faults.mapped():
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
