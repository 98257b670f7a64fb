"""Signers that must look at their card before they know their own certificate."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from hub.ports.signing import Signer


@runtime_checkable
class Readies(Protocol):
    """A signer whose `chain` and `mechanisms` may be asked once `ready` has returned."""

    async def ready(self) -> None:
        """Return when they can be asked. Raises PeerError, ConfigError as signing does."""
        ...


async def make_ready(signer: Signer) -> None:
    """Return when a signer's certificate is known."""
    if isinstance(signer, Readies):
        await signer.ready()
