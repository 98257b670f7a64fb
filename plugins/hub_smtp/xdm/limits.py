"""What an `IHE_XDM.ZIP` may hold. Every limit can be configured, see `hub_smtp.mail_settings`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class XdmLimits:
    """Limits on one zip."""

    entries: int = 200
    """Files and folders."""
    entry_bytes: int = 50 << 20
    """Bytes in one file, unpacked."""
    total_bytes: int = 100 << 20
    """Bytes in all files, unpacked."""
    ratio: int = 100
    """How many times larger than packed a file may be, beyond its first mebibyte."""
    metadata_bytes: int = 1 << 20
    """Bytes in METADATA.XML."""
