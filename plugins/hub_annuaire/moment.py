"""The version that an import makes, and what it writes into the history."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from hub_annuaire.standing import Verdict, written

_DAY: Final = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Moment:
    """One import. `number` is that of its version, `baseline` that of the first; `day` is the file's."""

    connection: sqlite3.Connection
    number: int
    baseline: int
    day: date
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def first(self) -> bool:
        """Whether nothing was held before: then nothing has changed."""
        return self.number == self.baseline

    def count(self, what: str) -> None:
        """Count one more."""
        self.counted[what] = self.counted.get(what, 0) + 1

    def tell(self, who: str, what: str, detail: str = "") -> None:
        """Add a line to somebody's history."""
        self.connection.execute(
            "INSERT INTO change SELECT ?1, ?2, count(*), ?3, ?4 FROM change WHERE who = ?1 AND version = ?2",
            (who, self.number, what, detail),
        )

    def close(self, who: str, opened: int | None, verdicts: tuple[Verdict, ...] | str) -> None:
        """Keep what was said until now; what was opened by this same version was never said."""
        opened = self.baseline if opened is None else opened
        if opened == self.number:
            return
        text = verdicts if isinstance(verdicts, str) else written(verdicts)
        self.connection.execute(
            "INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?)", (who, self.number, opened, text)
        )

    def last_absent(self) -> date:
        """Return the last day of an absence that ends with this version."""
        return self.day - _DAY


def begin(connection: sqlite3.Connection, version: str, day: date) -> Moment:
    """Add a version. Raises sqlite3.Error."""
    connection.execute("INSERT INTO version (version) VALUES (?)", (version,))
    number: int = connection.execute("SELECT max(id) FROM version").fetchone()[0]
    connection.execute("INSERT OR IGNORE INTO fact VALUES ('baseline', ?)", (number,))
    baseline = int(connection.execute("SELECT value FROM fact WHERE name = 'baseline'").fetchone()[0])
    return Moment(connection=connection, number=number, baseline=baseline, day=day)


def taken(connection: sqlite3.Connection, at: str) -> None:
    """Say when the newest version came into use, in UTC. Raises sqlite3.Error."""
    connection.execute("UPDATE version SET taken = ? WHERE id = (SELECT max(id) FROM version)", (at,))
