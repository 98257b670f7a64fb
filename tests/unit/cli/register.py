"""A plugin for the tests of `hub directory`: a small register that can do all a directory may do.

`[directories.<name>] kind = "register"` with `people`, some of the keys of `PEOPLE`; `silent = true`
makes it unable to answer. `[trust.<name>] kind = "register"` admits `domains`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.domain.target import Description
from hub.errors import Words
from hub.plugin import Registry, hookimpl
from hub.plugin.table import Table
from hub.ports.directory import Coded, DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.ports.filling import Changes, Held, Loaded, Progress
from hub.ports.looking import Change, Period
from hub.ports.trust import Admission, TrustUnavailableError
from hub.testing.fakes import entry

LILAS_RPPS = Identifier(RPPS, "810001234565")
_CARDIOLOGY = (Coded("SM04", "Cardiologie"),)
_DOCTOR = Coded("10", "Médecin")
PEOPLE = {
    "lilas": entry(
        "dr.camille.lilas@valbrume.example",
        name="Camille LILAS",
        identifiers=[LILAS_RPPS],
        certificates=[b"der"],
        profession=_DOCTOR,
        specialties=_CARDIOLOGY,
        structure="Clinique des Tilleuls",
        town="Hautmont",
        since=date(2020, 1, 2),
    ),
    "other-lilas": entry(
        "dr.c.lilas@valbrume.example",
        name="Claude LILAS",
        identifiers=[Identifier(RPPS, "810001234573")],
        profession=_DOCTOR,
        specialties=_CARDIOLOGY,
        town="Valbrume",
    ),
    "aubepine": entry(
        "dr.aubepine@valbrume.example",
        name="Élodie AUBÉPINE",
        standing=Standing.SUSPENDED,
        profession=_DOCTOR,
        since=date(2026, 3, 1),
        until=date(2026, 9, 1),
    ),
    "secretariat": entry(
        "secretariat@hautmont.example",
        name="Secrétariat",
        mailbox=MailboxKind.ORGANISATIONAL,
        identifiers=[Identifier(FINESS, "1750712184"), Identifier("urn:oid:1.2.3", "x")],
        answers_for="Camille LILAS",
        service="Cardiologie",
        unlisted=True,
    ),
}
JANUARY, MARCH, APRIL = (datetime(2026, month, 5, 4, 30, tzinfo=UTC) for month in (1, 3, 4))
PERIODS = (
    Period(known_from=JANUARY, known_until=MARCH, standing=Standing.ACTIVE, source="register:1"),
    Period(
        known_from=MARCH,
        known_until=APRIL,
        standing=Standing.STRUCK_OFF,
        source="register:2",
        since=date(2026, 3, 2),
    ),
)
CHANGES = (
    Change(at=JANUARY, source="register:1", what="appeared"),
    Change(at=MARCH, source="register:2", what="standing", detail="struck-off"),
    Change(at=APRIL, source="register:3", what="gone"),
)


@dataclass(frozen=True, slots=True)
class Register:
    """A few entries (`Directory`, and everything in `hub.ports.filling` and `hub.ports.looking`)."""

    entries: tuple[Entry, ...]
    silent: bool
    changes_brought: Changes | None

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox at `address`."""
        return next((one for one in self._answer() if one.address.key == address.key), None)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return every mailbox of the bearer."""
        return tuple(one for one in self._answer() if identifier in one.identifiers)

    async def by_description(self, sought: Description, limit: int) -> Sequence[Entry]:
        """Return everybody whose name holds what is sought."""
        found = [one for one in self._answer() if sought.name.lower() in one.name.lower()]
        return [one for one in found if sought.town.lower() in one.town.lower()][:limit]

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Return everybody whose name holds the text."""
        return [one for one in self._answer() if text.lower() in one.name.lower()][:limit]

    async def near(self, address: Address) -> Sequence[Address]:
        """Return the first address of the same domain."""
        return [one.address for one in self._answer() if one.address.domain == address.domain][:1]

    async def recall(self, who: Address | Identifier) -> Sequence[Period]:
        """Remember Camille Lilas alone."""
        return PERIODS if who == LILAS_RPPS else ()

    async def changes(self, who: Address | Identifier) -> Sequence[Change]:
        """Remember Camille Lilas alone."""
        return CHANGES if who == LILAS_RPPS else ()

    def held(self) -> Held:
        """Return one version."""
        return Held(version="register:3", at=APRIL)

    def load(self, files: Sequence[Path], progress: Progress) -> Loaded:
        """Read nothing."""
        for file in files:
            progress(file.name, 512, 1024)
        return self._loaded()

    async def synchronise(self, progress: Progress) -> Loaded:
        """Fetch nothing."""
        if self.silent:
            self._answer()
        progress("Practitioner", 7, 0)
        await asyncio.sleep(0)
        return self._loaded()

    def _loaded(self) -> Loaded:
        return Loaded(version="register:3", professionals=3, mailboxes=4, changes=self.changes_brought)

    def _answer(self) -> tuple[Entry, ...]:
        if self.silent:
            raise DirectoryUnavailableError("directory.unavailable", Words(en="It is asleep.", fr="Il dort."))
        return self.entries


@dataclass(frozen=True, slots=True)
class Space:
    """Admits a few domains (`TrustSpace`); without any, it can't say."""

    domains: frozenset[str]

    def admission(self, domain: str) -> Admission | None:
        """Return what the list says."""
        if not self.domains:
            raise TrustUnavailableError("trust.unavailable", Words(en="No list.", fr="Pas de liste."))
        if domain not in self.domains:
            return None
        return Admission(domain=domain, member="Valbrume Santé", source="list:7")

    def held(self) -> Held:
        """Return one version."""
        return Held(version="list:7", at=APRIL)


def _parse(table: Table) -> Register:
    names = table.texts("people", [])
    counts = [int(one) for one in table.texts("changes", [])]
    silent = table.boolean("silent", default=False)
    table.finish()
    changes = Changes(**dict(zip(Changes.__slots__, counts, strict=True))) if counts else None
    return Register(tuple(PEOPLE[name] for name in names), silent, changes)


def _parse_space(table: Table) -> Space:
    space = Space(frozenset(table.texts("domains", [])))
    table.finish()
    return space


@asynccontextmanager
async def _open(part: Any, _host: Any) -> AsyncIterator[Any]:
    yield part


@hookimpl
def hub_register_directories(registry: Registry) -> None:
    """Offer the register as a directory and as a space of trust."""
    registry.add_directory("register", _parse, _open)
    registry.add_trust_space("register", _parse_space, _open)


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer an operator that nothing is ever sent to."""
    registry.add_connector("register", Table.finish, _open)
