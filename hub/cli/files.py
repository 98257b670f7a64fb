"""Files that a person names: read with words for what goes wrong, written for their owner alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hub.errors import InputError, Words
from hub.plugin import reasons

_PRIVATE: Final = 0o600


def read(file: Path, most: int = -1) -> bytes:
    """Return what is in a file, or its first `most` bytes. Raises InputError `file.unreadable`."""
    try:
        with file.open("rb") as opened:
            return opened.read(most)
    except OSError as error:
        why = reasons.why(error)
        raise InputError(
            "file.unreadable",
            Words(en=f"{file} can't be read ({why.en}).", fr=f"{file} est illisible ({why.fr})."),
        ) from None


def write(file: Path, data: bytes) -> None:
    """Make a new file, for its owner alone. Raises InputError `file.unwritable`, also when there is one."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as opened:
            opened.write(data)
    except OSError as error:
        why = reasons.why(error)
        raise InputError(
            "file.unwritable",
            Words(en=f"{file} can't be written ({why.en}).", fr=f"{file} ne peut pas être écrit ({why.fr})."),
        ) from None
