"""Folders of people's certificates: one file `<address>.pem` for each mailbox.

A file is named by `Address.key`: the address in lower case, its domain with A-labels. In the local part
`/` is written `%2F` and `%` is `%25`; a name over 200 bytes is replaced by its SHA-256 in hexadecimal.
The certificates in it that are not the person's own are those that lead to an authority.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.errors import StoreError, Words
from hub_smtp import pem

UNREADABLE: Final = (b"",)
"""What a file holds in which there is no certificate that can be read: one, and of no use."""
MAX_BYTES: Final = 256 << 10
_LONGEST: Final = 200
_REMEMBERED: Final = 4096

_Stamp = tuple[int, int, int]


def file_name(address: Address) -> str:
    """Return the name of the file with a mailbox's certificates."""
    name = address.key.replace("%", "%25").replace("/", "%2F")
    if len(name.encode()) > _LONGEST:
        name = hashlib.sha256(name.encode()).hexdigest()
    return f"{name}.pem"


def open_folder(folder: Path) -> Path:
    """Return the folder. Raises ConfigError when it is none."""
    if not folder.is_dir():
        raise pem.wrong(folder, "is not a folder", "n'est pas un dossier")
    return folder


class PemFolder:
    """Looks into one folder; a file is read again when it has changed."""

    def __init__(self, folder: Path) -> None:
        """Raise ConfigError when it is no folder."""
        self._folder = open_folder(folder)
        self._held: OrderedDict[str, tuple[_Stamp, tuple[bytes, ...]]] = OrderedDict()

    async def certificates(self, address: Address) -> tuple[bytes, ...]:
        """Return the certificates (DER) in a mailbox's file, in its order; nothing without a file.

        Raises StoreError when that can't be known: a folder that is gone must not read as 'no certificate'.
        """
        name = file_name(address)
        path = self._folder / name
        try:
            about = path.stat()
        except FileNotFoundError:
            if not self._folder.is_dir():
                raise _gone() from None
            return ()
        except OSError as error:
            raise _gone() from error
        stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
        held = self._held.get(name)
        if held is not None and held[0] == stamp:
            self._held.move_to_end(name)
            return held[1]
        try:
            found = await asyncio.to_thread(_read, path, about.st_size)
        except OSError as error:
            raise _gone() from error
        self._held[name] = (stamp, found)
        if len(self._held) > _REMEMBERED:
            self._held.popitem(last=False)
        return found


def _read(path: Path, size: int) -> tuple[bytes, ...]:
    if size > MAX_BYTES:
        return UNREADABLE
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        return UNREADABLE
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def _gone() -> StoreError:
    return StoreError(
        "smime.folder",
        Words(
            en="The folder of recipients' certificates can't be read now.",
            fr="Le dossier des certificats des destinataires est illisible pour le moment.",
        ),
    )
