"""A network that fails: a TCP proxy that passes bytes on, or does what networks do, by a seeded plan.

It knows nothing of what it carries; TLS goes through it untouched. Each connection draws its fault from
the plan's seed and its own number, so that a run can be repeated as far as the other side repeats it.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_PIECE: Final = 1 << 14
_BURST: Final = 4000
"""Bytes of a client without an answer between them that can only be a message, not a handshake."""
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER that makes closing a reset."""


class Kind(enum.StrEnum):
    """What happens to a connection."""

    WHOLE = "whole"
    DELAY = "delay"
    CUT = "cut"
    RESET = "reset"
    HALF_CLOSE = "half-close"
    STALL = "stall"
    MUTE = "mute"
    REFUSE = "refuse"
    TRICKLE = "trickle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One connection's fate.

    delay       every piece waits for `seconds`.
    cut, reset  after byte `after` of one direction both end, by FIN or by RST.
    half-close  after byte `after` of one direction that one ends by FIN, the other goes on.
    stall       at byte `after` of one direction nothing moves for `seconds`, then all goes on.
    mute        the server's answer to the first message after byte `after` is swallowed, and all that
                follows; after `seconds` both ends are reset.
    refuse      reset before the first byte.
    trickle     from byte `after` of one direction 200 bytes come one by one.
    """

    kind: Kind = Kind.WHOLE
    up: bool = True
    after: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Draws a fault for each connection; `share` of them have one."""

    seed: str
    share: float

    def __call__(self, number: int) -> Fault:
        """Return the fault of connection `number`."""
        chance = random.Random(f"{self.seed}/{number}")
        if chance.random() >= self.share:
            return Fault()
        kind = chance.choice([one for one in Kind if one is not Kind.WHOLE])
        # Half of them early, in greetings and handshakes, half anywhere in some messages.
        after = chance.randrange(6_000) if chance.random() < 0.5 else chance.randrange(60_000)
        seconds = chance.uniform(0.001, 0.02) if kind is Kind.DELAY else chance.uniform(0.1, 3)
        return Fault(kind=kind, up=chance.random() < 0.5, after=after, seconds=seconds)


class Network:
    """The proxies of a test, in one thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network")
        self._proxies: list[Proxy] = []

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Network]:
        """Run it; every connection ends with it."""
        one = cls()
        one._thread.start()
        try:
            yield one
        finally:
            for proxy in one._proxies:
                asyncio.run_coroutine_threadsafe(proxy.close(), one._loop).result(30)
            one._loop.call_soon_threadsafe(one._loop.stop)
            one._thread.join()
            one._loop.close()

    def proxy(self, upstream: int, plan: Callable[[int], Fault]) -> Proxy:
        """Put a proxy before a port of this machine; its own port is free already."""
        proxy = Proxy(upstream, plan)
        asyncio.run_coroutine_threadsafe(proxy.listen(), self._loop).result(30)
        self._proxies.append(proxy)
        return proxy


class Proxy:
    """Stands before one port. `seen` counts connections by what happened to them."""

    def __init__(self, upstream: int, plan: Callable[[int], Fault]) -> None:
        self._upstream = upstream
        self._plan = plan
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._calm = False
        self.port = 0
        self.seen: Counter[Kind] = Counter()

    async def listen(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def calm(self) -> None:
        """From now on every new connection is passed whole."""
        self._calm = True

    async def close(self) -> None:
        """End all connections."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            fault = Fault() if self._calm else self._plan(self.seen.total())
            self.seen[fault.kind] += 1
            if fault.kind is Kind.REFUSE:
                _reset(writer)
                return
            try:
                upstream = await asyncio.open_connection("127.0.0.1", self._upstream)
            except OSError:
                _reset(writer)
                return
            with contextlib.suppress(asyncio.CancelledError):
                await _Passage(fault, (reader, writer), upstream).run()
        finally:
            self._tasks.discard(task)


_End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _EndedError(Exception):
    """The connection is over."""


class _Passage:
    """One connection through the proxy."""

    def __init__(self, fault: Fault, client: _End, server: _End) -> None:
        self._fault = fault
        self._client = client
        self._server = server
        self._passed = {True: 0, False: 0}
        self._burst = 0
        self._muted = False

    async def run(self) -> None:
        """Pass bytes both ways until both ends are done or the fault ends it."""
        ways = [
            asyncio.ensure_future(self._pass(self._client[0], self._server[1], up=True)),
            asyncio.ensure_future(self._pass(self._server[0], self._client[1], up=False)),
        ]
        try:
            await asyncio.gather(*ways)
            self._close()
        except (_EndedError, OSError):
            reset = self._fault.kind is not Kind.CUT
            for _, writer in (self._client, self._server):
                _reset(writer) if reset else writer.close()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)
            self._close()

    def _close(self) -> None:
        for _, writer in (self._client, self._server):
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        while data := await reader.read(_PIECE):
            if self._mutes(data, up=up):
                await asyncio.sleep(self._fault.seconds)
                raise _EndedError
            if up is self._fault.up and self._passed[up] <= self._fault.after < self._passed[up] + len(data):
                split = self._fault.after - self._passed[up]
                await self._send(writer, data[:split])
                if await self._strike(writer, data[split:]):
                    self._passed[up] += len(data)
                    return
                data = b"" if self._fault.kind is Kind.TRICKLE else data[split:]
                self._passed[up] += split
            if self._fault.kind is Kind.DELAY:
                await asyncio.sleep(self._fault.seconds)
            await self._send(writer, data)
            self._passed[up] += len(data)
        if writer.can_write_eof():
            writer.write_eof()

    def _mutes(self, data: bytes, *, up: bool) -> bool:
        """Whether this is the answer to a message that is to be swallowed."""
        if up:
            self._burst += len(data)
            return False
        burst, self._burst = self._burst, 0
        return (
            self._fault.kind is Kind.MUTE and burst >= _BURST and self._passed[True] >= self._fault.after / 3
        )

    async def _strike(self, writer: asyncio.StreamWriter, rest: bytes) -> bool:
        """Do what is due at this byte; True when this direction is over."""
        match self._fault.kind:
            case Kind.CUT | Kind.RESET:
                raise _EndedError
            case Kind.HALF_CLOSE:
                writer.write_eof()
                return True
            case Kind.STALL:
                await asyncio.sleep(self._fault.seconds)
            case Kind.TRICKLE:
                for at in range(min(len(rest), 200)):
                    await self._send(writer, rest[at : at + 1])
                    await asyncio.sleep(0.001)
                await self._send(writer, rest[200:])
        return False

    @staticmethod
    async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
        if data:
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    if not writer.transport.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        writer.transport.abort()
