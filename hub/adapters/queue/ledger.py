"""The ledger of one part in the store (`hub.ports.ledger.Ledger`).

Writing goes through the group commit; looking is one indexed look on the reader's connection, which
sees whatever was committed before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, null, select, update

from hub.adapters.queue import tables, times
from hub.adapters.queue.batch import Need, View
from hub.adapters.queue.commit import GroupCommit
from hub.adapters.queue.keys import StoreKeys
from hub.adapters.queue.lines import READ, LineRows, Row
from hub.adapters.queue.prepared import Prepared
from hub.adapters.queue.reading import Reader
from hub.errors import StoreError
from hub.plugin.ledger import check
from hub.ports.ledger import Line

_l: Final = tables.ledger
BY_KEY: Final = select(*READ).where(_l.c.lookup == bindparam("wanted"))
BY_ALIAS: Final = select(*READ).where(_l.c.alias == bindparam("wanted"))
_OF_PART: Final = (_l.c.part == bindparam("owner"), _l.c.due_at.is_not(None))
DUE: Final = (
    select(*READ)
    .where(*_OF_PART, _l.c.due_at <= bindparam("now"))
    .order_by(_l.c.due_at)
    .limit(bindparam("most"))
)
NEXT: Final = select(_l.c.due_at).where(*_OF_PART).order_by(_l.c.due_at).limit(1)
_BY_KEY, _BY_ALIAS, _DUE, _NEXT = (Prepared(one) for one in (BY_KEY, BY_ALIAS, DUE, NEXT))
_HOLD: Final = update(_l).where(_l.c.lookup == bindparam("unreadable")).values(due_at=null())


@dataclass(slots=True)
class Write:
    """Put lines and strike others, all or none."""

    put: Sequence[Row] = ()
    strike: Sequence[bytes] = ()

    def ask(self, need: Need) -> None:
        """Look at nothing."""

    def apply(self, view: View) -> None:
        """Change what is there, whatever that is."""
        for row in self.put:
            view.lines.put(row)
        for lookup in self.strike:
            view.lines.strike(lookup)


@dataclass(slots=True)
class Hold:
    """Let lines that can't be read come up no more: they must not stand before the rest."""

    lookups: Sequence[bytes]

    def run(self, connection: Connection) -> tuple[None, bool]:
        """Take them out of what is due; whoever asks for one by its key hears that it was altered."""
        connection.execute(_HOLD, [{"unreadable": one} for one in self.lookups])
        return None, True


class StoredLedger:
    """Lines in the database, under digests and encrypted."""

    def __init__(self, part: str, *, commit: GroupCommit, reader: Reader, keys: StoreKeys) -> None:
        self._commit = commit
        self._reader = reader
        self._rows = LineRows(part, keys)

    async def get(self, key: str) -> Line | None:
        """Return the line of a key. Raises StoreError."""
        return self._found(_BY_KEY, self._rows.lookup(key))

    async def named(self, alias: str) -> Line | None:
        """Return the line that was last put with this alias. Raises StoreError."""
        return self._found(_BY_ALIAS, self._rows.alias(alias))

    async def put(self, *lines: Line) -> None:
        """Write lines; durable on return, all or none. Raises LimitError, StoreError."""
        for one in lines:
            check(one)
        if lines:
            await self._commit.do(Write(put=[self._rows.write(one) for one in lines]))

    async def strike(self, *keys: str) -> None:
        """Forget lines; durable on return, all or none. Raises StoreError."""
        if keys:
            await self._commit.do(Write(strike=[self._rows.lookup(one) for one in keys]))

    async def due(self, now: datetime, limit: int = 100) -> Sequence[Line]:
        """Return lines whose `due_at` has come, the longest due first. Raises StoreError.

        One that was altered at rest is left out, and comes up no more.
        """
        values = {"owner": self._rows.part, "now": times.write(now), "most": max(limit, 0)}
        while True:
            lines: list[Line] = []
            broken: list[bytes] = []
            for row in self._reader.rows(_DUE, **values):
                try:
                    lines.append(self._rows.read(row))
                except StoreError:
                    broken.append(row[0])
            if not broken:
                return lines
            await self._commit.do(Hold(broken))

    async def next_due(self) -> datetime | None:
        """Return when the next line comes up. Raises StoreError."""
        found = self._reader.rows(_NEXT, owner=self._rows.part)
        return times.read(found[0][0]) if found else None

    def _found(self, statement: Prepared, wanted: bytes) -> Line | None:
        found = self._reader.rows(statement, wanted=wanted)
        return self._rows.read(found[0]) if found else None
