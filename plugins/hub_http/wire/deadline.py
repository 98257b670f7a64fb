"""A time limit that is moved often and hardly ever met, as `asyncio.timeout` whose moving costs nothing.

A timer of the loop is set once; when it goes off before the end that was moved, it is set anew.
"""

from __future__ import annotations

import asyncio
from math import inf
from types import TracebackType
from typing import Self


class Deadline:
    """Ends what one task does in a `with` block; may be entered again. TimeoutError is raised then."""

    __slots__ = ("_armed_at", "_at", "_before", "_expired", "_handle", "_loop", "_task")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._at = self._armed_at = inf
        self._before = 0
        self._expired = False

    def move(self, at: float) -> None:
        """Set the end, in the loop's time; it counts from the next block on when there is none now."""
        self._at = at
        if self._task is not None and at < self._armed_at:
            self._arm()

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("only a task has a deadline")
        self._before = self._task.cancelling()
        self._expired = False
        if self._at < inf:
            self._arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if self._handle is not None:
            self._handle.cancel()
            self._handle, self._armed_at = None, inf
        # as asyncio.Timeout: whoever else cancelled the task is not deprived of it
        if (
            self._expired
            and task is not None
            and task.uncancel() <= self._before
            and kind is asyncio.CancelledError
        ):
            raise TimeoutError from error

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed_at = self._at
        self._handle = self._loop.call_at(self._at, self._look)

    def _look(self) -> None:
        self._handle, self._armed_at = None, inf
        if self._loop.time() < self._at:
            self._arm()
        elif self._task is not None:
            self._expired = True
            self._task.cancel()
