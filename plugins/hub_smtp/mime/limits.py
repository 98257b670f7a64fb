"""What a mail may be made of. Every limit can be configured, see `hub_smtp.mail_settings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BOUNDARY: Final = 70
"""Characters in a boundary (RFC 2046, 5.1.1)."""
SMALL: Final = 1 << 20
"""Up to this many bytes are held in memory at once; more are read in pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on one mail's structure."""

    depth: int = 10
    """How deep parts may be nested."""
    parts: int = 500
    """How many parts there may be, at all depths."""
    header_bytes: int = 64 << 10
    """Bytes in the header of the mail, and of each part."""
    header_fields: int = 300
    """Fields in the header of the mail, and of each part."""
    near_boundaries: int = 1000
    """Lines that begin like a boundary and are none."""
    hops: int = 30
    """`Received` fields: more means that the mail runs in a circle (RFC 5321, 6.3)."""
    addresses: int = 2000
    """Addresses in To and Cc, each."""
    references: int = 100
    """Ids kept of References, the last ones."""
    cms_layers: int = 3
    """Signatures and encryptions around each other."""
