"""Opens the service: session, prescribers' keys, authorities."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports.host import Host
from hub_eprescription.gematik.drafting import Keys
from hub_eprescription.gematik.service import Service
from hub_eprescription.gematik.settings import Settings
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.signers import open_signers
from hub_eprescription.wire.session import open_session


@asynccontextmanager
async def open_service(settings: Settings, host: Host) -> AsyncIterator[Service]:
    """Yield the service, ready. Raises ConfigError when a file that it needs can't be used."""
    trust = Authorities.load(settings.trust)
    async with open_session(settings.wire, host) as session, open_signers(settings.signers, host) as signers:
        yield Service(settings, session, Keys(signers=signers, trust=trust), host)
