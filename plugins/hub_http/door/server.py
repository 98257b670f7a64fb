"""The door (`hub.ports.host.Receives`): what operators call, taken by `webhook`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from hub.plugin.door.server import HttpDoor
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub_http.door.settings import DoorSettings
from hub_http.door.webhook import Webhooks
from hub_http.sending.operator import Operators

PATH: Final = "/operators/{operator}/{webhook}"
"""Where a webhook is called."""
_SHORTLY: Final = 2
_RETRY_AFTER: Final[Mapping[str, int]] = {"door.busy": _SHORTLY, "door.early": _SHORTLY}
"""What is over in a moment."""


@asynccontextmanager
async def open_receiver(settings: DoorSettings, operators: Operators, host: Host) -> AsyncIterator[Door]:
    """Bind every address and yield the door; calls are taken while `receive` runs.

    Raises ConfigError when an address can't be bound or the TLS files can't be used.
    """
    door = Door(settings, operators, host)
    try:
        yield door
    finally:
        door.unbind()


class Door:
    """One `[receivers.<name>]`. `addresses` are those it is bound to, in the configured order."""

    def __init__(self, settings: DoorSettings, operators: Operators, host: Host) -> None:
        self._settings = settings
        self._operators = operators
        self._host = host
        self._door = HttpDoor(settings, host, retry_after=_RETRY_AFTER)

    @property
    def addresses(self) -> tuple[Endpoint, ...]:
        """Where it can be reached."""
        return self._door.addresses

    async def receive(self, intake: Intake) -> None:
        """Serve until cancelled; then take nothing new, and let calls that have begun finish."""
        self._warn()
        await self._door.serve(PATH, Webhooks(self._settings, self._operators, self._host, intake).post)

    def unbind(self) -> None:
        """Let go of the addresses."""
        self._door.unbind()

    def _warn(self) -> None:
        """Say what can't be meant: a door that nobody may use, or proofs that nobody can give."""
        webhooks = [(one.name, hook) for one in self._operators for hook in one.description.webhooks.values()]
        if not webhooks:
            self._host.log.warning("door.no_webhooks", receiver=self._host.name)
        if self._settings.anchors:
            return
        for name in dict.fromkeys(name for name, hook in webhooks if hook.verify.client_certificate):
            self._host.log.warning("door.no_anchors", receiver=self._host.name, operator=name)
