"""Certificates of mailboxes, from a folder of PEM files named `<address>.pem` in lower case.

Not checked here: validity, authority, key usage; whoever encrypts does that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub_annuaire import faults

MAX_BYTES: Final = 64 << 10
"""A file with a handful of certificates is far smaller."""


def of(folder: Path, key: str) -> tuple[bytes, ...]:
    """Return the certificates (DER) for `Address.key`, in the order of the file; none without a file.

    Raises DirectoryUnavailableError when there is a file that can't be used: better to wait than to
    write in clear to somebody whose certificate is only damaged.
    """
    if "/" in key:  # no file name
        return ()
    try:
        with (folder / f"{key}.pem").open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise faults.certificate_unreadable() from error
    try:
        if len(data) > MAX_BYTES:
            raise ValueError("too large")
        return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data))
    except ValueError as error:
        raise faults.certificate_unreadable() from error


def stamp(folder: Path) -> int:
    """Return what changes when files come and go. Raises DirectoryUnavailableError without a folder."""
    try:
        return folder.stat().st_mtime_ns
    except OSError as error:
        raise faults.certificate_unreadable() from error
