"""The access token to a service: a file that is read again when it changes, since tokens live for minutes."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path
from typing import Final

from hub.errors import Words
from hub.plugin import reasons
from hub_eprescription.wire import faults

MAX_BYTES: Final = 16 << 10
_OTHERS: Final = 0o077
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


class Token:
    """A bearer token (RFC 6750, 2.1) in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._text = ""

    def current(self) -> str:
        """Return what the file says now. Raises ConfigError."""
        try:
            status = self._path.stat()
            stamp = status.st_ino, status.st_mtime_ns, status.st_size
            if stamp != self._stamp:
                self._text = self._read()
                self._stamp = stamp
        except OSError as error:
            raise faults.token_file(self._path, reasons.why(error)) from None
        return self._text

    def digest(self) -> str:
        """Return by what a token is known again without being kept. Raises ConfigError."""
        return hashlib.sha256(self.current().encode("ascii")).hexdigest()

    def _read(self) -> str:
        with self._path.open("rb") as file:
            # The mode of what was opened, not of what the name may lead to a moment later.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(MAX_BYTES + 1)
        if mode & _OTHERS:
            raise faults.token_file(
                self._path,
                Words(
                    en=f"it can be read or changed by others (mode {mode:04o}); run: chmod 600 {self._path}",
                    fr=f"il est accessible à d'autres (mode {mode:04o}) ; lancez : chmod 600 {self._path}",
                ),
            )
        text = data.decode("ascii", "replace").strip()
        if len(data) > MAX_BYTES or not _TOKEN.fullmatch(text):
            raise faults.token_file(
                self._path,
                Words(
                    en="it does not hold a bearer token (RFC 6750), of 16 KiB at most",
                    fr="il ne contient pas de jeton d'accès (RFC 6750), de 16 Kio au plus",
                ),
            )
        return text
