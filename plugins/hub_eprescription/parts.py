"""What the plugin offers, put together here. Modules are imported late: `hub --help` needs none of them."""

# ruff: noqa: PLC0415 -- late imports are this module's purpose
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from hub.plugin import Table
from hub.ports.connector import Delivers
from hub.ports.host import Host, Receives
from hub.ports.prescription import PrescriptionService

if TYPE_CHECKING:
    from hub_eprescription.cda.settings import Settings as CdaSettings
    from hub_eprescription.door.desk import Desks
    from hub_eprescription.door.settings import DoorSettings
    from hub_eprescription.eps.settings import Settings as EpsSettings
    from hub_eprescription.gematik.settings import Settings as GematikSettings
    from hub_eprescription.settings import Common


class Shared:
    """What the parts of one hub share: its doors look services up among those that are open."""

    def __init__(self) -> None:
        self._desks: Desks | None = None

    @property
    def desks(self) -> Desks:
        """The services that are open."""
        if self._desks is None:
            from hub_eprescription.door.desk import Desks

            self._desks = Desks()
        return self._desks

    def parse_gematik(self, table: Table) -> GematikSettings:
        """Read an `[operators.<name>]` of kind `gematik`. Raises ConfigError."""
        from hub_eprescription.gematik import settings

        return settings.parse(table)

    def open_gematik(self, settings: GematikSettings, host: Host) -> AbstractAsyncContextManager[Delivers]:
        """Open a connector to gematik's E-Rezept. Raises ConfigError when a file can't be used."""
        from hub_eprescription.gematik.opening import open_service

        return self._connector(open_service(settings, host), settings.common, host)

    def parse_eps(self, table: Table) -> EpsSettings:
        """Read an `[operators.<name>]` of kind `eps`. Raises ConfigError."""
        from hub_eprescription.eps import settings

        return settings.parse(table)

    def open_eps(self, settings: EpsSettings, host: Host) -> AbstractAsyncContextManager[Delivers]:
        """Open a connector to a service such as NHS EPS. Raises ConfigError when a file can't be used."""
        from hub_eprescription.eps.opening import open_service

        return self._connector(open_service(settings, host), settings.common, host)

    def parse_cda(self, table: Table) -> CdaSettings:
        """Read an `[operators.<name>]` of kind `cda`. Raises ConfigError."""
        from hub_eprescription.cda import settings

        return settings.parse(table)

    def open_cda(self, settings: CdaSettings, host: Host) -> AbstractAsyncContextManager[Delivers]:
        """Open what carries French CDA prescriptions. Raises ConfigError when a file can't be used."""
        from hub_eprescription.cda.opening import open_service

        return self._connector(open_service(settings, host), settings.common, host)

    def parse_receiver(self, table: Table) -> DoorSettings:
        """Read a `[receivers.<name>]` of kind `eprescription`. Raises ConfigError."""
        from hub_eprescription.door import settings

        return settings.parse_receiver(table)

    @asynccontextmanager
    async def open_receiver(self, settings: DoorSettings, host: Host) -> AsyncIterator[Receives]:
        """Yield a door that is bound. Raises ConfigError when an address or a file can't be used."""
        from hub_eprescription.door import server

        async with server.open_receiver(settings, self.desks, host) as receiver:
            yield receiver

    @asynccontextmanager
    async def _connector(
        self, opening: AbstractAsyncContextManager[PrescriptionService], common: Common, host: Host
    ) -> AsyncIterator[Delivers]:
        from hub_eprescription.connector import Connector

        async with opening as service:
            connector = Connector(service, common, host)
            with self.desks.holding(host.name, connector):
                yield connector
