"""Opening the lines of a source, with its limits, its progress and a word on its encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hub.ports.host import Log
from hub_annuaire import sources
from hub_annuaire.formats import Header
from hub_annuaire.lines import UTF_8, Limits, Lines
from hub_annuaire.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What goes with every file of one import."""

    limits: Limits
    progress: Callable[[str, int, int], None]
    log: Log


@contextmanager
def open_lines(source: Source, opened: Opened) -> Iterator[tuple[Lines, Header]]:
    """Open a source that was recognised before, after its header. Raises MalformedError, LimitError."""
    with sources.reading(source) as stream:

        def report(done: int) -> None:
            opened.progress(source.name, done, source.size)

        lines = Lines(stream, source.name, source.size, opened.limits, report)
        header = lines.header()
        if header is None:  # it was recognised, and is not the same file any more
            raise lines.place().malformed(
                "changed", "the file changed while it was read", "le fichier a changé pendant la lecture"
            )
        yield lines, header
        opened.log.info(
            "directory.file_read",
            file=source.name,
            text=f"{header.format.value.name}, {lines.encoding or UTF_8}",
            count=lines.number - 1,
        )


def peek(source: Source, limits: Limits) -> Header | None:
    """Look at the header alone; None for a companion file. Raises MalformedError, LimitError."""
    with sources.reading(source) as stream:
        return Lines(stream, source.name, source.size, limits, lambda _done: None).header()
