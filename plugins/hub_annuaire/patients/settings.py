"""What `[directories.<name>]` says when its kind is `patients`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hub.domain.address import parse_domain
from hub.errors import MalformedError
from hub.plugin import Table, days, sheet

LEAST_SALT: Final = 16
"""Bytes of a secret that is worth the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where patients have their mailboxes.

    `domains` are the citizen operators', the preferred first. With `test` all numbers are of the test
    range of the INS. `blocked` lists patients who are not to be written to; numbers in it may be
    replaced by their HMAC-SHA-256 under `salt`.
    """

    domains: tuple[str, ...]
    zone: ZoneInfo
    encoding: str
    test: bool = False
    blocked: tuple[Path, ...] = ()
    salt: bytes | None = field(default=None, repr=False)


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    domains = []
    for text in table.texts("domains"):
        try:
            domains.append(parse_domain(text))
        except MalformedError:
            raise table.wrong("domains", "names no domain", "ne nomme pas un domaine") from None
    if not domains:
        raise table.wrong("domains", "names no domain", "ne nomme aucun domaine")
    settings = Settings(
        domains=tuple(domains),
        zone=days.zone(table),
        encoding=sheet.encoding(table),
        test=table.boolean("test", default=False),
        blocked=table.files("blocked", []),
        salt=_salt(table),
    )
    table.finish()
    return settings


def _salt(table: Table) -> bytes | None:
    if "salt" not in table.names():
        table.text("salt", ".")
        return None
    path = table.file("salt")
    try:
        salt = path.read_bytes().rstrip(b"\r\n")
    except OSError:
        raise table.wrong("salt", "is not a file that can be read", "n'est pas un fichier lisible") from None
    if len(salt) < LEAST_SALT:
        raise table.wrong(
            "salt",
            f"is a file of less than {LEAST_SALT} bytes: make it with openssl rand -hex 32",
            f"est un fichier de moins de {LEAST_SALT} octets : créez-le avec openssl rand -hex 32",
        )
    return salt
