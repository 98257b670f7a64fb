"""Signing for a professional: a key in a file, or in a card that never lets it out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol


class Mechanism(StrEnum):
    """How bytes are signed. ECDSA signatures are DER (RFC 3279, 2.2.3)."""

    ECDSA_SHA256 = "ecdsa-sha256"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PKCS1_SHA1 = "rsa-pkcs1-sha1"
    """Only where a service demands it (NHS EPS R1)."""


class Signer(Protocol):
    """One professional's key. It may be in a card: a call may take seconds, and fail."""

    @property
    def chain(self) -> Sequence[bytes]:
        """Certificates in DER, the signer's own first."""
        ...

    @property
    def mechanisms(self) -> Sequence[Mechanism]:
        """How it can sign, the preferred first."""
        ...

    async def sign(self, data: bytes, mechanism: Mechanism) -> bytes:
        """Sign `data`, which is hashed on the way.

        Raises PeerError (`signer.unavailable`: the card is out, the token is gone) and ConfigError
        (`signer.pin`: the PIN is wrong, never tried twice; `signer.locked`).
        """
        ...
