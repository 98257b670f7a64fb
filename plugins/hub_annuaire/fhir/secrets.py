"""The API key, and the TLS context of the connection that carries it."""

from __future__ import annotations

import os
import re
import ssl
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hub_annuaire.fhir import faults

MAX_BYTES: Final = 4096
_OTHERS: Final = 0o077
_KEY: Final = re.compile(r"[!-~]+")


def read_key(path: Path) -> str:
    """Return the key, one line of visible ASCII. Raises ConfigError; others must not be able to read it."""
    try:
        with path.open("rb") as file:
            # the mode of what was opened, not of what the name may lead to a moment later
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = b"" if mode & _OTHERS else file.read(MAX_BYTES + 1)
    except OSError as error:
        name = type(error).__name__
        raise faults.file_unusable(path, f"can't be read ({name})", f"est illisible ({name})") from None
    if mode & _OTHERS:
        raise faults.file_unusable(
            path,
            f"can be read or changed by others (mode {mode:04o}); run: chmod 600 {path}",
            f"est accessible à d'autres (mode {mode:04o}) ; lancez : chmod 600 {path}",
        )
    key = data.decode("ascii", "replace").strip()
    if len(data) > MAX_BYTES or not _KEY.fullmatch(key):
        raise faults.file_unusable(
            path,
            "does not hold a key: one line without spaces",
            "ne contient pas de clé : une ligne sans espace",
        )
    return key


def context(anchors: Sequence[Path]) -> ssl.SSLContext:
    """Make a context that verifies chain and name, by the system's authorities or only by `anchors`.

    Raises ConfigError.
    """
    if not anchors:
        made = ssl.create_default_context()
    else:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for path in anchors:
            try:
                made.load_verify_locations(path)
            except (OSError, ssl.SSLError):
                raise faults.file_unusable(
                    path,
                    "can't be used: certificates of authorities in PEM are expected",
                    "est inutilisable : il faut des certificats d'autorités au format PEM",
                ) from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
