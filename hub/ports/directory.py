"""Who exists, who may practise today, which addresses and certificates they hold.

How a directory is filled is `hub.ports.filling`; how people look around in it, `hub.ports.looking`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Protocol

from hub.domain.address import Address
from hub.domain.party import Identifier, PartyKind
from hub.errors import PeerError


class Standing(StrEnum):
    """Whether somebody may practise."""

    ACTIVE = "active"
    CEASED = "ceased"
    SUSPENDED = "suspended"
    STRUCK_OFF = "struck-off"
    DECEASED = "deceased"
    UNKNOWN = "unknown"


class MailboxKind(StrEnum):
    """Whose a mailbox is, and so who reads it (MSSanté's types, and the patient's own).

    A personal one has one reader, its bearer. A practice's and an organisation's have several; an
    application's has none; a patient's is opened in Mon espace santé.
    """

    PERSONAL = "personal"
    PRACTICE = "practice"
    ORGANISATIONAL = "organisational"
    APPLICATION = "application"
    PATIENT = "patient"


_PARTIES: Final = {
    MailboxKind.PERSONAL: PartyKind.PERSON,
    MailboxKind.PRACTICE: PartyKind.ORGANISATION,
    MailboxKind.ORGANISATIONAL: PartyKind.ORGANISATION,
    MailboxKind.APPLICATION: PartyKind.APPLICATION,
    MailboxKind.PATIENT: PartyKind.PATIENT,
}


class DirectoryUnavailableError(PeerError):
    """The directory can't answer now. Never read as 'not listed': what depends on it waits."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A code of a French nomenclature (TRE_…) and its label. Either may be empty."""

    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mailbox and its bearer, as one directory knows them.

    `standing` is today's. `since` is the first day on which it holds, `until` the last, when the source
    says. `source` names directory and version, for the evidence of what decided. `certificates` are
    DER, for encryption to this mailbox, the preferred first; nobody has checked them yet.

    `answers_for` names who is responsible for a mailbox that is not personal. `profession` and
    `specialties` are the bearer's, `structure`, `service` and `town` where they work; empty when not
    known. `rank` is the bearer's own order of their mailboxes, 1 first. An `unlisted` mailbox (liste
    rouge) can be written to by who knows it; nothing shows it to who does not.
    """

    address: Address
    mailbox: MailboxKind
    name: str
    identifiers: tuple[Identifier, ...]
    standing: Standing
    source: str
    since: date | None = None
    until: date | None = None
    certificates: tuple[bytes, ...] = ()
    answers_for: str = ""
    profession: Coded | None = None
    specialties: tuple[Coded, ...] = ()
    structure: str = ""
    service: str = ""
    town: str = ""
    rank: int | None = None
    unlisted: bool = False

    @property
    def kind(self) -> PartyKind:
        """What stands behind the mailbox, as an envelope says it."""
        return _PARTIES[self.mailbox]


class Directory(Protocol):
    """Answers from one consistent version: never from a half-imported state."""

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox at `address` (compared by `Address.key`), or None when not listed.

        Raises DirectoryUnavailableError.
        """
        ...

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return every mailbox of the bearer of a national identifier, the preferred first.

        Raises DirectoryUnavailableError.
        """
        ...
