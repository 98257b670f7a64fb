"""What the plugin offers, put together here. Modules are imported late: `hub --help` needs none of them."""

# ruff: noqa: PLC0415 -- late imports are this module's purpose
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from hub.plugin import Table
from hub.ports.connector import Delivers
from hub.ports.host import Host, Receives

if TYPE_CHECKING:
    from hub_http.door.settings import DoorSettings
    from hub_http.sending.operator import Operators
    from hub_http.settings import OperatorSettings


class Shared:
    """What the parts of one hub share: its doors look operators up among those that are open."""

    def __init__(self) -> None:
        self._operators: Operators | None = None

    @property
    def operators(self) -> Operators:
        """The operators that are open."""
        if self._operators is None:
            from hub_http.sending.operator import Operators

            self._operators = Operators()
        return self._operators

    def parse_operator(self, table: Table) -> OperatorSettings:
        """Read an `[operators.<name>]` of kind `http`. Raises ConfigError."""
        from hub_http import settings

        return settings.parse_operator(table)

    @asynccontextmanager
    async def open_operator(self, settings: OperatorSettings, host: Host) -> AsyncIterator[Delivers]:
        """Yield a connector that is ready. Raises ConfigError when a file that it needs can't be used."""
        from hub_http.fetching import polling
        from hub_http.sending import connector, opening

        async with AsyncExitStack() as stack:
            operator = await stack.enter_async_context(opening.open_operator(settings, host))
            stack.enter_context(self.operators.holding(operator))
            yield connector.of(operator, polling.fetch)

    def parse_receiver(self, table: Table) -> DoorSettings:
        """Read a `[receivers.<name>]` of kind `http`. Raises ConfigError."""
        from hub_http.door import settings

        return settings.parse_receiver(table)

    @asynccontextmanager
    async def open_receiver(self, settings: DoorSettings, host: Host) -> AsyncIterator[Receives]:
        """Yield a door that is bound. Raises ConfigError when an address or a file can't be used."""
        from hub_http.door import server

        async with server.open_receiver(settings, self.operators, host) as receiver:
            yield receiver
