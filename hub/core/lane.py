"""One operator's share of the worker: how many attempts run at once, and its circuit breaker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hub.core.breaker import Breaker
from hub.core.operators import Operator

_REFILL = 4
"""With a backlog, a lane is refilled when a quarter of it is free: fewer, larger claims."""


class Lane:
    """A bulkhead. What one operator does, or fails to do, takes no place from another."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.breaker = Breaker(operator.breaker_failures, operator.breaker_pause)
        self.running = 0
        self.limit = (
            min(operator.concurrency, operator.capabilities.max_concurrency)
            if operator.connector is not None
            else 0
        )
        self._backlog = False

    def wanted(self, now: float) -> int:
        """Return how many parcels to claim. `now` is monotonic time in seconds."""
        free = self.limit - self.running
        if self._backlog and self.running and free < max(self.limit // _REFILL, 1):
            return 0
        return max(self.breaker.allowance(now, free), 0)

    def filled(self, wanted: int, got: int) -> None:
        """Note what a claim brought: as much as was wanted means that there is more."""
        self._backlog = got >= wanted

    def hold(self, call: asyncio.Future[Any], wake: Callable[[], None]) -> None:
        """Keep a place taken by a call of the connector that does not end, until it does."""
        self.running += 1

        def free(_: asyncio.Future[Any]) -> None:
            self.running -= 1
            wake()

        call.add_done_callback(free)
