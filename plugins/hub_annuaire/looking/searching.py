"""Search as one types: bounded work, the likeliest first.

1. What is known of each typed word. 2. Rows in which every word that can be is there in full. 3. Rows
in which each word is a beginning, those with more words in full first.

A question that fits more rows than are looked at gets the first of them in the order of the index:
people before others, then by name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from hub_annuaire.looking import folding
from hub_annuaire.looking.asking import Asked, ask

MAX_TEXT: Final = 500
"""Signs of a question; a longer one finds nothing."""
LOOKED_AT: Final = 1500
"""Rows that are read for one question, at most, in each of its two steps."""
RANKED: Final = 200
"""Rows that are put in order by how many words they have in full."""
RARE: Final = 400
"""Rows so few that reading them costs less than asking for more words."""
MOST: Final = 3
"""Words that are asked of the index; the others are looked for in the rows it finds."""

_ROWS: Final = (
    "SELECT row.key, ' ' || row.name || ' ' || trade || ' ' || town || ' ' || other || ' ', row.id "
    "FROM (SELECT rowid AS id FROM looking WHERE looking MATCH ? ORDER BY rowid) AS hit "
    "CROSS JOIN looking_row AS row ON row.id = hit.id LIMIT ?"
)


def search(connection: sqlite3.Connection, text: str, limit: int) -> list[str]:
    """Return keys for which each word of `text` begins a known word. Raises sqlite3.Error."""
    if len(text) > MAX_TEXT or limit < 1:
        return []
    # 1.
    words = folding.typed(text)
    asked = []
    for word in words:
        if any(other != word and other.startswith(word) for other in words):
            continue  # whoever has the longer one has this
        known = ask(connection, word)
        if known is None:
            return []
        asked.append(known)
    if not asked:
        return []
    # 2.
    found: dict[str, None] = {}
    if any(one.whole for one in asked):
        for key, _words in _rows(connection, asked, whole=True):
            found[key] = None
            if len(found) >= limit:
                return list(found)
    # 3.
    begun: list[tuple[int, str]] = []
    for key, row in _rows(connection, asked, whole=False):
        if key not in found:
            begun.append((-sum(one.hits(row) for one in asked), key))
            if len(begun) >= max(RANKED, limit - len(found)):
                break
    begun.sort(key=lambda one: one[0])
    return [*found, *(key for _hits, key in begun)][:limit]


def _rows(
    connection: sqlite3.Connection, asked: Sequence[Asked], *, whole: bool
) -> Iterator[tuple[str, str]]:
    rarest = sorted(asked, key=lambda one: one.rows)
    chosen = rarest[:1] if rarest[0].rows <= RARE else rarest[:MOST]
    query = " AND ".join(f"({(one.whole if whole else None) or one.query})" for one in chosen)
    for key, words, _id in connection.execute(_ROWS, (query, LOOKED_AT)):
        if all(one.hits(words) if whole and one.whole else one.fits(words) for one in asked):
            yield key, words
