"""Connections kept between mails, per host: the one used last goes out first, idle ones are closed."""

from __future__ import annotations

import asyncio

from hub_smtp.client import Connection
from hub_smtp.opening import Target


class Pool:
    """Idle connections. What is taken from it is the taker's until it is given back."""

    def __init__(self, idle_timeout: float, most: int) -> None:
        self._idle_timeout = idle_timeout
        self._most = most
        self._idle: dict[Target, list[Connection]] = {}
        self._timers: dict[Connection, asyncio.TimerHandle] = {}
        self._closed = False

    def take(self, target: Target) -> Connection | None:
        """Return a connection that stands, as far as we can see."""
        idle = self._idle.get(target, [])
        while idle:
            connection = idle.pop()
            self._timers.pop(connection).cancel()
            connection.link.ended = None
            if connection.usable:
                return connection
            connection.quit()
        return None

    def give(self, connection: Connection) -> None:
        """Keep a connection for the next mail, or close it when it can't be used or is one too many."""
        if self._closed or not connection.usable or len(self._timers) >= self._most:
            connection.quit()
            return
        loop = asyncio.get_running_loop()
        self._idle.setdefault(connection.target, []).append(connection)
        self._timers[connection] = loop.call_later(self._idle_timeout, self._drop, connection)
        connection.link.ended = lambda: self._drop(connection)

    async def close(self) -> None:
        """Say goodbye on every idle connection, and wait a moment for them to end."""
        self._closed = True
        idle = list(self._timers)
        for connection in idle:
            self._drop(connection)
        await asyncio.gather(*(connection.link.closed(1.0) for connection in idle))

    def _drop(self, connection: Connection) -> None:
        timer = self._timers.pop(connection, None)
        if timer is None:
            return
        timer.cancel()
        connection.link.ended = None
        idle = self._idle[connection.target]
        idle.remove(connection)
        if not idle:
            del self._idle[connection.target]
        connection.quit()
