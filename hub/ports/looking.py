"""Looking around in a directory: as one types, by description, for a slip of the pen, in the past.

Each is optional to a directory; the hub asks `isinstance`. None of them shows an unlisted mailbox,
but `recall`, which is for who administers the hub.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.ports.directory import Entry, Standing


@runtime_checkable
class Searches(Protocol):
    """Can be searched as one types."""

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Return mailboxes for which each word of `text` begins a word that is known of them.

        Known are name, profession, specialty, structure, service, town, postcode and address. Accents,
        case, hyphens and the order of words don't matter. At most `limit`, the likeliest first; only
        mailboxes that can be written to today. Raises DirectoryUnavailableError.
        """
        ...


@runtime_checkable
class Describes(Protocol):
    """Can find somebody by name, specialty and town."""

    async def by_description(self, sought: Description, limit: int) -> Sequence[Entry]:
        """Return the mailboxes of everybody who fits, at most `limit`; whole words, nothing guessed.

        Raises DirectoryUnavailableError.
        """
        ...


@runtime_checkable
class Suggests(Protocol):
    """Can say what a mistyped address was meant to be."""

    async def near(self, address: Address) -> Sequence[Address]:
        """Return at most three listed addresses that differ from this by a slip, the nearest first.

        Raises DirectoryUnavailableError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What a directory held of one bearer between two updates.

    `known_from` is when the hub came to answer so, `known_until` when it ceased to (None: it still
    does). `since` and `until` are the days for which the source said that `standing` holds. `source` is
    the version that brought it.
    """

    known_from: datetime
    known_until: datetime | None
    standing: Standing
    source: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a bearer's history: `what` is a stable word (`appeared`, `activity-lost`, `gone` …)."""

    at: datetime
    source: str
    what: str
    detail: str = ""


@runtime_checkable
class Recalls(Protocol):
    """Remembers what it answered in the past."""

    async def recall(self, who: Address | Identifier) -> Sequence[Period]:
        """Return every period that is known of who bears an identifier or a mailbox, the oldest first.

        Raises DirectoryUnavailableError.
        """
        ...

    async def changes(self, who: Address | Identifier) -> Sequence[Change]:
        """Return what happened to them, the oldest first. Raises DirectoryUnavailableError."""
        ...


@runtime_checkable
class Catalogue(Protocol):
    """The hub's whole directory, as receivers may show it to whom they have authenticated."""

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox, or None when not listed. Raises DirectoryUnavailableError."""
        ...

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Search every directory that can be (`Searches`), each address once.

        Raises DirectoryUnavailableError when none could answer.
        """
        ...
