"""Erasing documents and ledgers' lines whose time is over, and files that nothing speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, bindparam, delete, exists, false, null, select, update

from hub.adapters.queue import tables

_e, _d, _g, _l = tables.envelopes, tables.deliveries, tables.stages, tables.ledger
OVER: Final = (
    select(_e.c.id, _e.c.stage)
    .where(
        _e.c.stage_key.is_not(None),
        _e.c.accepted_at <= bindparam("before"),
        ~exists().where(_d.c.envelope == _e.c.id, _d.c.finished_at.is_(None)),
    )
    .order_by(_e.c.accepted_at)
    .limit(bindparam("most"))
)
_FORGET: Final = update(_e).where(_e.c.id.in_(bindparam("over", expanding=True))).values(stage_key=null())
_KEPT: Final = select(_e.c.stage).where(
    _e.c.stage.in_(bindparam("stages", expanding=True)), _e.c.stage_key.is_not(None)
)
_EMPTY: Final = (
    update(_g).where(_g.c.id.in_(bindparam("gone", expanding=True))).values(data=null(), filed=false())
)
_FILED: Final = select(_g.c.id).where(_g.c.filed)
ENDED: Final = delete(_l).where(
    _l.c.lookup.in_(
        select(_l.c.lookup)
        .where(_l.c.until <= bindparam("now"))
        .order_by(_l.c.until)
        .limit(bindparam("most"))
    )
)


@dataclass(slots=True)
class Erase:
    """Erase the documents of finished envelopes. Its result: which, and the stages that nobody holds."""

    before: int
    most: int

    def run(self, connection: Connection) -> tuple[tuple[Sequence[str], Sequence[str]], bool]:
        """Erase keys, and the bytes that no key opens any more."""
        rows = connection.execute(OVER, {"before": self.before, "most": self.most}).all()
        if not rows:
            return ([], []), False
        over = [row.id for row in rows]
        connection.execute(_FORGET, {"over": over})
        stages = {row.stage for row in rows}
        gone = stages.difference(connection.scalars(_KEPT, {"stages": list(stages)}))
        connection.execute(_EMPTY, {"gone": list(gone)})
        return (over, list(gone)), True


@dataclass(slots=True)
class Forget:
    """Forget lines of whatever part. Its result: how many."""

    now: int
    most: int

    def run(self, connection: Connection) -> tuple[int, bool]:
        """Forget the longest over."""
        gone = connection.execute(ENDED, {"now": self.now, "most": self.most}).rowcount
        return gone, gone > 0


def remove_files(folder: Path, stages: Iterable[str]) -> None:
    """Take away the files of stages, those that had one."""
    for stage in stages:
        (folder / stage).unlink(missing_ok=True)


def remove_orphans(connection: Connection, folder: Path) -> int:
    """Take away files that were being written when a process ended. Only the one working hub may."""
    known = set(connection.scalars(_FILED))
    orphans = [path for path in folder.iterdir() if path.name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
