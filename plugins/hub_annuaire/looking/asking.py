"""A typed word → what it may stand for among the words that are known, and how rare that is."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from hub_annuaire.looking import folding, trades

FEW: Final = 12
"""Known words that are asked for one by one; more are asked for by their beginning."""
LEAST_WHOLE: Final = 2
"""Signs of a word that is worth more when it is there whole."""
END: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One typed word. `query` and `whole` are FTS5 expressions, `whole` None when no such word is known.

    `rows` is how many rows it finds at most, `wholes` the known words that it is in full; `others`
    are sets of beginnings, each of which a row fits that has all of them.
    """

    word: str
    query: str
    whole: str | None
    rows: int
    wholes: frozenset[str]
    others: tuple[tuple[str, ...], ...]

    def fits(self, words: str) -> bool:
        """Say whether it begins a word of a row, given as ` one two three`."""
        return (
            f" {self.word}" in words
            or any(f" {one} " in words for one in self.wholes)
            or any(all(f" {part}" in words for part in one) for one in self.others)
        )

    def hits(self, words: str) -> bool:
        """Say whether a row, given as ` one two three `, has it in full."""
        return any(f" {one} " in words for one in self.wholes)


def ask(connection: sqlite3.Connection, word: str) -> Asked | None:
    """Look a folded word up; None when nothing known begins so. Raises sqlite3.Error."""
    found = _beginning(connection, word, FEW + 1)
    spelt = folding.spelt_out(word)
    wholes = {one for one, _count in found if one in {word, spelt} and len(one) >= LEAST_WHOLE}
    parts = [_expression(word, found)] if found else []
    rows = _rows(connection, word, found)
    if spelt != word and (count := _count(connection, spelt)):
        wholes.add(spelt)
        parts.append(_quoted(spelt))
        rows += count
    meanings = [means for means in trades.meant(word) if _known(connection, means)]
    if not parts and not meanings:
        meanings = [means for means in trades.unfinished(word) if _known(connection, means)][:1]
    for means in meanings:
        words = [_trade(connection, beginning) for beginning in means]
        parts.append(" AND ".join(f"({' OR '.join(map(_quoted, one))})" for one in words))
        rows += min(sum(_count(connection, one) for one in group) for group in words)
    if not parts:
        return None
    return Asked(
        word=word,
        query=" OR ".join(f"({one})" for one in parts),
        whole=" OR ".join(map(_quoted, sorted(wholes))) if wholes else None,
        rows=rows,
        wholes=frozenset(wholes),
        others=tuple(meanings),
    )


def _expression(word: str, found: list[tuple[str, int]]) -> str:
    if len(found) > FEW:
        return f"{_quoted(word)}*"
    return " OR ".join(_quoted(one) for one, _count in found)


def _rows(connection: sqlite3.Connection, word: str, found: list[tuple[str, int]]) -> int:
    if len(found) <= FEW:
        return sum(count for _one, count in found)
    (total,) = connection.execute(
        "SELECT sum(count) FROM looking_word WHERE word >= ? AND word < ?", (word, word + END)
    ).fetchone()
    return int(total)


def _beginning(connection: sqlite3.Connection, word: str, most: int) -> list[tuple[str, int]]:
    return connection.execute(
        "SELECT word, count FROM looking_word WHERE word >= ? AND word < ? ORDER BY word LIMIT ?",
        (word, word + END, most),
    ).fetchall()


def _count(connection: sqlite3.Connection, word: str) -> int:
    row = connection.execute("SELECT count FROM looking_word WHERE word = ?", (word,)).fetchone()
    return int(row[0]) if row else 0


def _trade(connection: sqlite3.Connection, beginning: str) -> list[str]:
    rows = connection.execute(
        "SELECT word FROM looking_word WHERE word >= ? AND word < ? AND trade LIMIT ?",
        (beginning, beginning + END, FEW),
    )
    return [word for (word,) in rows]


def _known(connection: sqlite3.Connection, means: tuple[str, ...]) -> bool:
    return all(_trade(connection, one) for one in means)


def _quoted(word: str) -> str:
    # a folded word is letters and digits; the quotes keep AND, OR, NOT and NEAR from being operators
    return f'"{word}"'
