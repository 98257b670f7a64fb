"""Files that hold secrets: read only when nobody else may read them, made so that nobody else can.

No error here ever shows a byte of what a file holds.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, Words

MAX_BYTES: Final = 1 << 20
_OTHERS: Final = 0o077
_OWNER_ONLY: Final = 0o600


def read_secret(path: Path) -> bytes:
    """Return the bytes of a file that only its owner may read.

    Raises ConfigError: `keys.missing`, `keys.unreadable`, `keys.too_large`, `keys.mode`.
    """
    return _read(path, secret=True)


def read_public(path: Path) -> bytes:
    """Return the bytes of a file that anyone may read. Raises as `read_secret` but for the mode."""
    return _read(path, secret=False)


def write_new(path: Path, data: bytes, *, secret: bool) -> None:
    """Write a file that does not exist yet, durably; a secret one for its owner alone (mode 0600).

    Raises ConfigError `keys.exists` (a key is never overwritten) or `keys.unwritable`.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        number = os.open(path, flags, _OWNER_ONLY if secret else 0o644)
    except FileExistsError:
        raise fault(
            "exists",
            path,
            "exists already, and a key is never overwritten",
            "existe déjà, et une clé ne s'écrase jamais",
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)
        sync_folder(path)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def replace(path: Path, data: bytes) -> None:
    """Replace a secret file at once and durably: after a crash there is the old one or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    write_new(fresh, data, secret=True)
    try:
        fresh.replace(path)
        sync_folder(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def sync_folder(path: Path) -> None:
    """Make the name of a file durable."""
    number = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def fault(code: str, path: Path, en: str, fr: str) -> ConfigError:
    """Make the error for a file; the words continue a sentence that begins with its name."""
    return ConfigError(f"keys.{code}", Words(en=f"{path} {en}.", fr=f"{path} {fr}."), file=str(path))


def _read(path: Path, *, secret: bool) -> bytes:
    try:
        with path.open("rb") as file:
            # The mode of what was opened, not of what the name may lead to a moment later.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = b"" if secret and mode & _OTHERS else file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise fault("missing", path, "does not exist", "n'existe pas") from None
    except OSError as error:
        name = _name(error)
        raise fault("unreadable", path, f"can't be read ({name})", f"est illisible ({name})") from None
    if secret and mode & _OTHERS:
        raise fault(
            "mode",
            path,
            f"can be read or changed by others (mode {mode:04o}); run: chmod 600 {path}",
            f"est accessible à d'autres (mode {mode:04o}) ; lancez : chmod 600 {path}",
        )
    if len(data) > MAX_BYTES:
        raise fault("too_large", path, f"is larger than {MAX_BYTES} bytes", f"dépasse {MAX_BYTES} octets")
    return data


def _unwritable(path: Path, error: OSError) -> ConfigError:
    name = _name(error)
    return fault("unwritable", path, f"can't be written ({name})", f"ne peut pas être écrit ({name})")


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "OSError")
