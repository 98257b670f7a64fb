"""Fakes of the small ports: time, chance, log, directory, signature. All keep the port's promises.

The larger ones have files of their own and are found here too: `ScriptedOperator` and
`RecoveringOperator` (`hub.testing.operators`), `RecordingIntake` (`hub.testing.reception`).
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.errors import Words
from hub.ports.directory import DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.testing.operators import Arrival, Play, RecoveringOperator, ScriptedOperator
from hub.testing.reception import RecordingIntake

__all__ = [
    "NOON",
    "Arrival",
    "FixedChance",
    "FixedClock",
    "NullLog",
    "Play",
    "RecordingIntake",
    "RecordingLog",
    "RecoveringOperator",
    "ScriptedOperator",
    "TinyDirectory",
    "UnsafeSeals",
    "entry",
]

NOON: Final = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""The moment at which a `FixedClock` starts."""


class FixedClock:
    """Time that passes only when told to (`Clock`)."""

    def __init__(self, now: datetime = NOON, monotonic: float = 1000.0) -> None:
        self._now = now
        self._monotonic = monotonic

    def now(self) -> datetime:
        """Return the present in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds from an arbitrary moment."""
        return self._monotonic

    def advance(self, by: timedelta) -> None:
        """Let time pass, on both clocks."""
        self._now += by
        self._monotonic += by.total_seconds()

    def jump(self, by: timedelta) -> None:
        """Set the wall clock forward, or back; no time has passed."""
        self._now += by


class FixedChance:
    """Randomness that is the same in every run (`Chance`). Not fit for keys that guard anything."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- to be foreseen is its purpose

    def bytes(self, count: int) -> bytes:
        """Return `count` bytes."""
        return self._random.randbytes(count)

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()


class NullLog:
    """A log that nobody reads (`Log`)."""

    def info(self, event: str, **fields: object) -> None:
        """Take note of nothing."""

    def warning(self, event: str, **fields: object) -> None:
        """Take note of nothing."""


@dataclass(slots=True)
class RecordingLog:
    """A log that can be asked what it was told (`Log`). `lines` are level, event and fields."""

    lines: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def info(self, event: str, **fields: object) -> None:
        """Record what is normal."""
        self.lines.append(("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        """Record what somebody should look at."""
        self.lines.append(("warning", event, fields))

    def events(self) -> list[str]:
        """Return the names of all events, in order."""
        return [event for _, event, _ in self.lines]


def entry(
    address: str,
    *,
    name: str = "Dr Élodie Aubépine",
    standing: Standing = Standing.ACTIVE,
    identifiers: Iterable[Identifier] = (),
    certificates: Iterable[bytes] = (),
    mailbox: MailboxKind = MailboxKind.PERSONAL,
    source: str = "tiny:1",
    **more: Any,
) -> Entry:
    """Make a directory entry out of little."""
    return Entry(
        address=Address.parse(address),
        mailbox=mailbox,
        name=name,
        identifiers=tuple(identifiers),
        standing=standing,
        source=source,
        certificates=tuple(certificates),
        **more,
    )


class TinyDirectory:
    """A few entries that can be changed, and taken away altogether (`Directory`).

    While `available` is False every question raises DirectoryUnavailableError. `asked` counts them.
    """

    def __init__(self, *entries: Entry) -> None:
        self._entries = {one.address.key: one for one in entries}
        self.available = True
        self.asked = 0

    def put(self, one: Entry) -> None:
        """Add an entry, or replace the one of the same address."""
        self._entries[one.address.key] = one

    def remove(self, address: str) -> None:
        """Forget the entry of an address."""
        del self._entries[Address.parse(address).key]

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox at `address`."""
        self._answer()
        return self._entries.get(address.key)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return every mailbox of the bearer."""
        self._answer()
        return tuple(one for one in self._entries.values() if identifier in one.identifiers)

    def _answer(self) -> None:
        self.asked += 1
        if not self.available:
            raise DirectoryUnavailableError(
                "directory.unavailable",
                Words(
                    en="The directory can't answer now; try again later.",
                    fr="L'annuaire ne peut répondre pour l'instant ; réessayez plus tard.",
                ),
            )


class UnsafeSeals:
    """Has the form of a seal, and proves nothing: the 'signature' is a plain digest (`Seals`)."""

    def seal(self, payload: bytes) -> bytes:
        """Return something of a JWS's shape over `payload`."""
        body = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
        digest = hashlib.sha256(payload).hexdigest()
        return f'{{"payload":"{body}","protected":"e30","signature":"{digest}"}}'.encode()
