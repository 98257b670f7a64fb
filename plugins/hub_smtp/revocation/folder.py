"""Revocation lists that the configuration names: files, and folders of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from hub.ports.host import Host
from hub_smtp import pem
from hub_smtp.revocation import reasons
from hub_smtp.revocation.lists import RevocationList
from hub_smtp.revocation.reasons import UnusableError

_Seen = tuple[int, int, int]


class ListFolder:
    """Reads lists again when they have changed. Every call blocks."""

    def __init__(self, paths: Sequence[Path], most: int, host: Host) -> None:
        """Read everything. Raises ConfigError for what is missing or no list."""
        self._paths = tuple(paths)
        self._most = most
        self._host = host
        self._lock = threading.Lock()
        self._held: dict[Path, tuple[_Seen, RevocationList | None]] = {}
        for path in self._files(strict=True):
            try:
                self._read(path)
            except FileNotFoundError as error:
                raise pem.wrong(path, "is not there", "est introuvable") from error
            except (OSError, UnusableError) as error:
                raise pem.wrong(
                    path,
                    "is not a revocation list that can be read and is supported (PEM or DER, at most"
                    f" {most} bytes, not a delta or indirect one)",
                    "n'est pas une liste de révocation lisible et admise (PEM ou DER, au plus"
                    f" {most} octets, ni différentielle ni indirecte)",
                ) from error

    def of(self, issuer: x509.Name) -> list[RevocationList]:
        """Return the lists of an authority, the latest first, as they stand on disk now.

        One that can't be read any more is as it was before, and the log says so once.
        """
        if not self._paths:
            return []
        with self._lock:
            present = self._files(strict=False)
            self._held = {path: held for path, held in self._held.items() if path in present}
            for path in present:
                self._read_again(path)
        found = [one for _, one in self._held.values() if one is not None and one.issuer == issuer]
        return sorted(found, key=lambda one: one.said_at, reverse=True)

    def _read_again(self, path: Path) -> None:
        try:
            self._read(path)
        except (OSError, UnusableError) as error:
            code = error.reason.code if isinstance(error, UnusableError) else type(error).__name__
            self._host.log.warning(
                "smime.revocation.list_unusable", part=self._host.name, file=path.name, reason=code
            )

    def _files(self, *, strict: bool) -> list[Path]:
        files: list[Path] = []
        for path in self._paths:
            try:
                if path.is_dir():
                    inside = sorted(path.iterdir())
                    files += [one for one in inside if one.is_file() and not one.name.startswith(".")]
                else:
                    files.append(path)
            except OSError as error:
                if strict:
                    why = error.strerror or type(error).__name__
                    raise pem.wrong(path, f"can't be read ({why})", f"est illisible ({why})") from error
        return files

    def _read(self, path: Path) -> None:
        about = path.stat()
        seen = (about.st_mtime_ns, about.st_size, about.st_ino)
        held = self._held.get(path)
        if held is not None and held[0] == seen:
            return
        # Even one that can't be read is read, and complained of, once.
        self._held[path] = (seen, None if held is None else held[1])
        if about.st_size > self._most:
            raise UnusableError(reasons.TOO_LARGE)
        self._held[path] = (seen, RevocationList(path.read_bytes()))
