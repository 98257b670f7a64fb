"""What a part must remember across restarts: small lines under keys, durable, gone after their time.

A connector writes here what it was told before it goes on: under which id the other side knows a delivery,
how far a send in several steps has come, where in an inbox it stands, what exactly was signed. It is no
place for large contents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

MAX_VALUE: Final = 1 << 20
"""Bytes of one line's value."""
MAX_KEY: Final = 1000
"""Bytes of a key or an alias."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `alias` is a second name to find it by, `due_at` when it comes up.

    It is forgotten some time after `until`, whatever else is said of it.
    """

    key: str
    value: str = field(repr=False)
    until: datetime
    alias: str | None = None
    due_at: datetime | None = None


class Ledger(Protocol):
    """The lines of one part. Values rest encrypted; keys and aliases rest as keyed digests.

    Every method raises StoreError when the store fails: then nothing of the call was taken. Raises
    LimitError for a value or a key that is too long.
    """

    async def get(self, key: str) -> Line | None:
        """Return the line of a key."""
        ...

    async def named(self, alias: str) -> Line | None:
        """Return the line that was last put with this alias."""
        ...

    async def put(self, *lines: Line) -> None:
        """Write lines, each in the place of the one with its key; durable on return, all or none.

        Callers that write at the same moment share one commit.
        """
        ...

    async def strike(self, *keys: str) -> None:
        """Forget lines; those that are not there are not missed."""
        ...

    async def due(self, now: datetime, limit: int = 100) -> Sequence[Line]:
        """Return lines whose `due_at` has come, the longest due first."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next line comes up."""
        ...
