"""What `[directories.<name>]` says when its kind is `local`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.plugin import Table, days, sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which `files` hold the mailboxes, in which `encoding` the CSV ones are.

    Dates in them are days in `zone`. When one has not changed for `max_age`, `hub check` tells that it is
    old; None: it never does.
    """

    files: tuple[Path, ...]
    encoding: str
    zone: ZoneInfo
    max_age: timedelta | None = None


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    files = table.files("files")
    if not files:
        raise table.wrong("files", "names no file", "ne nomme aucun fichier")
    if len(set(files)) < len(files):
        raise table.wrong("files", "names a file twice", "nomme deux fois un fichier")
    given = "max_age" in table.names()
    max_age = table.duration("max_age", "0s")
    settings = Settings(
        files=files,
        encoding=sheet.encoding(table),
        zone=days.zone(table),
        max_age=max_age if given else None,
    )
    table.finish()
    return settings
