"""A ledger's lines ↔ their rows, encrypted; and what one batch changes among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, null, update

from hub.adapters.queue import dialect, tables, times
from hub.adapters.queue.keys import StoreKeys
from hub.adapters.queue.prepared import Prepared
from hub.ports.ledger import Line

Row = dict[str, Any]

_l: Final = tables.ledger
_RELEASE: Final = Prepared(update(_l).where(_l.c.alias == bindparam("taken")).values(alias=null()))
_REPLACE: Final = Prepared(dialect.replacing(_l))
_STRIKE: Final = Prepared(delete(_l).where(_l.c.lookup == bindparam("struck")))
READ: Final = (_l.c.lookup, _l.c.line, _l.c.until, _l.c.due_at)
"""The columns that `LineRows.read` takes."""
_NONE: Final = 0xFFFF
"""The length of an alias that is not there."""


class LineRows:
    """Makes and reads the rows of one part's lines."""

    def __init__(self, part: str, keys: StoreKeys) -> None:
        self._keys = keys
        self._name = part
        self.part = keys.lookup("ledger part", part)

    def lookup(self, key: str) -> bytes:
        """Return the digest of a key."""
        return self._keys.lookup("ledger", self._name, _bytes(key))

    def alias(self, alias: str) -> bytes:
        """Return the digest of an alias."""
        return self._keys.lookup("ledger alias", self._name, _bytes(alias))

    def write(self, line: Line) -> Row:
        """Make the row of a line."""
        lookup = self.lookup(line.key)
        until, due_at = times.write(line.until), times.write_optional(line.due_at)
        return {
            "lookup": lookup,
            "part": self.part,
            "alias": None if line.alias is None else self.alias(line.alias),
            "line": self._keys.lines.seal(lookup, _spell(line), _bound(until, due_at)),
            "until": until,
            "due_at": due_at,
        }

    def read(self, row: Sequence[Any]) -> Line:
        """Read a row (`READ`). Raises StoreError `store.altered`."""
        lookup, sealed, until, due_at = row
        data = self._keys.lines.open(lookup, sealed, _bound(until, due_at))
        key_ends = 4 + int.from_bytes(data[:2])
        alias_length = int.from_bytes(data[2:4])
        alias_ends = key_ends + (0 if alias_length == _NONE else alias_length)
        return Line(
            key=_text(data[4:key_ends]),
            alias=None if alias_length == _NONE else _text(data[key_ends:alias_ends]),
            value=_text(data[alias_ends:]),
            until=times.read(until),
            due_at=times.read_optional(due_at),
        )


@dataclass(slots=True)
class Changes:
    """What the operations of a batch do to lines, in their order."""

    _lines: dict[bytes, Row | None] = field(default_factory=dict)
    _owners: dict[bytes, bytes] = field(default_factory=dict)

    def put(self, row: Row) -> None:
        """Write a line; its alias is no other's any more."""
        alias = row["alias"]
        if alias is not None:
            before = self._lines.get(self._owners.get(alias, b""))
            if before is not None and before["alias"] == alias:
                before["alias"] = None
            self._owners[alias] = row["lookup"]
        # A copy: an operation that is tried again alone starts from what it was asked.
        self._lines[row["lookup"]] = {**row}

    def strike(self, lookup: bytes) -> None:
        """Forget a line."""
        self._lines[lookup] = None

    def write(self, connection: Connection) -> bool:
        """Write everything. Returns whether there was anything.

        Aliases are let go of first: whichever line is to have one gets it with its row.
        """
        _RELEASE.each(connection, [{"taken": alias} for alias in self._owners])
        _REPLACE.each(connection, [row for row in self._lines.values() if row is not None])
        _STRIKE.each(connection, [{"struck": one} for one, row in self._lines.items() if row is None])
        return bool(self._lines)


def _spell(line: Line) -> bytes:
    key = _bytes(line.key)
    alias = b"" if line.alias is None else _bytes(line.alias)
    length = _NONE if line.alias is None else len(alias)
    return len(key).to_bytes(2) + length.to_bytes(2) + key + alias + _bytes(line.value)


def _bound(until: int, due_at: int | None) -> bytes:
    return f"{until} {'' if due_at is None else due_at}".encode()


def _bytes(text: str) -> bytes:
    # Whatever JSON brought comes back as it was, halves of surrogate pairs included.
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
