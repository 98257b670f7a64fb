"""Search as one types: bounded work, the likeliest first.

1. What is known of each typed word. 2. When few rows have all of them, these, in the order of how well
they fit. 3. Otherwise one kind of fit after the other (`Fit`), each in the order of the index: people
before others, then by name.

A question that fits more rows than are looked at gets the first of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import islice
from typing import Final

from hub_annuaire.looking import folding
from hub_annuaire.looking.asking import Asked, ask

MAX_TEXT: Final = 500
"""Signs of a question; a longer one finds nothing."""
FEW: Final = 100
"""Rows so few that reading them all costs less than asking the index more precisely."""
LOOKED_AT: Final = 1000
"""Rows that are read at most when there are more."""
MOST: Final = 4
"""Words that are asked of the index; further ones are looked for in the rows it finds."""

Row = tuple[str, str, str]

_HITS: Final = "SELECT rowid FROM looking WHERE looking MATCH ? ORDER BY rowid LIMIT ?"
_ROW: Final = "SELECT key, name, trade, town, other FROM looking_row WHERE id = ?"


class Fit(IntEnum):
    """How a row fits a question, the best first: words in full, and in its name."""

    NAME_FULL = 0
    PARTLY_NAME_FULL = 1
    FULL = 2
    NAME = 3
    PARTLY_NAME = 4
    BEGUN = 5


def search(connection: sqlite3.Connection, text: str, limit: int) -> list[str]:
    """Return keys for which each word of `text` begins a known word. Raises sqlite3.Error."""
    if len(text) > MAX_TEXT or limit < 1:
        return []
    # 1.
    asked = _asked(connection, folding.typed(text))
    if not asked:
        return []
    # 2.
    few = _few(connection, asked)
    if few is not None:
        rows = [(fit, key) for key, name, words in few if (fit := _fit(asked, name, words)) is not None]
        rows.sort(key=lambda one: one[0])
        return [key for _fit, key in rows[:limit]]
    # 3.
    return list(islice(_in_turn(connection, asked), limit))


def _few(connection: sqlite3.Connection, asked: Sequence[Asked]) -> Iterator[Row] | None:
    """Return the rows that have the rarest words, if they are few."""
    if asked[0].rows <= FEW:
        query: str | None = asked[0].begun
    elif len(asked) > 1:
        query = _query(asked, Fit.BEGUN)
    else:
        return None
    ids = connection.execute(_HITS, (query, FEW + 1)).fetchall()
    return (_row(connection, id_) for (id_,) in ids) if len(ids) <= FEW else None


def _in_turn(connection: sqlite3.Connection, asked: Sequence[Asked]) -> Iterator[str]:
    """Yield keys, each once: what a kind of fit finds, a worse one finds again."""
    left = LOOKED_AT
    seen: set[int] = set()
    queries: set[str] = set()
    for kind in Fit:
        query = _query(asked, kind)
        if query is None or query in queries:
            continue
        queries.add(query)
        for (id_,) in connection.execute(_HITS, (query, left)):
            left -= 1
            if id_ in seen:
                continue
            seen.add(id_)
            key, _name, words = _row(connection, id_)
            if all(one.fits(words) for one in asked[MOST:]):
                yield key


def _row(connection: sqlite3.Connection, id_: int) -> Row:
    """Return the key, the words of the name and all words, each between spaces."""
    key, name, *others = connection.execute(_ROW, (id_,)).fetchone()
    return key, f" {name} ", f" {name} {' '.join(others)} "


def _asked(connection: sqlite3.Connection, words: Sequence[str]) -> list[Asked]:
    """Return what is asked, the rarest first; nothing when a word is not known."""
    asked = []
    for word in words:
        if any(other != word and other.startswith(word) for other in words):
            continue  # whoever has the longer one has this
        known = ask(connection, word)
        if known is None:
            return []
        asked.append(known)
    return sorted(asked, key=lambda one: one.rows)


def _fit(asked: Sequence[Asked], name: str, words: str) -> Fit | None:
    if not all(one.fits(words) for one in asked):
        return None
    full = all(one.is_full(words) for one in asked)
    named = [one for one in asked if one.begins(name) and (not full or one.is_full(name))]
    if len(named) == len(asked):
        return Fit.NAME_FULL if full else Fit.NAME
    if named:
        return Fit.PARTLY_NAME_FULL if full else Fit.PARTLY_NAME
    return Fit.FULL if full else Fit.BEGUN


def _query(asked: Sequence[Asked], kind: Fit) -> str | None:
    """Return the expression that finds all rows of a kind, and maybe others; None when there are none."""
    full = kind <= Fit.FULL
    names = [one.name_full if full else one.name_begun for one in asked]
    if kind in {Fit.NAME_FULL, Fit.NAME}:
        if None in names:
            return None
        return _all(names)
    parts = _all([one.full if full else one.begun for one in asked])
    if kind in {Fit.FULL, Fit.BEGUN}:
        return parts
    some = " OR ".join(one for one in names[:MOST] if one is not None)
    return f"{parts} AND ({some})" if some else None


def _all(parts: Sequence[str | None]) -> str:
    return " AND ".join(f"({one})" for one in parts[:MOST])
