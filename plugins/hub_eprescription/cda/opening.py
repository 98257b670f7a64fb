"""Opening what carries CDA prescriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports.host import Host
from hub.ports.prescription import PrescriptionService
from hub_eprescription.cda.service import CdaService
from hub_eprescription.cda.settings import Settings
from hub_eprescription.signing.authorities import Authorities


@asynccontextmanager
async def open_service(settings: Settings, host: Host) -> AsyncIterator[PrescriptionService]:
    """Yield the service. Raises ConfigError when a file of authorities can't be used."""
    yield CdaService(settings, Authorities.load(settings.trust), host)
