"""The secrets by which services prove themselves: read from their files, and again when these change."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, Words
from hub.plugin.watched import Seen, Watched
from hub.ports.host import Host

_LEAST: Final = 16
"""Bytes of a secret; a shorter one could be guessed."""
_MOST: Final = 64 << 10


def watched(path: Path, host: Host) -> Watched[tuple[bytes, ...]]:
    """Return the lines of a secret's file, as fresh as it is."""

    def read(seen: Seen) -> tuple[bytes, ...]:
        return _lines(seen.note(path))

    return Watched(read, part=f"receivers.{host.name}", host=host)


def _lines(path: Path) -> tuple[bytes, ...]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except OSError as error:
        raise _wrong(path, "can't be read", "est illisible") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _wrong(
            path,
            f"can be read by others (mode {mode:04o}); run: chmod 600 {path}",
            f"est lisible par d'autres (mode {mode:04o}) ; lancez : chmod 600 {path}",
        )
    lines = tuple(one.strip() for one in data.splitlines() if one.strip())
    if not lines or len(data) > _MOST or any(len(one) < _LEAST for one in lines):
        raise _wrong(
            path,
            f"does not hold secrets of {_LEAST} bytes or more, one a line",
            f"ne contient pas des secrets d'au moins {_LEAST} octets, un par ligne",
        )
    return lines


def _wrong(path: Path, en: str, fr: str) -> ConfigError:
    return ConfigError("door.secret", Words(en=f"{path} {en}.", fr=f"{path} {fr}."), file=str(path))
