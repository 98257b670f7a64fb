"""One import from beginning to end: recognise, build beside what is in use, swap, say what changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import Final

from hub.ports.directory import DirectoryUnavailableError
from hub.ports.filling import Loaded, Progress
from hub.ports.host import Host
from hub_annuaire import apart, building, faults, history, moment, recognising
from hub_annuaire.building import Built, Order
from hub_annuaire.history import Held
from hub_annuaire.lines import Limits
from hub_annuaire.reading import Opened
from hub_annuaire.recognising import Files
from hub_annuaire.replacement import Place, replacing
from hub_annuaire.settings import Settings

APART_FROM: Final = 4 << 20
"""Bytes of files from which a process of its own is worth its start: less is read in a moment."""


def load(file: Path, settings: Settings, host: Host, paths: Sequence[Path], progress: Progress) -> Loaded:
    """Bring the database `file` up to date. Raises MalformedError, LimitError and StoreError."""
    limits = Limits(max_line=settings.max_line, max_file=settings.max_file)
    opened = Opened(limits=limits, progress=progress, log=host.log)
    try:
        files = recognising.recognise(paths, limits, host.log)
        with replacing(file) as place:
            held = history.held(file)
            recognising.check_dates(files, held.generated if held else {}, host.clock.now(), host.log)
            work = _Import(place=place, files=files, max_loss=settings.max_loss, opened=opened, host=host)
            new, built = work.build(held)
            with closing(sqlite3.connect(new, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = OFF")
                moment.taken(connection, host.clock.now().astimezone(UTC).isoformat())
            place.take(new)
    except (sqlite3.Error, OSError) as error:
        raise faults.store_failed(file, error) from error
    version = f"annuaire {built.version}"
    host.log.info("directory.imported", directory=host.name, version=version, count=built.mailboxes)
    for what, count in asdict(built.changes).items() if built.changes else ():
        if count:
            host.log.info("directory.changed", directory=host.name, text=what, count=count)
    return Loaded(
        version=version,
        professionals=built.professionals,
        mailboxes=built.mailboxes,
        changes=built.changes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Import:
    place: Place
    files: Files
    max_loss: int
    opened: Opened
    host: Host

    def build(self, held: Held | None) -> tuple[Path, Built]:
        """Build on a copy of what is held; when that can't be gone on from, anew with its past."""
        why = held.why if held is not None else None
        if held is not None and held.whole:
            new = self.place.copy()
            try:
                return new, self._run(new)
            except DirectoryUnavailableError as error:
                why = error
        if why is not None:
            self.host.log.warning("directory.history_lost", directory=self.host.name, code=why.code)
        new = self.place.empty()
        return new, self._run(new, self.place.path if held is not None else None)

    def _run(self, new: Path, salvage: Path | None = None) -> Built:
        order = Order(new=new, files=self.files, max_loss=self.max_loss, salvage=salvage)
        size = sum(source.size for source, _ in self.files.compared())
        if size >= APART_FROM:
            return apart.build(order, self.opened)
        return building.build(order, self.opened)
