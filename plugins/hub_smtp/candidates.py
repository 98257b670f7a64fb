"""Every certificate that might be a recipient's, from the configured places in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from hub.ports.directory import Entry
from hub_smtp.cms import certificates
from hub_smtp.folders import PemFolder
from hub_smtp.mail_settings import DirectoryCertificates

Found = tuple[tuple[bytes, ...], ...]
"""What each place holds, in DER; places that hold nothing are left out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A certificate to be judged, and those of authorities that stood beside it."""

    data: bytes
    others: tuple[x509.Certificate, ...]


class Places:
    """The places, opened."""

    def __init__(self, folders: Sequence[Path], directory: DirectoryCertificates) -> None:
        """Raise ConfigError for what is no folder."""
        self._folders = [PemFolder(one) for one in folders]
        self._directory = directory

    async def find(self, entry: Entry) -> Found:
        """Return what there is for a mailbox. Raises StoreError when a folder can't be read."""
        if not self._folders:
            return (tuple(entry.certificates),) if entry.certificates else ()
        found = [await one.certificates(entry.address) for one in self._folders]
        found.insert(
            0 if self._directory is DirectoryCertificates.FIRST else len(found), tuple(entry.certificates)
        )
        return tuple(one for one in found if one)


def candidates(found: Found) -> list[Candidate]:
    """Return who might be written to; an authority's certificate only when there is nothing else."""
    all_of_them = [Candidate(data, others) for group, others in _with_authorities(found) for data in group]
    ends = [one for one in all_of_them if not _is_authority(one.data)]
    return ends or all_of_them


def _with_authorities(found: Found) -> Iterator[tuple[tuple[bytes, ...], tuple[x509.Certificate, ...]]]:
    for group in found:
        known = (certificates.read(data) for data in group if _is_authority(data))
        yield group, tuple(one.certificate for one in known if one is not None)


def _is_authority(data: bytes) -> bool:
    known = certificates.read(data)
    if known is None:
        return False
    try:
        return known.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
