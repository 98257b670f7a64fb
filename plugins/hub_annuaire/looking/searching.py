"""Search as one types: bounded work, the likeliest first.

1. What is known of each typed word. 2. When one of them is rare, all rows that have it, in order of how
well they fit. 3. Otherwise one kind of fit after the other (`Fit`), each in the order of the index:
people before others, then by name.

A question that fits more rows than are looked at gets the first of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from hub_annuaire.looking import folding
from hub_annuaire.looking.asking import Asked, ask

MAX_TEXT: Final = 500
"""Signs of a question; a longer one finds nothing."""
LOOKED_AT: Final = 1500
"""Rows that are read at most for each kind of fit."""
RARE: Final = 400
"""Rows so few that reading them all costs less than asking for more words."""
MOST: Final = 3
"""Words that are asked of the index; the others are looked for in the rows it finds."""

_ROWS: Final = (
    "SELECT row.key, ' ' || row.name || ' ', "
    "' ' || row.name || ' ' || row.trade || ' ' || row.town || ' ' || row.other || ' ' "
    "FROM (SELECT rowid AS id FROM looking WHERE looking MATCH ? ORDER BY rowid LIMIT ?) AS hit "
    "CROSS JOIN looking_row AS row ON row.id = hit.id"
)


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
    if asked[0].rows <= RARE:
        rows = [
            (fit, key)
            for key, name, words in connection.execute(_ROWS, (asked[0].begun, RARE))
            if (fit := _fit(asked, name, words)) is not None
        ]
        rows.sort(key=lambda one: one[0])
        return [key for _fit, key in rows[:limit]]
    # 3.
    found: list[str] = []
    queries: set[str] = set()
    for kind in Fit:
        query = _query(asked, kind)
        if query is None or query in queries:
            continue
        queries.add(query)
        for key, name, words in connection.execute(_ROWS, (query, LOOKED_AT)):
            if _fit(asked, name, words) == kind:
                found.append(key)
                if len(found) >= limit:
                    return found
    return found


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
    some = " OR ".join(one for one in names if one is not None)
    return f"{parts} AND ({some})" if some else None


def _all(parts: Sequence[str | None]) -> str:
    return " AND ".join(f"({one})" for one in parts[:MOST])
