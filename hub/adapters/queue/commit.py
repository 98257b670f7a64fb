"""Group commit: whatever waits is run in one transaction and made durable by one fsync.

The statements run on the event loop's thread, the commit on a thread of its own. Statements take
microseconds each, but a thread that runs them has to win the interpreter's lock back after every one;
a busy event loop lets it wait milliseconds, seconds at worst (docs/decisions/store.md). While the disk
works, the next batch gathers.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Transaction
from sqlalchemy.exc import SQLAlchemyError

from hub.adapters.queue import batch, dialect, faults
from hub.errors import HubError

T = TypeVar("T")

MOST: Final = 256
"""Operations in one transaction, at most."""
_TURNS: Final = 3
"""Turns of the event loop before a batch begins: what is about to come then shares its fsync and its
statements. A loop with nothing else to do turns in microseconds."""
_RETRY: Final = 0.005
"""Seconds between two tries to get the write lock from another process."""
_PATIENCE: Final = 0.003
"""Seconds after which a busy event loop stands aside for a commit that has ended on disk."""
_ASIDE: Final = 0.0001
"""Seconds for which it stands aside."""
_ALONE: Final = frozenset({"store.full", "store.failed"})
"""Failures that one operation may have brought on the others: each is tried alone then."""

Member = batch.Operation | batch.Statement
_Waiting = tuple[Member, "asyncio.Future[Any]"]


class GroupCommit:
    """Owns the one connection that writes."""

    def __init__(self, engine: Engine, busy_timeout: float) -> None:
        self._engine = engine
        self._busy_timeout = busy_timeout
        self._connection = engine.connect()
        self._waiting: deque[_Waiting] = deque()
        self._something = asyncio.Event()
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "store-commit")
        self._task = asyncio.create_task(self._run(), name="store-commit")
        self._closing = False

    def submit(self, member: Member) -> asyncio.Future[Any]:
        """Have something done; durable once the future has its result.

        The future's exception is a StoreError, or the operation's own HubError. Cancelling it does
        not undo anything.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._closing:
            future.set_exception(faults.closed())
            return future
        self._waiting.append((member, future))
        self._something.set()
        return future

    async def do(self, member: Member) -> Any:
        """Have something done and return its result; durable then. Raises as the future of `submit`."""
        return await self.submit(member)

    async def tidy(self) -> None:
        """Empty the write-ahead log; nothing is committed meanwhile."""
        async with self._turn:
            await asyncio.get_running_loop().run_in_executor(
                self._thread, dialect.truncate_log, self._connection
            )

    async def close(self) -> None:
        """Finish what waits, then let go of the connection."""
        self._closing = True
        self._something.set()
        await self._task
        self._thread.shutdown()
        self._connection.close()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._something.clear()
                await self._something.wait()
                continue
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            taken = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            async with self._turn:
                await self._commit(taken)

    async def _commit(self, taken: list[_Waiting]) -> None:
        try:
            results = await self._transact([member for member, _ in taken])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            fault = error if isinstance(error, HubError) else faults.translate(error)
            fault.__cause__ = None if fault is error else error
            if len(taken) > 1 and fault.code in _ALONE:
                for one in taken:
                    await self._commit([one])
                return
            results = [fault] * len(taken)
        for (_, future), result in zip(taken, results, strict=True):
            if future.done():
                continue
            if isinstance(result, HubError):
                future.set_exception(result)
            else:
                future.set_result(result)

    async def _transact(self, members: list[Member]) -> list[Any]:
        transaction = await self._begin()
        try:
            results, wrote = batch.run(self._connection, members)
            if wrote:
                await self._make_durable(transaction)
            else:
                transaction.rollback()
        except BaseException as error:
            self._undo(error)
            raise
        return results

    async def _begin(self) -> Transaction:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._busy_timeout
        while True:
            try:
                return self._connection.begin()
            except (SQLAlchemyError, sqlite3.Error) as error:
                if not dialect.is_busy(error) or loop.time() >= until:
                    self._undo(error)
                    raise
            await asyncio.sleep(_RETRY)

    async def _make_durable(self, transaction: Transaction) -> None:
        loop = asyncio.get_running_loop()
        ended = threading.Event()

        def commit() -> None:
            try:
                transaction.commit()
            finally:
                ended.set()

        def stand_aside() -> None:
            if not ended.wait(_ASIDE):
                loop.call_later(_PATIENCE, stand_aside)

        loop.call_later(_PATIENCE, stand_aside)
        await asyncio.shield(loop.run_in_executor(self._thread, commit))

    def _undo(self, error: BaseException) -> None:
        """Roll back; after a fault of the disk begin with a fresh connection, which reads again."""
        try:
            self._connection.rollback()
            broken = isinstance(error, Exception) and faults.translate(error).code in {
                "store.io",
                "store.failed",
            }
        except SQLAlchemyError:
            broken = True
        if broken:
            self._reconnect()

    def _reconnect(self) -> None:
        old: Connection = self._connection
        try:
            old.invalidate()
            old.close()
        except SQLAlchemyError:
            pass
        self._connection = self._engine.connect()
