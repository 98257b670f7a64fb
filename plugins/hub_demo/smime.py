"""Checking what arrived with OpenSSL, an implementation that is not ours; nothing where it is missing."""

from __future__ import annotations

import shutil
import subprocess
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

from hub_demo.authority import Issued
from hub_demo.processes import failed


def available() -> bool:
    """Whether the `openssl` program is there."""
    return shutil.which("openssl") is not None


def decrypt(mail: Path, reader: Issued) -> Path:
    """Open an encrypted mail with its reader's key; returns the file with what was inside."""
    inside = mail.with_suffix(".opened")
    _openssl(
        "-decrypt", "-in", mail, "-recip", reader.certificate_file, "-inkey", reader.key_file, "-out", inside
    )
    return inside


def verify(mail: Path, anchor: Path) -> Path:
    """Verify a signature up to `anchor`; returns the file with what was signed."""
    signed = mail.with_suffix(".signed")
    _openssl("-verify", "-in", mail, "-CAfile", anchor, "-out", signed)
    return signed


def is_encrypted(mail: Path) -> bool:
    """Whether nothing but its recipient can read a mail."""
    kind = message_from_bytes(mail.read_bytes(), policy=SMTP)
    return kind.get_content_type() == "application/pkcs7-mime" and "signed-data" not in kind["Content-Type"]


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 -- arguments of our own
        ["openssl", "cms", *map(str, arguments)],  # noqa: S607 -- whichever OpenSSL the user has
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["?"]
        raise failed(f"openssl cms {arguments[0]}: {said[0]}", f"openssl cms {arguments[0]} : {said[0]}")
