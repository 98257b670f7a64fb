"""The secrets of one operator: files, each read by nobody but the hub, read again when they change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, Words
from hub.plugin import reasons

MAX_BYTES: Final = 64 << 10
_OTHERS: Final = 0o077

_Stamp = tuple[int, int, int]


class Secrets(Mapping[str, str]):
    """Secrets by name. What an editor puts at the end of a file, line ends, is not part of the secret.

    Looking one up raises KeyError for a name that has no file, and ConfigError when the file can't be
    used any more. `version` grows whenever a file was found changed.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._held: dict[str, tuple[_Stamp, str]] = {}
        self.version = 0

    def __getitem__(self, name: str) -> str:
        path = self._files[name]
        stamp, text = self._held.get(name, (None, ""))
        try:
            now = _stamp(path.stat())
            if now == stamp:
                return text
            read, text = _read(path)
        except OSError as error:
            why = reasons.why(error)
            raise _unusable(path, why.en, why.fr) from None
        if stamp is not None:
            self.version += 1
        self._held[name] = read, text
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._files)})"

    def check(self) -> None:
        """Read all of them. Raises ConfigError for the first that can't be used."""
        for name in self._files:
            self[name]


def _read(path: Path) -> tuple[_Stamp, str]:
    with path.open("rb") as file:
        # the mode of what was opened, not of what the name may lead to a moment later
        status = os.fstat(file.fileno())
        mode = stat.S_IMODE(status.st_mode)
        if mode & _OTHERS:
            raise _unusable(
                path,
                f"it can be read or changed by others (mode {mode:04o}); run: chmod 600 {path}",
                f"il est accessible à d'autres (mode {mode:04o}) ; lancez : chmod 600 {path}",
            )
        data = file.read(MAX_BYTES + 1)
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        text = ""
    if len(data) > MAX_BYTES or not text or "\0" in text:
        raise _unusable(
            path,
            f"it does not hold a secret: text of at most {MAX_BYTES >> 10} KiB",
            f"il ne contient pas de secret : un texte de {MAX_BYTES >> 10} Kio au plus",
        )
    return _stamp(status), text


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _unusable(path: Path, en: str, fr: str) -> ConfigError:
    return ConfigError(
        "http.secret",
        Words(
            en=f"The file of a secret can't be used ({path}): {en}.",
            fr=f"Le fichier d'un secret est inutilisable ({path}) : {fr}.",
        ),
        file=str(path),
    )
