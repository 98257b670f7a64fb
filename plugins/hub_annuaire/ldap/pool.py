"""Connections to several servers with the same content: the first that works is asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from hub.ports.directory import DirectoryUnavailableError
from hub.ports.host import Host
from hub_annuaire.ldap import faults, secure
from hub_annuaire.ldap.channel import Answers, Channel, open_channel
from hub_annuaire.ldap.link import LostError
from hub_annuaire.ldap.messages import Code, Search
from hub_annuaire.ldap.places import Url
from hub_annuaire.ldap.settings import Settings

_ELSEWHERE = frozenset({Code.BUSY, Code.UNAVAILABLE, Code.UNWILLING, Code.OPERATIONS_ERROR, Code.OTHER})
"""Result codes after which another server may know better."""


class Pool:
    """Asks in the configured order; a server that failed is asked last for `retry_after`."""

    def __init__(self, settings: Settings, host: Host, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._host = host
        self._servers = [_Server(url, settings, context) for url in settings.urls]
        self._failed_until = dict.fromkeys(settings.urls, -inf)

    async def search(self, search: Search, most: int, page: int = 0) -> Answers:
        """Search on the first server that answers (see `Channel.search`).

        Raises DirectoryUnavailableError when none does.
        """
        now = self._host.clock.monotonic()
        # a stable sort: those that work first, each group in the configured order
        ordered = sorted(self._servers, key=lambda one: self._failed_until[one.url] > now)
        unavailable: DirectoryUnavailableError | None = None
        for server in ordered:
            try:
                answers = await server.search(search, most, page)
            except DirectoryUnavailableError as error:
                unavailable = error
            else:
                if answers.result.code not in _ELSEWHERE:
                    self._mend(server.url)
                    return answers
                unavailable = faults.refused(str(server.url), answers.result.code)
            self._fail(server.url, unavailable)
        assert unavailable is not None  # noqa: S101 - the settings name a server at least
        raise unavailable

    async def close(self) -> None:
        """End every connection."""
        await asyncio.gather(*(one.close() for one in self._servers))

    def _fail(self, url: Url, why: DirectoryUnavailableError) -> None:
        now = self._host.clock.monotonic()
        if self._failed_until[url] <= now:
            self._host.log.warning(
                "ldap.server_failed", directory=self._host.name, code=why.code, reason=why.words.en
            )
        self._failed_until[url] = now + self._settings.retry_after.total_seconds()

    def _mend(self, url: Url) -> None:
        if self._failed_until[url] > -inf:
            self._failed_until[url] = -inf
            self._host.log.info("ldap.server_works", directory=self._host.name, reason=str(url))


class _Server:
    """The connections to one server."""

    def __init__(self, url: Url, settings: Settings, context: ssl.SSLContext) -> None:
        self.url = url
        self._settings = settings
        self._context = context
        self._channels: list[Channel] = []
        self._opening = asyncio.Lock()
        self._failures = 0
        self._why: DirectoryUnavailableError | None = None

    async def search(self, search: Search, most: int, page: int = 0) -> Answers:
        """Search; a connection that the server has ended since is replaced once."""
        try:
            return await self._once(search, most, page)
        except LostError:
            try:
                return await self._once(search, most, page)
            except LostError as error:
                raise faults.unreachable(str(self.url), error) from error

    async def close(self) -> None:
        """End every connection."""
        await asyncio.gather(*(one.close() for one in self._channels))
        self._channels.clear()

    async def _once(self, search: Search, most: int, page: int) -> Answers:
        channel = await self._channel()
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                return await channel.search(search, most, page)
        except TimeoutError:
            # what hangs once is not trusted with the next question
            channel.abort()
            raise faults.silent(str(self.url)) from None

    async def _channel(self) -> Channel:
        if (free := self._free()) is not None:
            return free
        failures = self._failures
        async with self._opening:
            if self._why is not None and self._failures != failures:
                raise self._why  # who waited for the same attempt need not wait for another
            if (free := self._free()) is not None:
                return free
            if len(self._channels) < self._settings.connections:
                opened = await self._open()
                self._channels.append(opened)
            return min(self._channels, key=lambda one: one.load)

    async def _open(self) -> Channel:
        try:
            return await open_channel(self.url, self._settings, self._context)
        except DirectoryUnavailableError as error:
            self._failures += 1
            self._why = error
            raise

    def _free(self) -> Channel | None:
        self._channels = [one for one in self._channels if not one.over]
        least = min(self._channels, key=lambda one: one.load, default=None)
        return least if least is not None and least.load < self._settings.pipeline else None


@asynccontextmanager
async def open_pool(settings: Settings, host: Host) -> AsyncIterator[Pool]:
    """Open a pool; connections are made when they are needed. Raises ConfigError for TLS files."""
    pool = Pool(settings, host, secure.client_context(settings.anchors, settings.identity))
    try:
        yield pool
    finally:
        await pool.close()
