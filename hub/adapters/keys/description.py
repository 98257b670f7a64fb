"""What a person wants to know of a certificate: whose it is, how to compare it, how long it holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.adapters.keys import files

ENDS_SOON: Final = 30
"""Days before a certificate's end from which people are warned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One certificate. `fingerprint` is the SHA-256 of its DER, in lower-case hexadecimal."""

    subject: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime

    def days_left(self, now: datetime) -> int:
        """Return the whole days for which it still holds; negative when it has ended."""
        return (self.not_after - now).days


def describe(certificate: x509.Certificate) -> Described:
    """Describe a certificate."""
    return Described(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        fingerprint=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def describe_file(path: Path) -> tuple[Described, ...]:
    """Describe every certificate in a PEM file, in order. Raises ConfigError as `files.load_anchors`."""
    return tuple(describe(one) for one in files.load_anchors([path]))
