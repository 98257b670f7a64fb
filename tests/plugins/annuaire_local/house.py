"""An establishment with a directory of its own, in a folder where a test may spoil it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.plugin import Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub_annuaire.local.directory import Local, open_directory
from hub_annuaire.local.settings import parse

NOON: Final = datetime(2026, 8, 26, 12, tzinfo=UTC)
AUBEPINE: Final = "elodie.aubepine@hautmont.example"
SURGERY: Final = "chirurgie@hautmont.example"
REPORTS: Final = "comptes-rendus@hautmont.example"
SECRET: Final = "ligne.rouge@hautmont.example"

PEOPLE: Final = """\
Adresse BAL;Type de BAL;Nom;RPPS;État;Depuis;Jusqu'au;Profession;Spécialités;Commune;Rang;Liste rouge
elodie.aubepine@hautmont.example;PER;Dr Élodie AUBÉPINE;10001234565;;;;10;SM04 Cardio + SM54;Hautmont;2;
e.aubepine@valbrume.example;PER;Dr Élodie AUBÉPINE;10001234565;;;;10 Médecin;SM04 Cardiologie;Valbrume;1;
jean.sorbier@hautmont.example;PER;Dr Jean SORBIER;;suspendu;2026-08-20;31/08/2026;10 Médecin;;Hautmont;;
ligne.rouge@hautmont.example;PER;Dr Rouge GENÊT;;;;;10 Médecin;;Hautmont;;oui
"""
SERVICES: Final = """\
[[mailbox]]
address = "chirurgie@hautmont.example"
mailbox = "organisational"
name = "Centre hospitalier de Hautmont"
service = "Chirurgie"
finess = "750712184"
answers_for = "Dr Élodie Aubépine"
structure = "Centre hospitalier de Hautmont"
town = "Hautmont"
certificates = "pem/chirurgie.pem"

[[mailbox]]
address = "comptes-rendus@hautmont.example"
mailbox = "application"
name = "Comptes rendus"
finess = "750712184"
identifiers = ["urn:oid:2.999.1 AB 12"]
answers_for = "Direction informatique"
structure = "Centre hospitalier de Hautmont"
"""


@dataclass(slots=True)
class House:
    """The files, and the directory over them."""

    folder: Path
    certificate: bytes
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    log: RecordingLog = field(default_factory=RecordingLog)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @classmethod
    def fill(cls, folder: Path) -> House:
        """Write the files."""
        (folder / "pem").mkdir()
        leaf = trustme.CA().issue_cert(SURGERY).cert_chain_pems[0].bytes()
        (folder / "pem" / "chirurgie.pem").write_bytes(leaf)
        (folder / "people.csv").write_text(PEOPLE)
        (folder / "services.toml").write_text(SERVICES)
        return cls(folder, der(leaf))

    @property
    def host(self) -> Host:
        """What the hub lends."""
        return Host(
            name="house",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(),
            log=self.log,
            data=self.folder,
            ledger=EphemeralLedger(),
        )

    async def open(self, **values: Any) -> Local:
        """Open the directory as the configuration would."""
        values.setdefault("files", ["people.csv", "services.toml"])
        settings = parse(Table(values, file=self.folder / "hub.toml", path="directories.house"))
        return await self.stack.enter_async_context(open_directory(settings, self.host))

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file, and let the second pass after which it is looked at."""
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self.wait()

    def wait(self, by: timedelta = timedelta(seconds=1)) -> None:
        """Let time pass."""
        self.clock.advance(by)


def der(pem: bytes) -> bytes:
    """Return a PEM certificate as DER."""
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
