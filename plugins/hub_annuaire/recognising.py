"""Which of the given files is which, and whether they may replace what the directory holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hub.errors import MalformedError, Words
from hub.ports.host import Log
from hub_annuaire import days, sources
from hub_annuaire.faults import Place
from hub_annuaire.formats import Format
from hub_annuaire.lines import Limits
from hub_annuaire.reading import peek
from hub_annuaire.sources import Source

AHEAD: Final = timedelta(days=1)
"""How far in the future an extraction may be dated; more is a wrong clock or a wrong name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """One import's files. What a file says that is not given stays as it was."""

    mailboxes: Source
    activity: Source
    skills: Source | None = None
    qualifications: Source | None = None
    stated: Source | None = None

    @property
    def newest(self) -> datetime:
        """When the newer extraction was generated: the version of what they make."""
        return max(self.mailboxes.generated, self.activity.generated)

    @property
    def oldest(self) -> datetime:
        """When the older extraction was generated: the age of what they make."""
        return min(self.mailboxes.generated, self.activity.generated)

    def compared(self) -> list[tuple[Source, Format]]:
        """Return the files that are compared line by line with what is held, in the order of reading."""
        found = (
            (self.activity, Format.ACTIVITY),
            (self.skills, Format.SKILLS),
            (self.qualifications, Format.QUALIFICATIONS),
            (self.mailboxes, Format.MAILBOXES),
        )
        return [(source, format_) for source, format_ in found if source is not None]


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
        mailboxes=found[Format.MAILBOXES],
        activity=found[Format.ACTIVITY],
        skills=found.get(Format.SKILLS),
        qualifications=found.get(Format.QUALIFICATIONS),
        stated=found.get(Format.STATED),
    )


def check_dates(files: Files, held: Mapping[str, str], now: datetime, log: Log) -> None:
    """Refuse to go back to an older file of any kind; `held` has their times. Raises MalformedError.

    One that is dated in the future is warned of, and does not stand in the way of the next.
    """
    latest = days.local(now) + AHEAD
    for source, format_ in reversed(files.compared()):
        if source.generated > latest:
            log.warning("directory.dated_ahead", version=source.generated.isoformat(timespec="minutes"))
        if format_.name not in held:
            continue
        before = datetime.fromisoformat(held[format_.name])
        if source.generated < before <= latest:
            there = before.isoformat(timespec="minutes")
            raise Place(source.name).malformed(
                "older",
                f"older than the extraction of {there} that the directory holds",
                f"plus ancien que l'extraction du {there} que contient l'annuaire",
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
