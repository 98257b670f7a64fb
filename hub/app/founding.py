"""A working configuration out of nothing: folders, keys, vault, a first client's token, `hub.toml`.

Nothing that exists is ever overwritten. The configuration is written last: when it is there, all is.
"""

from __future__ import annotations

import hashlib
import secrets
import socket
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.config import write
from hub.adapters.keys import issue, private
from hub.adapters.keys.description import describe
from hub.adapters.keys.issue import KeyType, Subject
from hub.adapters.keys.vault import Vault
from hub.domain.address import Address, parse_domain
from hub.errors import ConfigError, InputError, MalformedError, Words

DAYS: Final = 730
"""How long the first self-signed certificate lasts."""
FOLDERS: Final = ("keys", "data", "certificates")
TOKEN: Final = "keys/first-client.token"  # noqa: S105 -- the name of a file
_UNNAMED: Final = "hub.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What was made. `fingerprint` is the SHA-256 of the signing certificate."""

    folder: Path
    file: Path
    token: Path
    fingerprint: str


def usual_name() -> str:
    """Return this machine's full name, or `hub.example` when it has none that could serve."""
    try:
        return parse_domain(socket.getfqdn())
    except MalformedError:
        return _UNNAMED


def found(folder: Path, *, name: str, address: str, title: str, kind: KeyType) -> Founded:
    """Make everything below `folder`, for its owner alone.

    Raises InputError (`init.exists`, an address or name that is none) and ConfigError (can't write).
    """
    name = parse_domain(name)
    mailbox = Address.parse(address)
    file = folder / "hub.toml"
    for path in (file, folder / "keys/hub.key", folder / "keys/hub.pem", folder / "keys/vault"):
        if path.exists():
            raise InputError(
                "init.exists",
                Words(
                    en=f"{path} exists already; `hub init` overwrites nothing.",
                    fr=f"{path} existe déjà ; `hub init` n'écrase rien.",
                ),
            )
    _make_folders(folder)
    now = SystemClock().now()
    key = issue.new_key(kind)
    subject = Subject(common_name=title, hosts=(name,))
    certificate = issue.self_signed(key, subject, now, DAYS)
    token = secrets.token_urlsafe(32)
    digest = hashlib.sha256(token.encode()).hexdigest()
    template = (files("hub.app") / "template.toml").read_text("utf-8")
    values = {"name": name, "title": title, "address": str(mailbox), "token_sha256": digest}
    text = write.fill(template, values)
    issue.save_key(key, folder / "keys/hub.key")
    issue.save_public(certificate, folder / "keys/hub.pem")
    Vault.create(folder / "keys/vault", SystemClock(), SystemChance())
    private.write_new(folder / TOKEN, f"{token}\n".encode(), secret=True)
    private.write_new(file, text.encode(), secret=True)
    return Founded(
        folder=folder, file=file, token=folder / TOKEN, fingerprint=describe(certificate).fingerprint
    )


def _make_folders(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
            (folder / name).chmod(0o700)
    except OSError as error:
        kind = type(error).__name__
        raise ConfigError(
            "init.unwritable",
            Words(
                en=f"{folder} can't be made or written ({kind}).",
                fr=f"{folder} ne peut être créé ou écrit ({kind}).",
            ),
        ) from None
