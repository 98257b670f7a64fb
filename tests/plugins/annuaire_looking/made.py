"""Invented mailboxes to look around in, and a directory that is nothing but them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.errors import Words
from hub.ports.directory import Coded, DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub_annuaire.looking import index
from hub_annuaire.looking.index import Index, Shown

CARDIOLOGY = "Cardiologie et maladies vasculaires"
GENERAL = "Médecine Générale"
MEDECIN = "medecin.mssante.example"


def shown(
    address: str,
    name: str,
    *,
    mailbox: MailboxKind = MailboxKind.PERSONAL,
    profession: str = "Médecin",
    specialties: str = "",
    structure: str = "",
    service: str = "",
    town: str = "",
    postcode: str = "",
) -> Shown:
    """Return a mailbox; without a domain it is at `MEDECIN`."""
    address = address if "@" in address else f"{address}@{MEDECIN}"
    return Shown(
        key=Address.parse(address).key,
        address=address,
        name=name,
        mailbox=mailbox,
        profession=profession if mailbox is MailboxKind.PERSONAL else "",
        specialties=specialties,
        structure=structure,
        service=service,
        town=town,
        postcode=postcode,
    )


def opened(*several: Shown) -> sqlite3.Connection:
    """Return a database with an index of mailboxes."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(index.TABLES)
    index.add(connection, several)
    return connection


def of(*several: Shown) -> Index:
    """Return an index of mailboxes."""
    return Index(opened(*several))


def locals_of(keys: Iterable[str]) -> list[str]:
    """Return the local parts, in order."""
    return [key.partition("@")[0] for key in keys]


@dataclass
class Looked:
    """The index as a directory (`Directory`, `Searches`, `Describes`, `Suggests`)."""

    entries: Sequence[Entry]
    available: bool = True
    by_key: dict[str, Entry] = field(init=False)
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        self.by_key = {one.address.key: one for one in self.entries}
        self.index = of(*(_shown(one) for one in self.entries if not one.unlisted and _open(one)))

    async def by_address(self, address: Address) -> Entry | None:
        """Return the entry at an address."""
        return self.by_key.get(address.key)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return the bearer's."""
        return tuple(one for one in self.entries if identifier in one.identifiers)

    async def search(self, text: str, limit: int) -> list[Entry]:
        """Search."""
        self._answer()
        return [self.by_key[key] for key in self.index.search(text, limit)]

    async def by_description(self, sought: Description, limit: int) -> list[Entry]:
        """Find who fits."""
        self._answer()
        return [self.by_key[key] for key in self.index.described(sought, limit)]

    async def near(self, address: Address) -> list[Address]:
        """Suggest."""
        self._answer()
        return [self.by_key[key].address for key in self.index.near(address)]

    def _answer(self) -> None:
        if not self.available:
            raise DirectoryUnavailableError(
                "directory.unavailable", Words(en="Not now.", fr="Pas maintenant.")
            )


def entry(one: Shown, *, standing: Standing = Standing.ACTIVE, unlisted: bool = False) -> Entry:
    """Return what a directory would say of it."""
    return Entry(
        address=Address.parse(one.address),
        mailbox=one.mailbox,
        name=one.name,
        identifiers=(),
        standing=standing,
        source="made",
        profession=Coded("10", one.profession) if one.profession else None,
        specialties=(Coded("SM", one.specialties),) if one.specialties else (),
        structure=one.structure,
        service=one.service,
        town=one.town,
        unlisted=unlisted,
    )


def _open(one: Entry) -> bool:
    return one.standing is Standing.ACTIVE


def _shown(one: Entry) -> Shown:
    return shown(
        str(one.address),
        one.name,
        mailbox=one.mailbox,
        profession=one.profession.label if one.profession else "",
        specialties=" ".join(each.label for each in one.specialties),
        structure=one.structure,
        service=one.service,
        town=one.town,
    )
