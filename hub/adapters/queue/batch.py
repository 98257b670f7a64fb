"""Many operations in one transaction: one look at what they need, then one insert per table.

An operation says first what it has to see, then decides on what is there and adds rows. Operations of
one batch see each other's changes, in their order. One that raises a HubError has changed nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Table, bindparam, select, update

from hub.adapters.queue import tables
from hub.adapters.queue.contents import StoredStage
from hub.adapters.queue.lines import Changes
from hub.adapters.queue.prepared import Prepared, inserting
from hub.adapters.queue.rows import EnvelopeRows, Row, of_stage
from hub.errors import HubError

_CHANGING: Final = (
    "state",
    "attempts",
    "due_at",
    "leased_until",
    "lease",
    "finished_at",
    "code",
    "reason",
)
_d, _s = tables.deliveries, tables.submissions
_SEEN: Final = ("id", "envelope", *_CHANGING)
# One by one: for the few of a batch that costs less than a statement for many, whose text changes.
_SUBMISSION: Final = Prepared(select(_s.c.lookup, _s.c.fingerprint).where(_s.c.lookup == bindparam("wanted")))
_NOTE: Final = Prepared(select(tables.notes.c.lookup).where(tables.notes.c.lookup == bindparam("wanted")))
_DELIVERY: Final = Prepared(
    select(*(_d.c[name] for name in _SEEN)).where(_d.c.id == bindparam("wanted")).with_for_update()
)
_CHANGE: Final = Prepared(
    update(_d)
    .where(_d.c.id == bindparam("changed"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_ORDER: Final = (
    tables.stages,
    tables.envelopes,
    tables.submissions,
    tables.deliveries,
    tables.steps,
    tables.notes,
)
"""The tables, each after those that it speaks of."""


@dataclass(slots=True)
class Need:
    """What the operations of a batch have to see."""

    submissions: set[bytes] = field(default_factory=set)
    notes: set[bytes] = field(default_factory=set)
    deliveries: set[str] = field(default_factory=set)


@dataclass(slots=True)
class View:
    """What was there, with the changes of the batch so far. Rows are by key.

    Of the ledgers nothing has to be looked at: `lines` only takes changes.
    """

    submissions: dict[bytes, Row] = field(default_factory=dict)
    notes: set[bytes] = field(default_factory=set)
    deliveries: dict[str, Row] = field(default_factory=dict)
    lines: Changes = field(default_factory=Changes)
    _changed: set[str] = field(default_factory=set)
    _stages: dict[str, StoredStage] = field(default_factory=dict)
    _rows: dict[Table, list[Row]] = field(default_factory=dict)

    def add(self, table: Table, row: Row) -> None:
        """Add a row."""
        self._rows.setdefault(table, []).append(row)

    def add_envelope(self, new: EnvelopeRows) -> None:
        """Add an envelope with its deliveries, and its stage when it is the first to bring it."""
        if new.stage.id not in self._stages:
            self._stages[new.stage.id] = new.stage
            self.add(tables.stages, of_stage(new.stage))
        self.add(tables.envelopes, new.envelope)
        self._rows.setdefault(tables.deliveries, []).extend(new.deliveries)

    def change(self, delivery: str, **values: Any) -> None:
        """Change a delivery that was looked at."""
        self.deliveries[delivery].update(values)
        self._changed.add(delivery)

    def write(self, connection: Connection) -> bool:
        """Write everything, one statement per table. Returns whether there was anything."""
        for table in _ORDER:
            if rows := self._rows.get(table):
                inserting(table, tuple(rows[0])).each(connection, rows)
        if self._changed:
            _CHANGE.each(connection, [_change(self.deliveries[one]) for one in self._changed])
        return self.lines.write(connection) or bool(self._rows or self._changed)


class Operation(Protocol):
    """A change that shares its statements with others."""

    def ask(self, need: Need) -> None:
        """Say what has to be seen."""
        ...

    def apply(self, view: View) -> Any:
        """Decide and change. A HubError is this operation's result: it changed nothing."""
        ...


class Statement(Protocol):
    """A change that runs statements of its own, after the operations of its batch."""

    def run(self, connection: Connection) -> tuple[Any, bool]:
        """Return the result, and whether anything was written."""
        ...


def run(connection: Connection, batch: Sequence[Operation | Statement]) -> tuple[list[Any], bool]:
    """Run a batch in the connection's transaction.

    Returns one result per member, and whether anything was written. Raises what the database raises:
    then the transaction is of no use.
    """
    need = Need()
    for one in batch:
        if hasattr(one, "ask"):
            one.ask(need)
    view = _look(connection, need)
    results: list[Any] = [None] * len(batch)
    for index, one in enumerate(batch):
        if hasattr(one, "apply"):
            try:
                results[index] = one.apply(view)
            except HubError as error:
                results[index] = error
    wrote = view.write(connection)
    for index, one in enumerate(batch):
        if hasattr(one, "run"):
            results[index], more = one.run(connection)
            wrote = wrote or more
    return results, wrote


def _look(connection: Connection, need: Need) -> View:
    view = View()
    for lookup in need.submissions:
        for _, fingerprint in _SUBMISSION.rows(connection, {"wanted": lookup}):
            view.submissions[lookup] = {"fingerprint": fingerprint}
    for lookup in need.notes:
        if _NOTE.rows(connection, {"wanted": lookup}):
            view.notes.add(lookup)
    for delivery in need.deliveries:
        for row in _DELIVERY.rows(connection, {"wanted": delivery}):
            view.deliveries[delivery] = dict(zip(_SEEN, row, strict=True))
    return view


def _change(row: Row) -> Row:
    return {"changed": row["id"], **{f"new_{name}": row[name] for name in _CHANGING}}
