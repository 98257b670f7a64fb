"""What `[directories.<name>]` says when its kind is `annuaire`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.plugin import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the directory is kept.

    `file` is the database (None: `annuaire.sqlite` in the part's own folder), `certificates` the PEM
    folder. An extraction older than `max_age` is warned of in the log. `max_line` and `max_file` bound
    what an import reads, in bytes. `max_loss` is how many hundredths of the professionals or of the
    mailboxes may be missing from a new extraction before it is taken for a damaged one.
    """

    file: Path | None = None
    certificates: Path | None = None
    max_age: timedelta = timedelta(days=4)
    max_line: int = 16 << 10
    max_file: int = 4 << 30
    max_loss: int = 20


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    standard = Settings()
    certificates = _optional(table, "certificates")
    if certificates is not None and not certificates.is_dir():
        raise table.wrong("certificates", "is not a folder", "n'est pas un dossier")
    settings = Settings(
        file=_optional(table, "file"),
        certificates=certificates,
        max_age=table.duration("max_age", "4d"),
        max_line=table.size("max_line", "16KiB"),
        max_file=table.size("max_file", "4GiB"),
        max_loss=table.integer("max_loss", standard.max_loss, most=100),
    )
    table.finish()
    return settings


def _optional(table: Table, key: str) -> Path | None:
    given = key in table.names()
    path = table.file(key, ".")
    return path if given else None
