"""An API that runs in a thread of its own, so that the program can run in the test's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def beside(opened: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """Open something in another thread's loop, and close it there."""
    ready: Future[tuple[T, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        done = asyncio.Event()
        async with opened() as one:
            ready.set_result((one, asyncio.get_running_loop(), done))
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    one, loop, done = ready.result(timeout=30)
    try:
        yield one
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
