"""Files that nobody but the hub may read: keys and PINs."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, Words
from hub.plugin import reasons

_OTHERS: Final = 0o077


def read_secret(path: Path, most: int) -> bytes:
    """Return what is in a file of mode 0600, of at most `most` bytes. Raises ConfigError, which names it."""
    try:
        with path.open("rb") as file:
            # the mode of what was opened, not of what the name may lead to a moment later
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(most + 1)
    except OSError as error:
        why = reasons.why(error)
        raise unusable(path, why.en, why.fr) from None
    if mode & _OTHERS:
        raise unusable(
            path,
            f"it can be read or changed by others (mode {mode:04o}); run: chmod 600 {path}",
            f"il est accessible à d'autres (mode {mode:04o}) ; lancez : chmod 600 {path}",
        )
    if not data or len(data) > most:
        raise unusable(
            path, f"it is empty, or larger than {most} bytes", f"il est vide, ou dépasse {most} octets"
        )
    return data


def unusable(path: Path, en: str, fr: str) -> ConfigError:
    """Make the error for a signer's file. The words continue a sentence about it."""
    return ConfigError(
        "signer.file",
        Words(
            en=f"A signer's file can't be used ({path}): {en}.",
            fr=f"Le fichier d'un signataire est inutilisable ({path}) : {fr}.",
        ),
        file=str(path),
    )
