"""Extractions → a finished database, in one pass over each file and in bounded memory.

What was held before is in the file already; a first import is the same with nothing held.

1. what each file brings and no longer has, 2. persons, 3. mailboxes, 4. the facts.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.errors import MalformedError
from hub.ports.filling import Changes
from hub_annuaire import (
    activity,
    companions,
    comparing,
    history,
    mailboxes,
    moment,
    people,
    schema,
    shelving,
    stated,
)
from hub_annuaire.coded import Codes
from hub_annuaire.comparing import SECRET, Compared
from hub_annuaire.faults import Place
from hub_annuaire.formats import Format, Header
from hub_annuaire.lines import Lines
from hub_annuaire.reading import Opened, open_lines
from hub_annuaire.recognising import Files
from hub_annuaire.sources import Source

CACHE_KIB: Final = {"main": 64 << 10, "staging": 32 << 10}
"""Memory for pages; three times as much hardly helps."""
DATABASE: Final = "annuaire.sqlite"
"""What progress calls the work after the last file, of which nobody knows how much there is."""
LEAST_LOSS: Final = 10
"""Fewer missing than this never count as a damaged extraction."""
SUSPICIOUS: Final = 5
"""Per cent of a file's lines whose loss makes it worth counting persons before the long work."""

Reader = Callable[[Lines, Header, Compared, Codes], Iterable[tuple[object, ...]]]

_TABLES: Final[dict[Format, tuple[str, Reader]]] = {
    Format.ACTIVITY: ("activity", activity.read),
    Format.SKILLS: ("skill", companions.skills),
    Format.QUALIFICATIONS: ("qualification", companions.qualifications),
    Format.MAILBOXES: ("listing", mailboxes.read),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to build: into `new`, a copy of what is held or an empty file, whose past is in `salvage`."""

    new: Path
    files: Files
    max_loss: int
    salvage: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What the new database holds. `changes` is None when nothing was held before."""

    version: str
    professionals: int
    mailboxes: int
    changes: Changes | None


def build(order: Order, opened: Opened) -> Built:
    """Bring `order.new` up to date. Raises MalformedError, LimitError, sqlite3.Error, OSError.

    After any of them the file is worthless.
    """
    files = order.files
    with _writing(order.new) as connection:
        if order.salvage is not None:
            history.salvage(order.salvage, connection)
        facts = dict(connection.execute("SELECT name, value FROM fact"))
        secret = facts.setdefault(SECRET, secrets.token_hex(32))
        version = files.newest.isoformat(timespec="minutes")
        now = moment.begin(connection, version, files.activity.generated.date())
        loss = _Loss(files=files, facts=facts, most=order.max_loss)
        # 1.
        _read_all(connection, files, secret, opened, loss)
        opened.progress(DATABASE, 0, 0)
        # 2.
        people.apply(now, files.activity.name)
        professionals = _number(connection, "SELECT count(DISTINCT person) FROM activity")
        loss.guard(files.activity, "professionals", professionals)
        # 3.
        shelving.apply(now)
        listed = _number(connection, "SELECT count(*) FROM mailbox WHERE listed")
        loss.guard(files.mailboxes, "mailboxes", listed)
        # 4.
        connection.executemany(
            "INSERT OR REPLACE INTO fact VALUES (?, ?)",
            [
                (SECRET, secret),
                ("version", version),
                ("oldest", files.oldest.isoformat(timespec="minutes")),
                ("professionals", str(professionals)),
                ("mailboxes", str(listed)),
            ],
        )
    size = order.new.stat().st_size
    opened.progress(DATABASE, size, size)
    changes = None if now.first else Changes(**now.counted)
    return Built(version=version, professionals=professionals, mailboxes=listed, changes=changes)


def _read_all(connection: sqlite3.Connection, files: Files, secret: str, opened: Opened, loss: _Loss) -> None:
    codes = Codes(connection)
    for source, format_ in files.compared():
        table, reader = _TABLES[format_]
        with open_lines(source, opened) as (lines, header):
            compared = Compared(connection, table, header, secret)
            empty = format_ is Format.ACTIVITY and not compared.held
            comparing.appeared(connection, table, reader(lines, header, compared, codes), empty=empty)
        comparing.note(connection, format_, source.generated.isoformat(), lines.encoding)
        comparing.vanished(connection, table, compared.unseen)
        if format_ is Format.ACTIVITY and len(compared.unseen) * 100 > compared.held * SUSPICIOUS:
            loss.guard(source, "professionals", _number(connection, _LEFT))
        del compared  # two million numbers
    if files.stated is not None:
        with open_lines(files.stated, opened) as (lines, header):
            connection.executemany(
                "INSERT INTO staging.stated VALUES (?, ?, ?, ?)", stated.read(lines, header)
            )
    else:
        connection.execute("INSERT INTO staging.stated SELECT * FROM main.stated")


_LEFT: Final = """
SELECT count(*) FROM (
  SELECT person FROM main.activity WHERE digest NOT IN (SELECT digest FROM staging.unseen_activity)
  UNION SELECT person FROM staging.new_activity
)
"""
"""How many persons there will be."""


@contextmanager
def _writing(new: Path) -> Iterator[sqlite3.Connection]:
    staging = new.with_name(f"{new.name}.staging")
    staging.unlink(missing_ok=True)
    try:
        # never made here: an import that was given up for dead must not bring a file back
        uri = f"{new.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("ATTACH ? AS staging", (staging.absolute().as_uri(),))
            # no journal: a build that fails is thrown away
            for name, cache in CACHE_KIB.items():
                connection.execute(f"PRAGMA {name}.journal_mode = OFF")
                connection.execute(f"PRAGMA {name}.synchronous = OFF")
                connection.execute(f"PRAGMA {name}.cache_size = -{cache}")
            if new.stat().st_size == 0:
                schema.create(connection)
            else:
                history.check_whole(connection)
            schema.stage(connection)
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
    finally:
        staging.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loss:
    """Refuses a file from which far too much is missing: cut at the end of a line, it looks whole."""

    files: Files
    facts: dict[str, str]
    most: int

    def guard(self, source: Source, what: str, now: int) -> None:
        """Compare with what was held. Raises MalformedError."""
        if now == 0:
            raise Place(source.name).malformed("no_lines", "nothing after the header", "rien après l'en-tête")
        before = int(self.facts.get(what, 0))
        lost = before - now
        if lost > LEAST_LOSS and lost * 100 > before * self.most:
            raise _shrunk(source.name, before, now, self.most)


def _number(connection: sqlite3.Connection, statement: str) -> int:
    found: int = connection.execute(statement).fetchone()[0]
    return found


def _shrunk(file: str, before: int, now: int, max_loss: int) -> MalformedError:
    return Place(file).malformed(
        "shrunk",
        f"{now} where the directory has {before}: more than {max_loss} % less looks like a file cut short; "
        "raise max_loss in the configuration if it is right",
        f"{now} contre {before} dans l'annuaire : plus de {max_loss} % de moins, le fichier semble coupé ; "
        "augmentez max_loss dans la configuration s'il est juste",
    )
