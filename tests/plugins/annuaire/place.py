"""A place to import into: the sample files, copied so that a test may spoil them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.directory import Entry
from hub.ports.filling import Loaded
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub_annuaire.directory import Annuaire
from hub_annuaire.settings import Settings
from tests import build_annuaire as sample

NOON = datetime(2026, 8, 26, 12, tzinfo=UTC)
MAILBOXES = f"Extraction_Correspondance_MSSante_{sample.TODAY}.txt"
ACTIVITY = f"PS_LibreAcces_Personne_activite_{sample.TODAY}.txt"
STATED = f"Etat_Exercice_{sample.TODAY}.txt"

LOSING = Settings(max_loss=100)
"""For files from which much is missing on purpose."""

MARTIN = "dr.camille.martin@valbrume.mssante.example"
STRUCK_OFF = sample.STRUCK_OFF.address
SUSPENDED = sample.SUSPENDED.address
VANISHED = sample.VANISHED.address
REPORTS = "compte-rendus@ch-hautmont.mssante.example"


def silent(_file: str, _done: int, _all: int) -> None:
    """Take no notice of progress."""


@dataclass(slots=True)
class Place:
    """A folder with files to import, and the data folder of a directory."""

    folder: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    log: RecordingLog = field(default_factory=RecordingLog)
    opened: list[Annuaire] = field(default_factory=list)

    @classmethod
    def fill(cls, folder: Path) -> Place:
        """Copy the sample."""
        shutil.copytree(sample.FOLDER, folder / "files")
        (folder / "data").mkdir()
        return cls(folder)

    @property
    def files(self) -> list[Path]:
        """Today's files."""
        return sorted((self.folder / "files").glob("*.txt"))

    @property
    def earlier(self) -> list[Path]:
        """The day before's."""
        return sorted((self.folder / "files" / "earlier").glob("*.txt"))

    @property
    def extractions(self) -> list[Path]:
        """Today's files without what the Order says."""
        return [path for path in self.files if path.name != STATED]

    def path(self, name: str) -> Path:
        """Return one of today's files."""
        return self.folder / "files" / name

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        """Change the text of a file."""
        path = self.path(name)
        path.write_bytes(change(path.read_bytes().decode()).encode())

    def edit_field(self, name: str, line: int, column: str, value: str) -> None:
        """Change one column of one line (1 is the header)."""

        def change(text: str) -> str:
            lines = text.split("\n")
            fields = lines[line - 1].split("|")
            fields[lines[0].split("|").index(column)] = value
            lines[line - 1] = "|".join(fields)
            return "\n".join(lines)

        self.edit(name, change)

    @property
    def host(self) -> Host:
        """What the hub lends to the directory."""
        return Host(
            name="national",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(),
            log=self.log,
            data=self.folder / "data",
            ledger=EphemeralLedger(),
        )

    def directory(self, settings: Settings | None = None) -> Annuaire:
        """Open another directory on the same data."""
        self.opened.append(Annuaire(settings or Settings(), self.host))
        return self.opened[-1]

    def load(self, files: list[Path] | None = None, settings: Settings | None = None) -> Loaded:
        """Import, today's files by default."""
        return self.directory(settings).load(self.files if files is None else files, silent)

    async def look_up(self, address: str) -> Entry | None:
        """Look an address up with a directory that has just been opened."""
        return await self.directory().by_address(Address.parse(address))

    def be_at(self, moment: datetime) -> None:
        """Go to a moment, at which two seconds have passed."""
        passed = timedelta(seconds=2)
        self.clock.jump(moment - self.clock.now() - passed)
        self.clock.advance(passed)

    def close(self) -> None:
        """Close every directory."""
        for one in self.opened:
            one.close()
