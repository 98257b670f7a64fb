"""The door (`hub.ports.host.Receives`): what services of prescriptions call, taken by `calls`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from hub.plugin.door.server import HttpDoor
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub_eprescription.door import proofs
from hub_eprescription.door.calls import Calls
from hub_eprescription.door.desk import Desks
from hub_eprescription.door.proofs import Verifier
from hub_eprescription.door.settings import DoorSettings

PATH: Final = "/operators/{operator}/{what:ping|events}"
"""Where a service calls."""


@asynccontextmanager
async def open_receiver(settings: DoorSettings, desks: Desks, host: Host) -> AsyncIterator[Door]:
    """Bind every address and yield the door; calls are taken while `receive` runs.

    Raises ConfigError when an address can't be bound, or the TLS files or a secret can't be used.
    """
    async with proofs.open_verifiers(settings, host) as verifiers:
        door = Door(settings, verifiers, desks, host)
        try:
            yield door
        finally:
            door.unbind()


class Door:
    """One `[receivers.<name>]`. `addresses` are those it is bound to, in the configured order."""

    def __init__(
        self, settings: DoorSettings, verifiers: Mapping[str, Verifier], desks: Desks, host: Host
    ) -> None:
        self._settings = settings
        self._verifiers = verifiers
        self._desks = desks
        self._host = host
        self._door = HttpDoor(settings, host)

    @property
    def addresses(self) -> tuple[Endpoint, ...]:
        """Where it can be reached."""
        return self._door.addresses

    async def receive(self, intake: Intake) -> None:
        """Serve until cancelled; then take nothing new, and let calls that have begun finish."""
        for name in self._verifiers:
            if self._desks.named(name) is None:
                self._host.log.warning("door.no_service", receiver=self._host.name, operator=name)
        calls = Calls(self._settings, self._verifiers, self._desks, self._host, intake)
        await self._door.serve(PATH, calls.post)

    def unbind(self) -> None:
        """Let go of the addresses."""
        self._door.unbind()
