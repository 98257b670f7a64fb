"""Why a file or an address can't be used, in both languages: the system's words are English, or codes."""

from __future__ import annotations

import errno
import ssl
from typing import Final

from hub.errors import Words

_KNOWN: Final = {
    errno.ENOENT: Words(en="there is no such file or folder", fr="ce fichier ou dossier n'existe pas"),
    errno.EACCES: Words(en="access is denied", fr="accès refusé"),
    errno.EEXIST: Words(en="it exists already", fr="il existe déjà"),
    errno.EISDIR: Words(en="it is a folder", fr="c'est un dossier"),
    errno.ENOTDIR: Words(en="its path leads through a file", fr="le chemin passe par un fichier"),
    errno.ENOSPC: Words(en="the disk is full", fr="le disque est plein"),
    errno.EROFS: Words(en="the disk is read-only", fr="le disque est en lecture seule"),
    errno.EADDRINUSE: Words(en="another program listens there", fr="un autre programme y écoute"),
    errno.EADDRNOTAVAIL: Words(
        en="this machine has no such address", fr="cette machine n'a pas cette adresse"
    ),
}
_TLS: Final = {
    "PEM LIB": Words(en="one of them holds no PEM of its kind", fr="l'un n'a pas le PEM attendu"),
    "NO CERTIFICATE": Words(en="no certificate is in it", fr="aucun certificat n'y est"),
    "KEY VALUES MISMATCH": Words(
        en="the key is not that of the certificate", fr="la clé n'est pas celle du certificat"
    ),
    "KEY IS ENCRYPTED": Words(en="the key is encrypted", fr="la clé est chiffrée"),
}


def why(error: OSError) -> Words:
    """Return the reason; one that is seldom met by its code, such as `EIO`."""
    code = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return _KNOWN.get(error.errno or 0, Words(en=code, fr=code))


def tls(error: Exception) -> Words:
    """Return why certificates or a key can't be loaded; what is seldom met in OpenSSL's words."""
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return why(error)
    said = getattr(error, "reason", None) or str(error)
    sought = str(said).upper().replace("_", " ")
    return next((words for sign, words in _TLS.items() if sign in sought), Words(en=said, fr=said))
