"""Signing and verifying bytes on behalf of the hub."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verified JWS says: the payload exactly as signed, and who signed it.

    `chain` is DER, the signer's certificate first; `trusted` is whether it leads to a configured
    authority at the moment asked.
    """

    payload: bytes
    algorithm: str
    signer: str
    chain: tuple[bytes, ...]
    trusted: bool


class Seals(Protocol):
    """Signs for the hub."""

    def seal(self, payload: bytes) -> bytes:
        """Return a JWS in flattened JSON serialisation (RFC 7515, 7.2.2) over `payload`.

        Pure CPU work, well under a millisecond, no I/O; it may be called from any thread.
        """
        ...


class Opens(Protocol):
    """Verifies what any hub has sealed."""

    def open(self, jws: bytes, at: datetime) -> Verified:
        """Verify `jws` and the certificate chain inside it as of `at`.

        Raises MalformedError when the bytes are not one JWS in its one spelling, TrustError when the
        signature does not hold. A chain that leads nowhere is not an error: see `Verified.trusted`.
        """
        ...
