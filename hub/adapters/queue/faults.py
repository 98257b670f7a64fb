"""What the database, the file system and the cipher raise → StoreError: the only such mapping.

Codes: `store.full`, `store.busy`, `store.unwritable`, `store.io`, `store.damaged`, `store.newer`,
`store.in_use`, `store.altered`, `store.erased`, `store.move_forbidden`,
`store.closed`, `store.failed`.
The library's own text is never shown: it may quote what a statement carried.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from hub.errors import StoreError, Words

_SQLITE: Final = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_READONLY: "unwritable",
    sqlite3.SQLITE_CANTOPEN: "unwritable",
    sqlite3.SQLITE_PERM: "unwritable",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
}
_ERRNO: Final = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EACCES: "unwritable",
    errno.EPERM: "unwritable",
    errno.EROFS: "unwritable",
    errno.ENOENT: "damaged",
}
_WORDS: Final = {
    "full": Words(
        en="The disk that holds the store is full: nothing was taken; try again when there is space.",
        fr="Le disque du stockage est plein : rien n'a été pris ; réessayez quand il y aura de la place.",
    ),
    "busy": Words(
        en="Another process holds the store for writing: nothing was taken; try again.",
        fr="Un autre processus retient le stockage en écriture : rien n'a été pris ; réessayez.",
    ),
    "unwritable": Words(
        en="The store's files can't be opened for writing: check their owner and permissions.",
        fr="Les fichiers du stockage ne s'ouvrent pas en écriture : vérifiez propriétaire et droits.",
    ),
    "io": Words(
        en="The disk that holds the store failed to read or write: nothing was taken.",
        fr="Le disque du stockage n'a pas pu lire ou écrire : rien n'a été pris.",
    ),
    "damaged": Words(
        en="The store's files are damaged or missing: restore them from a backup.",
        fr="Les fichiers du stockage sont endommagés ou absents : restaurez une sauvegarde.",
    ),
    "failed": Words(
        en="The store failed in a way it does not know: nothing was taken.",
        fr="Le stockage a échoué d'une façon inconnue : rien n'a été pris.",
    ),
}


def translate(error: BaseException) -> StoreError:
    """Return what `error` is to the hub; a StoreError stays itself."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, SQLAlchemyError):
        error = getattr(error, "orig", None) or error
    kind = "failed"
    if isinstance(error, sqlite3.Error):
        kind = _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "failed")
    elif isinstance(error, OSError):
        kind = _ERRNO.get(error.errno or 0, "io")
    return StoreError(f"store.{kind}", _WORDS[kind], cause=type(error).__name__)


@contextmanager
def mapped() -> Iterator[None]:
    """Let the library's errors out as StoreErrors."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise translate(error) from error


def altered() -> StoreError:
    """Say that what was read is not what was written."""
    return StoreError(
        "store.altered",
        Words(
            en="Something in the store was altered or cut short since it was written.",
            fr="Un élément du stockage a été modifié ou tronqué depuis son écriture.",
        ),
    )


def erased() -> StoreError:
    """Say that the documents of an envelope are gone, as they should be."""
    return StoreError(
        "store.erased",
        Words(
            en="The documents of this message were erased at the end of their retention.",
            fr="Les documents de ce message ont été effacés au terme de leur conservation.",
        ),
    )


def newer(found: str, known: str) -> StoreError:
    """Say that the database was made by a later release."""
    return StoreError(
        "store.newer",
        Words(
            en=f"The store has schema {found}, made by a later release; this one knows up to {known}.",
            fr=f"Le stockage a le schéma {found}, d'une version ultérieure ; celle-ci va jusqu'à {known}.",
        ),
    )


def in_use(path: Path) -> StoreError:
    """Say that another `hub serve` works on the same store."""
    return StoreError(
        "store.in_use",
        Words(
            en=f"Another hub works on the store {path}: stop it first, or give this one another path.",
            fr=f"Un autre hub utilise le stockage {path} : arrêtez-le, ou donnez un autre chemin à celui-ci.",
        ),
    )


def closed() -> StoreError:
    """Say that the store is being closed."""
    return StoreError(
        "store.closed",
        Words(
            en="The store is being closed: nothing was taken; try again.",
            fr="Le stockage se ferme : rien n'a été pris ; réessayez.",
        ),
    )


def move_forbidden(old: str, new: str) -> StoreError:
    """Say that a delivery can't go from one state to the other."""
    return StoreError(
        "store.move_forbidden",
        Words(
            en=f"A delivery can't go from {old} to {new}: nothing was stored.",
            fr=f"Une remise ne peut passer de {old} à {new} : rien n'a été enregistré.",
        ),
    )
