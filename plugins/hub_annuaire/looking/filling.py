"""Putting mailboxes into the index and taking them out, within the caller's transaction.

Into an empty index everything goes sorted and at once, in C; later additions find their place in the
order by bisection.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from hub_annuaire.looking import folding, pieces
from hub_annuaire.looking.tables import BANDS, GAP, Shown

Row = tuple[int, str, str, str, str, str]
"""Band, name, key, trade, town, other."""

BULK_HASH: Final = 32 << 20
"""Bytes of words that FTS5 gathers before it writes them, while the index is made."""
USUAL_HASH: Final = 1 << 20
CACHE_KIB: Final = 48 << 10
"""Memory for pages, and as much for sorting, while the index is made."""

_TITLES: Final = frozenset({"dr", "pr", "m", "mme", "mlle", "docteur", "professeur", "madame", "monsieur"})
_AT_OR_ABOVE: Final = (
    "SELECT id, band, name, key FROM looking_row WHERE id >= ? AND id < ? ORDER BY id LIMIT 1"
)
_FREE: Final = (
    "SELECT id + 1 FROM looking_row AS row WHERE id >= ? "
    "AND NOT EXISTS (SELECT 1 FROM looking_row WHERE id = row.id + 1) ORDER BY id LIMIT 1"
)
_SORTED: Final = (
    "INSERT OR REPLACE INTO looking_row (id, band, name, key, trade, town, other) "
    "SELECT row_number() OVER () * ?, * FROM "
    "(SELECT * FROM temp.looking_new ORDER BY band, name, key)"
)


def add(connection: sqlite3.Connection, shown: Iterable[Shown]) -> None:
    """Make mailboxes searchable; one that already is, by its key, is replaced.

    Of a key that is given twice in one go one stays. Raises sqlite3.Error.
    """
    if connection.execute("SELECT 1 FROM looking_row LIMIT 1").fetchone() is None:
        with _modest(connection):
            _fill(connection, shown)
        return
    rows = {row[2]: row for row in map(_row, shown)}
    remove(connection, rows)
    _insert(connection, sorted(rows.values()))


def remove(connection: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Take mailboxes out; a key that is not there is passed over. Raises sqlite3.Error."""
    counts: Counter[str] = Counter()
    found = [
        row
        for key in dict.fromkeys(keys)
        for row in connection.execute("SELECT id, key FROM looking_row WHERE key = ?", (key,))
    ]
    for id_, key in sorted(found):
        (words,) = connection.execute("SELECT words FROM looking_text WHERE id = ?", (id_,)).fetchone()
        connection.execute(
            "INSERT INTO looking (looking, rowid, words) VALUES ('delete', ?, ?)", (id_, words)
        )
        connection.execute("DELETE FROM looking_row WHERE id = ?", (id_,))
        connection.executemany(
            "DELETE FROM looking_piece WHERE hash = ? AND traits = ? AND id = ?",
            [(*piece, id_) for piece in pieces.of(key)],
        )
        counts.update(set(words.split()))
    connection.executemany(
        "UPDATE looking_word SET count = count - ? WHERE word = ?",
        [(count, word) for word, count in counts.items()],
    )
    connection.executemany(
        "DELETE FROM looking_word WHERE word = ? AND count < 1", [(word,) for word in counts]
    )


@contextmanager
def _modest(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep memory within `CACHE_KIB`: SQLite sorts in as much as the cache may have, beside the cache."""
    (before,) = connection.execute("PRAGMA main.cache_size").fetchone()
    pages = connection.execute("PRAGMA main.page_size").fetchone()[0]
    kib = -before if before < 0 else before * pages // 1024
    connection.execute(f"PRAGMA main.cache_size = -{min(kib, CACHE_KIB)}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA main.cache_size = {before}")


def _fill(connection: sqlite3.Connection, shown: Iterable[Shown]) -> None:
    connection.execute("DROP TABLE IF EXISTS temp.looking_new")
    connection.execute("CREATE TEMP TABLE looking_new (band, name, key, trade, town, other)")
    connection.executemany("INSERT INTO temp.looking_new VALUES (?, ?, ?, ?, ?, ?)", map(_row, shown))
    connection.execute(_SORTED, (GAP,))
    connection.execute("DROP TABLE temp.looking_new")
    connection.execute("INSERT INTO looking (looking, rank) VALUES ('hashsize', ?)", (BULK_HASH,))
    connection.execute("INSERT INTO looking (looking) VALUES ('rebuild')")
    connection.execute("INSERT INTO looking (looking) VALUES ('optimize')")
    connection.execute("INSERT INTO looking (looking, rank) VALUES ('hashsize', ?)", (USUAL_HASH,))
    _count_words(connection)
    _cut(connection)


def _count_words(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE VIRTUAL TABLE temp.looking_term USING fts5vocab ('main', 'looking', 'row')")
    connection.execute("INSERT INTO looking_word SELECT term, doc, 0 FROM temp.looking_term")
    connection.execute("DROP TABLE temp.looking_term")
    trades = {
        word
        for (trade,) in connection.execute("SELECT DISTINCT trade FROM looking_row")
        for word in trade.split()
    }
    _mark(connection, trades)


def _mark(connection: sqlite3.Connection, trades: Iterable[str]) -> None:
    connection.executemany(
        "UPDATE looking_word SET trade = 1 WHERE word = ? AND trade = 0", [(word,) for word in trades]
    )


def _cut(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE IF EXISTS temp.looking_cut")
    connection.execute("CREATE TEMP TABLE looking_cut (hash, traits, id)")
    connection.executemany(
        "INSERT INTO temp.looking_cut VALUES (?, ?, ?)",
        (
            (*piece, id_)
            for id_, key in connection.execute("SELECT id, key FROM looking_row")
            for piece in pieces.of(key)
        ),
    )
    connection.execute(
        "INSERT OR IGNORE INTO looking_piece SELECT * FROM temp.looking_cut ORDER BY hash, traits, id"
    )
    connection.execute("DROP TABLE temp.looking_cut")


def _insert(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    counts: Counter[str] = Counter()
    trades: set[str] = set()
    placed = []
    for row in rows:
        id_ = _place(connection, row[:3])
        connection.execute(
            "INSERT INTO looking_row (id, band, name, key, trade, town, other) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (id_, *row),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO looking_piece VALUES (?, ?, ?)",
            [(*piece, id_) for piece in pieces.of(row[2])],
        )
        placed.append(id_)
        trades.update(row[3].split())
    # FTS5 writes what it has gathered whenever a number is not above the last one
    for id_ in sorted(placed):
        (words,) = connection.execute("SELECT words FROM looking_text WHERE id = ?", (id_,)).fetchone()
        connection.execute("INSERT INTO looking (rowid, words) VALUES (?, ?)", (id_, words))
        counts.update(set(words.split()))
    connection.executemany(
        "INSERT INTO looking_word VALUES (?, ?, 0) ON CONFLICT (word) DO UPDATE SET count = count + ?",
        [(word, count, count) for word, count in counts.items()],
    )
    _mark(connection, trades)


def _place(connection: sqlite3.Connection, order: tuple[int, str, str]) -> int:
    """Return a free number between the neighbours in the order, or the next above when there is none."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM looking_row").fetchone()
    below, above = 0, int(last) + GAP
    while above - below > 1:
        middle = (below + above) // 2
        row = connection.execute(_AT_OR_ABOVE, (middle, above)).fetchone()
        if row is None:
            above = middle
        elif row[1:] < order:
            below = int(row[0])
        else:
            above = middle
    (above,) = connection.execute("SELECT min(id) FROM looking_row WHERE id > ?", (below,)).fetchone()
    if above is None:
        return int(below) + GAP
    if above - below > 1:
        return int(below + above) // 2
    (free,) = connection.execute(_FREE, (above,)).fetchone()
    return int(free)


def _row(one: Shown) -> Row:
    known = folding.known
    return (
        BANDS[one.mailbox],
        _name(one.name),
        one.key,
        known(one.profession, one.specialties),
        known(one.town, one.postcode),
        f"{known(one.structure, one.service)} {folding.of_address(one.key)}",
    )


def _name(text: str) -> str:
    """Return the words of a name in the order in which people look for them: family, given, title.

    Compounds come once more at the end, in one word.
    """
    parts = text.split()
    if parts and parts[-1].isupper() and not text.isupper():
        family = [one for one in parts if one.isupper()]
        given = [one for one in parts if not one.isupper()]
        if given[0].lower().rstrip(".") in _TITLES:
            given.append(given.pop(0))
        text = " ".join(family + given)
    return " ".join(folding.fold(text) + folding.joined(text))
