"""The index asked beside everything else: a search of milliseconds holds up no look-up of microseconds."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from hub_annuaire.looking.index import Index

T = TypeVar("T")


class Gone(Exception):  # noqa: N818 - nothing failed: there is a newer version to be asked
    """The connection was closed before the question's turn came."""


class Aside:
    """Asks the index over a connection of its own, in a thread and one question at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take over the connection, opened with `check_same_thread=False`."""
        self._connection = connection
        self._turn = asyncio.Lock()
        self._closed = False

    async def ask(self, question: Callable[[Index], list[T]]) -> list[T]:
        """Return what the index answers. Raises sqlite3.Error, and Gone once it was closed."""
        async with self._turn:
            if self._closed:
                raise Gone
            task = asyncio.ensure_future(asyncio.to_thread(question, Index(self._connection)))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.wait({task})
                raise
            finally:
                self._end()

    def close(self) -> None:
        """Close the connection; a question that is being answered ends first."""
        self._closed = True
        if not self._turn.locked():
            self._end()

    def _end(self) -> None:
        if self._closed:
            self._connection.close()
