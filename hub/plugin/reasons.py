"""Why a file can't be used, in both languages: the system's own words are English, or codes."""

from __future__ import annotations

import errno
from typing import Final

from hub.errors import Words

_KNOWN: Final = {
    errno.ENOENT: Words(en="there is no such file or folder", fr="ce fichier ou dossier n'existe pas"),
    errno.EACCES: Words(en="access is denied", fr="accès refusé"),
    errno.EISDIR: Words(en="it is a folder", fr="c'est un dossier"),
    errno.ENOTDIR: Words(en="its path leads through a file", fr="le chemin passe par un fichier"),
    errno.ENOSPC: Words(en="the disk is full", fr="le disque est plein"),
    errno.EROFS: Words(en="the disk is read-only", fr="le disque est en lecture seule"),
}


def why(error: OSError) -> Words:
    """Return the reason; one that is seldom met by its code, such as `EIO`."""
    code = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return _KNOWN.get(error.errno or 0, Words(en=code, fr=code))
