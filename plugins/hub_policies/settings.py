"""Keys that several kinds of policies have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from hub.domain.message import Kind
from hub.plugin import Table, days, sheet
from hub.plugin.watched import Seen

E = TypeVar("E", bound=StrEnum)

ABOUT_PATIENTS: Final = (Kind.MESSAGE, Kind.REPORT, Kind.PRESCRIPTION)
"""Messages that rules about patients are for: acknowledgements and notices tell nothing new."""
ANSWERS: Final = ("allow", "refuse")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which files a rule is read from: `files`, or those of `folder`. Dates are days in `zone`."""

    files: tuple[Path, ...]
    folder: Path | None
    encoding: str
    zone: ZoneInfo

    def paths(self, seen: Seen) -> tuple[Path, ...]:
        """Return the files there are now. Raises MalformedError."""
        files = self.files if self.folder is None else sheet.found(seen.note(self.folder))
        for path in files:
            seen.note(path)
        return files


def source(table: Table) -> Source:
    """Take `files` or `folder`, `encoding` and `zone`. Raises ConfigError."""
    given = [key for key in ("files", "folder") if key in table.names()]
    if len(given) != 1:
        raise table.wrong(
            "files",
            "or “folder” must be there, one of them",
            "ou « folder » doit être présent, l'un des deux",
        )
    files = table.files("files", [])
    folder = table.file("folder", ".")
    if given == ["files"] and not files:
        raise table.wrong("files", "names no file", "ne nomme aucun fichier")
    return Source(
        files=files,
        folder=folder if given == ["folder"] else None,
        encoding=sheet.encoding(table),
        zone=days.zone(table),
    )


def messages(table: Table, default: tuple[Kind, ...]) -> frozenset[Kind]:
    """Take `messages`: the kinds of messages that a rule is for."""
    return choices(table, "messages", Kind) or frozenset(default)


def choices(table: Table, key: str, kind: type[E]) -> frozenset[E]:
    """Take a list of a few words; nothing when it is absent. Raises ConfigError."""
    if key not in table.names():
        table.texts(key, [])
        return frozenset()
    known = {one.value: one for one in kind}
    texts = table.texts(key)
    if not texts or any(one not in known for one in texts):
        listed = ", ".join(known)
        raise table.wrong(key, f"is not a list out of {listed}", f"n'est pas une liste parmi {listed}")
    return frozenset(known[one] for one in texts)
