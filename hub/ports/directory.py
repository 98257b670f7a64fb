"""Who exists, who may practise today, which addresses and certificates they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

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


class DirectoryUnavailableError(PeerError):
    """The directory can't answer now. Never read as 'not listed': what depends on it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One mailbox and its bearer, as one directory knows them.

    `certificates` are DER, for encryption to this mailbox, the preferred first. `since` is the day
    from which `standing` holds, when the source says. `source` names directory and version, for
    the evidence of what decided.
    """

    address: Address
    kind: PartyKind
    name: str
    identifiers: tuple[Identifier, ...]
    standing: Standing
    source: str
    since: date | None = None
    certificates: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What an import brought. `version` is what `Entry.source` will say; counts are of what is new."""

    version: str
    professionals: int
    mailboxes: int


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


@runtime_checkable
class Loads(Protocol):
    """A directory that is filled from files (`hub directory import`)."""

    def load(self, files: Sequence[Path], progress: Callable[[str, int, int], None]) -> Loaded:
        """Replace what the directory holds by what the files say, at once or not at all.

        Blocking, for minutes with a whole country: call it from a thread, in any process; whoever has
        the directory open answers from the new version within seconds. `progress` gets a file's name,
        the bytes read and the bytes there are. Raises MalformedError or LimitError, which name file,
        line and column: then nothing has changed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a directory answers from. `at` is how old its oldest source is, `old` that it is too old."""

    version: str
    at: datetime
    old: bool = False


@runtime_checkable
class Dated(Protocol):
    """A directory that can say how old its answers are (`hub check`)."""

    def held(self) -> Held:
        """Return what is held now. Raises DirectoryUnavailableError."""
        ...
