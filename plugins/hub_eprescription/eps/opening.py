"""Opening the adapter to EPS: session, keys and authorities, and what works with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports.host import Host
from hub.ports.prescription import PrescriptionService
from hub_eprescription.eps.service import EpsService
from hub_eprescription.eps.settings import Settings
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.signers import open_signers
from hub_eprescription.wire.session import open_session


@asynccontextmanager
async def open_service(settings: Settings, host: Host) -> AsyncIterator[PrescriptionService]:
    """Yield the service, ready. Raises ConfigError when a file that it needs can't be used."""
    trust = await asyncio.to_thread(Authorities.load, settings.trust, accepts_sha1=settings.accepts_sha1)
    async with open_session(settings.wire, host) as session, open_signers(settings.signers, host) as signers:
        yield EpsService(settings, session, signers, trust, host.clock)
