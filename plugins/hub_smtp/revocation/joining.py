"""One question at a time: who asks what is being asked already awaits the same answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Joining:
    """Questions under way, by key; for one event loop."""

    def __init__(self) -> None:
        self._asking: dict[Hashable, asyncio.Task[Any]] = {}

    async def ask(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Await what is being asked under this key, or ask. Raises what the asking raised.

        Who is cancelled does not end it for the others.
        """
        task: asyncio.Task[T] | None = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(_run(ask))
            self._asking[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waited has it; with nobody waiting it is of no interest


async def _run(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()
