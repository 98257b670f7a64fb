"""Which of the given files is which, and whether they may replace what the directory holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from hub.errors import MalformedError, Words
from hub.ports.host import Log
from hub_annuaire import sources
from hub_annuaire.faults import Place
from hub_annuaire.formats import Format
from hub_annuaire.history import History
from hub_annuaire.lines import Limits
from hub_annuaire.reading import peek
from hub_annuaire.sources import Source

AHEAD: Final = timedelta(days=1)
"""How far in the future an extraction may be dated; more is a wrong clock or a wrong name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """One import's files. `stated` is optional: what was stated before then stays."""

    mailboxes: Source
    activity: Source
    stated: Source | None

    @property
    def newest(self) -> datetime:
        """When the newer extraction was generated: the version of what they make."""
        return max(self.mailboxes.generated, self.activity.generated)

    @property
    def oldest(self) -> datetime:
        """When the older extraction was generated: the age of what they make."""
        return min(self.mailboxes.generated, self.activity.generated)


def recognise(paths: Sequence[Path], limits: Limits, log: Log) -> Files:
    """Tell the files apart by their headers. Raises MalformedError, LimitError."""
    found: dict[Format, Source] = {}
    for source in (source for path in paths for source in _texts(path)):
        header = peek(source, limits)
        if header is None:
            log.info("directory.file_passed_over", file=source.name)
            continue
        if header.format in found:
            raise Place(source.name).malformed(
                "format_twice",
                f"a second file of {header.format.value.name}; give one of each",
                f"un second fichier {header.format.value.name} ; donnez-en un de chaque",
            )
        found[header.format] = source
    for needed in (Format.MAILBOXES, Format.ACTIVITY):
        if needed not in found:
            raise _file_missing(needed)
    return Files(
        mailboxes=found[Format.MAILBOXES], activity=found[Format.ACTIVITY], stated=found.get(Format.STATED)
    )


def check_dates(files: Files, history: History | None, now: datetime, log: Log) -> None:
    """Refuse to go back to an older extraction. Raises MalformedError.

    One that is dated in the future is warned of, and does not stand in the way of the next.
    """
    latest = now.astimezone(UTC).replace(tzinfo=None) + AHEAD
    for source in (files.mailboxes, files.activity):
        if source.generated > latest:
            log.warning("directory.dated_ahead", version=source.generated.isoformat(timespec="minutes"))
    if history is not None and files.newest < history.generated <= latest:
        held = history.facts["version"]
        raise Place(files.mailboxes.name).malformed(
            "older",
            f"older than the extraction of {held} that the directory holds",
            f"plus ancien que l'extraction du {held} que contient l'annuaire",
        )


def _texts(path: Path) -> tuple[Source, ...]:
    texts = sources.find(path)
    if not texts:
        raise Place(path.name).malformed(
            "zip_empty", "no text file in the zip", "aucun fichier texte dans le zip"
        )
    return texts


def _file_missing(format_: Format) -> MalformedError:
    name = format_.value.name
    return MalformedError(
        "annuaire.file_missing",
        Words(
            en=f"An import takes both extractions: {name}_….txt (or its zip) is missing.",
            fr=f"Un import prend les deux extractions : il manque {name}_….txt (ou son zip).",
        ),
    )
