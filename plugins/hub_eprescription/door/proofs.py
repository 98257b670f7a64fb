"""Whether a call was made by the service: all that the settings name must hold.

What needs no body is checked before a byte of it is read. Why a proof failed is for the log, never for the
caller.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.plugin.door.proofs import bears, signed
from hub.plugin.watched import Watched
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub_eprescription.door import faults, secrets
from hub_eprescription.door.settings import DoorSettings, Proofs

SIGNATURE: Final = "X-Signature"
TIMESTAMP: Final = "X-Timestamp"
_PREFIX: Final = "sha256="
_MOST_DIGITS: Final = 12
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a call shows beside its body. `certificate` is the one that TLS has verified (DER)."""

    authorization: str
    signatures: Sequence[str]
    timestamp: str
    certificate: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Checks the calls of one operator's service."""

    operator: str
    proofs: Proofs
    host: Host
    bearer: Watched[tuple[bytes, ...]] | None = None
    hmac: Watched[tuple[bytes, ...]] | None = None

    @property
    def reads_body(self) -> bool:
        """Whether the body is part of the proof."""
        return self.hmac is not None

    async def before_body(self, shown: Shown, intake: Intake) -> None:
        """Check what needs no body. Raises UnprovedError."""
        if self.proofs.client_certificate:
            peer = None if shown.certificate is None else intake.identify(shown.certificate)
            if peer is None or peer.operator != self.operator:
                raise faults.unproved("certificate")
        if self.bearer is not None and not bears(shown.authorization, await self.bearer.current()):
            raise faults.unproved("bearer")
        if self.hmac is not None:
            self._check_time(shown.timestamp)

    async def with_body(self, shown: Shown, body: bytes) -> None:
        """Check what is digested from the body. Raises UnprovedError."""
        if self.hmac is None:
            return
        message = shown.timestamp.encode("ascii") + b"." + body
        right = [hmac.new(key, message, hashlib.sha256).digest() for key in await self.hmac.current()]
        if not signed(shown.signatures, right, prefix=_PREFIX):
            raise faults.unproved("hmac")

    def _check_time(self, said: str) -> None:
        if not (said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS):
            raise faults.unproved("timestamp")
        apart = abs(self.host.clock.now().timestamp() - int(said))
        if apart > self.proofs.tolerance / _SECOND:
            raise faults.unproved("timestamp")


@asynccontextmanager
async def open_verifiers(settings: DoorSettings, host: Host) -> AsyncIterator[dict[str, Verifier]]:
    """Yield a verifier for each operator. Raises ConfigError when a secret can't be read."""
    async with AsyncExitStack() as stack:

        async def opened(path: Path | None) -> Watched[tuple[bytes, ...]] | None:
            if path is None:
                return None
            watched = secrets.watched(path, host)
            stack.push_async_callback(watched.close)
            await watched.load()
            if watched.error is not None:
                raise watched.error
            return watched

        yield {
            name: Verifier(
                operator=name,
                proofs=one,
                host=host,
                bearer=await opened(one.bearer),
                hmac=await opened(one.hmac),
            )
            for name, one in settings.services.items()
        }
