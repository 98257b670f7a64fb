"""One thread for one PKCS#11 module: its calls come one after the other, and may take long, or for ever.

The thread is a daemon, so that a card that never answers can't keep the hub from ending. There is one per
module in the process, because a module's state, who is logged in, is the whole process's.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Lane:
    """The thread. `do` waits for its turn, then for the call."""

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def do(self, call: Callable[[], T], seconds: float) -> T:
        """Return what `call` returns, or raise what it raises; TimeoutError after `seconds`.

        A call whose turn has not come by then is never made. One that is under way goes on unheard.
        """
        future: Future[T] = Future()
        self._queue.put((future, call))
        return await asyncio.wait_for(asyncio.wrap_future(future), seconds)

    def _run(self) -> None:
        while True:
            future, call = self._queue.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - whoever waits for it decides
                future.set_exception(error)
            else:
                future.set_result(result)


@cache
def lane(module: str) -> Lane:
    """Return the thread of a module; it lives as long as the process."""
    return Lane(f"pkcs11 {module.rpartition('/')[2]}")
