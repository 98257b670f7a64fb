"""Who may log in: a file that is read again when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hub.errors import ConfigError
from hub.ports.host import Host
from hub_annuaire.ldap import faults
from hub_annuaire.ldap.face.passwords import NAME, Kept

MAX_BYTES: Final = 1 << 20
_AT_ONCE: Final = 2
"""Passwords checked at one time: each takes 32 MiB and a processor."""
_NOBODY: Final = Kept.parse(f"$scrypt$ln=15,r=8,p=1${'A' * 22}${'A' * 43}")


class Accounts:
    """The accounts of one receiver."""

    def __init__(self, file: Path | None, host: Host) -> None:
        """Read the file. Raises ConfigError when it can't be used."""
        self._file = file
        self._host = host
        self._checks = asyncio.Semaphore(_AT_ONCE)
        self._seen: object = None
        self._held: Mapping[str, Kept] = {}
        if file is not None:
            self._seen = _stamp(file)
            self._held = read(file)

    async def may_enter(self, name: str, password: str) -> bool:
        """Whether the password is the account's. An unknown name takes as long to refuse as a known one."""
        self._look()
        kept = self._held.get(name)
        async with self._checks:
            right = await asyncio.to_thread((kept or _NOBODY).is_of, password)
        return right and kept is not None

    def _look(self) -> None:
        if self._file is None:
            return
        try:
            seen = _stamp(self._file)
            if seen != self._seen:
                self._held = read(self._file)
                self._seen = seen
        except ConfigError as error:
            # who could log in before still can: a slip in the file locks nobody out
            self._host.log.warning("ldap.accounts_unreadable", receiver=self._host.name, code=error.code)


def read(file: Path) -> Mapping[str, Kept]:
    """Read the file; empty lines and those that begin with `#` say nothing. Raises ConfigError."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise faults.accounts_unreadable(file)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise faults.accounts_unreadable(file) from error
    accounts: dict[str, Kept] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, kept = line.strip().partition(":")
        try:
            if not NAME.fullmatch(name) or name in accounts:
                raise ValueError("name")
            accounts[name] = Kept.parse(kept)
        except ValueError as error:
            raise faults.accounts_unreadable(file, number) from error
    return accounts


def _stamp(file: Path) -> object:
    try:
        status = file.stat()
    except OSError as error:
        raise faults.accounts_unreadable(file) from error
    return status.st_ino, status.st_mtime_ns, status.st_size
