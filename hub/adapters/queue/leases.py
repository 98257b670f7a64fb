"""Taking and losing leases: the statements that look at what is due, each served by an index on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    insert,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.util import ClauseAdapter

from hub.adapters.queue import tables
from hub.adapters.queue.prepared import Prepared
from hub.domain.delivery import State
from hub.domain.ids import OperatorName

_d = tables.deliveries
_pending = _d.c.state == State.PENDING.value


class Leased(NamedTuple):
    """A row that was leased."""

    id: str
    envelope: str
    operator: str
    position: int
    state: str
    attempts: int


@dataclass(slots=True)
class Claim:
    """Lease what is due. Its result: the leased rows."""

    wanted: Mapping[OperatorName, int]
    now: int
    until: int
    lease: bytes

    def run(self, connection: Connection) -> tuple[Sequence[Any], bool]:
        """Lease, in one statement for all operators; again where parcels of many were taken for many."""
        leased: list[Any] = []
        left = {name: most for name, most in self.wanted.items() if most > 0}
        while left:
            rows = self._lease(connection, left)
            leased += rows
            left = {name: more for name, most in left.items() if (more := _more(rows, name, most))}
        return leased, bool(leased)

    def _lease(self, connection: Connection, wanted: Mapping[OperatorName, int]) -> Sequence[Any]:
        values: dict[str, Any] = {"now": self.now, "until": self.until, "token": self.lease}
        for index, (name, most) in enumerate(wanted.items()):
            values |= {f"operator{index}": name, f"most{index}": most}
        return [Leased._make(row) for row in _prepared(len(wanted)).rows(connection, values)]


@dataclass(slots=True)
class ClaimEnded:
    """Lease what outlived its envelope. Its result: the leased rows."""

    ended_by: int
    now: int
    until: int
    limit: int
    lease: bytes

    def run(self, connection: Connection) -> tuple[Sequence[Any], bool]:
        """Lease, parcel by parcel as far as the limit goes."""
        values = {"now": self.now, "until": self.until, "token": self.lease, "ended": self.ended_by}
        rows = connection.execute(ENDED, values | {"most": self.limit}).all()
        return rows, bool(rows)


def parcels(rows: Sequence[Any]) -> dict[tuple[str, str, str], list[Any]]:
    """Put together what is one envelope's, one operator's and in one state; in order of acceptance."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in sorted(rows, key=lambda row: (row.envelope, row.position)):
        found.setdefault((row.envelope, row.operator, row.state), []).append(row)
    return found


def _more(rows: Sequence[Any], operator: OperatorName, most: int) -> int:
    """Return how many parcels may still be due: none when the front of the queue was not filled."""
    own = [row for row in rows if row.operator == operator]
    return most - len(parcels(own)) if len(own) >= most else 0


@lru_cache(maxsize=64)
def claiming(operators: int) -> ReturningUpdate[Any]:
    """Return the statement that claims for so many operators at once.

    1. The front of each operator's queue says which parcels: envelope, operator and state.
    2. Whatever else is due of the same parcels goes along.
    """
    arms = []
    for index in range(operators):
        front = (
            select(_d.c.envelope, _d.c.operator, _d.c.state)
            .where(
                _d.c.operator == bindparam(f"operator{index}"),
                _d.c.finished_at.is_(None),
                _d.c.due_at <= bindparam("now"),
            )
            .order_by(_d.c.due_at, _d.c.id)
            .limit(bindparam(f"most{index}"))
            .with_for_update(skip_locked=True)
            .subquery(f"front{index}")
        )
        arms.append(select(front.c.envelope, front.c.operator, front.c.state))
    return _leasing(union_all(*arms) if len(arms) > 1 else arms[0], _d.c.due_at <= bindparam("now"))


@lru_cache(maxsize=64)
def _prepared(operators: int) -> Prepared:
    return Prepared(claiming(operators))


def _leasing(fronts: Select[Any] | CompoundSelect[Any], due: ColumnElement[bool]) -> ReturningUpdate[Any]:
    chosen = fronts.subquery("chosen")
    parcel = _d.alias("parcel")
    adapted = ClauseAdapter(parcel).traverse(due)
    whole = select(parcel.c.id).join_from(
        chosen,
        parcel,
        and_(
            parcel.c.envelope == chosen.c.envelope,
            parcel.c.operator == chosen.c.operator,
            parcel.c.state == chosen.c.state,
            adapted,
        ),
    )
    return (
        update(_d)
        # The second condition is for PostgreSQL: it looks again at a row that it had to wait for.
        .where(_d.c.id.in_(whole), due)
        .values(
            state=case((_pending, State.LEASED.value), else_=_d.c.state),
            due_at=case((_pending, null()), else_=bindparam("until")),
            leased_until=bindparam("until"),
            lease=bindparam("token"),
        )
        .returning(_d.c.id, _d.c.envelope, _d.c.operator, _d.c.position, _d.c.state, _d.c.attempts)
    )


_due_or_held = and_(
    or_(_d.c.due_at <= bindparam("now"), _d.c.due_at.is_(None)), _d.c.state != State.LEASED.value
)
_ended = (
    select(_d.c.envelope, _d.c.operator, _d.c.state)
    .where(_d.c.finished_at.is_(None), _d.c.expires_at <= bindparam("ended"), _due_or_held)
    .order_by(_d.c.expires_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .subquery("ended")
)
ENDED: Final = _leasing(select(_ended.c.envelope, _ended.c.operator, _ended.c.state), _due_or_held)

_LOST: Final = (
    update(_d)
    .values(
        state=State.UNCERTAIN.value,
        due_at=bindparam("now"),
        leased_until=null(),
        lease=null(),
    )
    .returning(_d.c.id, _d.c.envelope)
)
LOST: Final = _LOST.where(_d.c.leased_until <= bindparam("now"))
EVERY: Final = _LOST.where(_d.c.leased_until.is_not(None))
_STEP: Final = insert(tables.steps)


@dataclass(slots=True)
class Expire:
    """End leases whose time is over, or all of them. Its result: how many."""

    now: int
    everything: bool

    def run(self, connection: Connection) -> tuple[int, bool]:
        """End them, with a line in each timeline."""
        rows = connection.execute(EVERY if self.everything else LOST, {"now": self.now}).all()
        if rows:
            connection.execute(
                _STEP,
                [
                    {
                        "envelope": row.envelope,
                        "delivery": row.id,
                        "at": self.now,
                        "event": "delivery.lease_lost",
                        "code": None,
                        "detail": None,
                    }
                    for row in rows
                ],
            )
        return len(rows), bool(rows)


NEXT_DUE: Final = select(_d.c.due_at).where(_d.c.due_at.is_not(None)).order_by(_d.c.due_at).limit(1)


def next_due(connection: Connection) -> int | None:
    """Return when the next delivery comes up."""
    return connection.scalar(NEXT_DUE)


_HOLD: Final = (
    update(_d)
    .where(
        _d.c.envelope == bindparam("unreadable"),
        or_(_d.c.state == State.LEASED.value, _d.c.state == State.UNCERTAIN.value),
        _d.c.lease == bindparam("token"),
    )
    .values(
        state=State.UNCERTAIN.value, due_at=null(), leased_until=null(), lease=null(), code=bindparam("why")
    )
)


@dataclass(slots=True)
class Hold:
    """Keep back what can't be read, until a person moves it: it must not stop the rest."""

    envelope: str
    lease: bytes
    code: str

    def run(self, connection: Connection) -> tuple[None, bool]:
        """Take it out of the queue."""
        connection.execute(_HOLD, {"unreadable": self.envelope, "token": self.lease, "why": self.code})
        return None, True
