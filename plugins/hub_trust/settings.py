"""What `[trust.<name>]` says when its kind is `signed-list`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from hub.errors import MalformedError, Words
from hub.plugin import Table

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_HOST: Final = re.compile(r"[a-z0-9.-]+")
_BOX: Final = re.compile(r"[^\s@]+@[a-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a list is read and how long it counts.

    `file` is the list, `anchors` are PEM files with the authorities of its signer. `signer` is the one
    name that the signer's certificate must have (None: any of those authorities' signers), `name` the
    list's own (None: whichever comes first). A list ends at its next update, or `max_age` after its issue
    when that is sooner; `grace` longer the one that is held goes on serving. `max_size` is in bytes,
    `history` how many lists are kept.
    """

    file: Path
    anchors: tuple[Path, ...]
    signer: str | None = None
    name: str | None = None
    max_age: timedelta | None = None
    grace: timedelta = timedelta(days=2)
    max_size: int = 4 << 20
    history: int = 500


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    given = set(table.names())
    signer = table.parsed("signer", parse_signer, "sha256:" + "0" * 64)
    name = table.text("list", "-")
    max_age = table.duration("max_age", "1d")
    settings = Settings(
        file=table.file("file"),
        anchors=table.files("anchors"),
        signer=signer if "signer" in given else None,
        name=name if "list" in given else None,
        max_age=max_age if "max_age" in given else None,
        grace=table.duration("grace", "2d"),
        max_size=table.size("max_size", "4MiB"),
        history=table.integer("history", 500, least=1, most=100_000),
    )
    if not settings.anchors:
        raise table.wrong(
            "anchors",
            "names no authority: a list is worth what its signer is",
            "ne nomme aucune autorité : une liste vaut ce que vaut son signataire",
        )
    table.finish()
    return settings


def parse_signer(text: str) -> str:
    """Return a signer's name in its one spelling. Raises MalformedError."""
    scheme, _, value = text.partition(":")
    if scheme == "subject" and value:
        return text
    value = value.lower().replace(":", "") if scheme == "sha256" else value.lower()
    form = {"sha256": _DIGEST, "dns": _HOST, "email": _BOX}.get(scheme)
    if form is None or not form.fullmatch(value):
        raise MalformedError(
            "trust.signer",
            Words(
                en="is not sha256:<fingerprint>, dns:<name>, email:<address> or subject:<name by RFC 4514>",
                fr="n'est pas sha256:<empreinte>, dns:<nom>, email:<adresse> ou subject:<nom selon RFC 4514>",
            ),
        )
    return f"{scheme}:{value}"
