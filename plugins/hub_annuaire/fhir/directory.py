"""The directory as the hub opens it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports.host import Host
from hub_annuaire.fhir.asking import Asking
from hub_annuaire.fhir.client import open_client
from hub_annuaire.fhir.copying import Copying, following
from hub_annuaire.fhir.searching import Search
from hub_annuaire.fhir.settings import Mode, Settings


@asynccontextmanager
async def open_directory(settings: Settings, host: Host) -> AsyncIterator[Asking | Copying]:
    """Open the directory, whether the server can be reached or not. Raises ConfigError."""
    async with open_client(settings, host) as client:
        search = Search(settings, client)
        if settings.mode is Mode.ASK:
            asking = Asking(settings, host, search)
            try:
                yield asking
            finally:
                await asking.close()
        else:
            async with following(Copying(settings, host, search)) as copying:
                yield copying
