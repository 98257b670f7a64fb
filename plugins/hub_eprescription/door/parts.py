"""The door as a part of the hub. Its modules are imported when a table names it: they need aiohttp."""

# ruff: noqa: PLC0415 -- late imports are this module's purpose
from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from hub.plugin import Table
from hub.ports.host import Host, Receives
from hub_eprescription.door.desk import Desks

if TYPE_CHECKING:
    from hub_eprescription.door.settings import DoorSettings


def parse(table: Table) -> DoorSettings:
    """Read a `[receivers.<name>]` of kind `eprescription`. Raises ConfigError."""
    from hub_eprescription.door import settings

    return settings.parse_receiver(table)


def opener(desks: Desks) -> Callable[[DoorSettings, Host], AbstractAsyncContextManager[Receives]]:
    """Return what opens doors to these services."""

    @asynccontextmanager
    async def open_receiver(settings: DoorSettings, host: Host) -> AsyncIterator[Receives]:
        """Yield a door that is bound. Raises ConfigError when an address or a file can't be used."""
        from hub_eprescription.door import server

        async with server.open_receiver(settings, desks, host) as receiver:
            yield receiver

    return open_receiver
