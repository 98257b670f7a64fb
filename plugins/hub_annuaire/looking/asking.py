"""A typed word → what it may stand for among the words that are known, and how rare that is."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from hub_annuaire.looking import folding, trades
from hub_annuaire.looking.tables import MARK

FEW: Final = 12
"""Known words that are asked for one by one; more are asked for by their beginning."""
MANY: Final = 48
"""The same for a beginning that is too long to be indexed, so that FTS5 would gather all its rows first."""
INDEXED: Final = 6
"""Signs of the longest beginning that is indexed (`prefix` in the tables)."""
LEAST_FULL: Final = 3
"""Signs of a word that is worth more when it is there in full."""
PARTICLES: Final = frozenset({"les", "des", "aux", "sur", "dit", "van", "von", "del"})
"""Longer ones that are worth no more either: they stand in too many names of streets and towns."""
COMMON: Final = 1 << 40
"""Rows that a single sign is taken to find: too many for counting them to be worth while."""
END: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One typed word. `rows` is how many rows it finds at most; the others are FTS5 expressions.

    `begun` finds the rows in which it begins a word, `full` those in which it is one if there are any;
    `name_begun` and `name_full` do so in names alone, None when no name has it.

    `fulls` are the known words that it is in full; `others` sets of beginnings, of which a row has all.
    """

    word: str
    rows: int
    begun: str
    full: str
    name_begun: str | None
    name_full: str | None
    fulls: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]

    def begins(self, words: str) -> bool:
        """Say whether it begins one of ` one two three `."""
        return f" {self.word}" in words or any(f" {one} " in words for one in self.fulls)

    def fits(self, words: str) -> bool:
        """Say whether it begins one of ` one two three `, or means what they say."""
        return self.begins(words) or any(all(f" {part}" in words for part in one) for one in self.others)

    def is_full(self, words: str) -> bool:
        """Say whether it is one of ` one two three `, if there are such words at all."""
        return not self.fulls or any(f" {one} " in words for one in self.fulls)


def ask(connection: sqlite3.Connection, word: str) -> Asked | None:
    """Look a folded word up; None when nothing known begins so. Raises sqlite3.Error."""
    spelt = folding.spelt_out(word)
    begun, rows = _beginning(connection, word)
    names, _rows = _beginning(connection, MARK + word)
    fulls = {}
    if len(spelt) >= LEAST_FULL and word not in PARTICLES:
        fulls = {one: count for one in {word, spelt} if (count := _count(connection, one))}
    meanings = [one for means in trades.meant(word) if (one := _meaning(connection, means))]
    if spelt in fulls and spelt != word:
        begun.append(_quoted(spelt))
        names.append(_quoted(MARK + spelt))
        rows += fulls[spelt]
    if not begun and not meanings:
        meanings = [one for means in trades.unfinished(word) if (one := _meaning(connection, means))][:1]
    begun += [query for _means, query, _count in meanings]
    if not begun:
        return None
    in_names = [MARK + one for one in fulls if _count(connection, MARK + one)]
    name_begun = " OR ".join(names) or None
    return Asked(
        word=word,
        rows=rows + sum(count for _means, _query, count in meanings),
        begun=" OR ".join(begun),
        full=" OR ".join(map(_quoted, fulls)) or " OR ".join(begun),
        name_begun=name_begun,
        name_full=(" OR ".join(map(_quoted, in_names)) or None) if fulls else name_begun,
        fulls=tuple(fulls),
        others=tuple(means for means, _query, _count in meanings),
    )


def _beginning(connection: sqlite3.Connection, word: str) -> tuple[list[str], int]:
    """Return expressions that find every row with a word that begins so, and how many they are at most."""
    beyond = word + END
    most = FEW if len(word) <= INDEXED else MANY
    found = connection.execute(
        "SELECT word, count FROM looking_word WHERE word >= ? AND word < ? LIMIT ?", (word, beyond, most + 1)
    ).fetchall()
    if len(found) <= most:
        return [_quoted(one) for one, _count in found], sum(count for _one, count in found)
    if len(word.lstrip(MARK)) == 1:
        return [f"{_quoted(word)} *"], COMMON
    (rows,) = connection.execute(
        "SELECT sum(count) FROM looking_word WHERE word >= ? AND word < ?", (word, beyond)
    ).fetchone()
    return [f"{_quoted(word)} *"], int(rows)


def _meaning(
    connection: sqlite3.Connection, means: tuple[str, ...]
) -> tuple[tuple[str, ...], str, int] | None:
    """Return beginnings, the expression for the words of professions that they begin, and how many rows."""
    groups = []
    for beginning in means:
        rows = connection.execute(
            "SELECT word, count FROM looking_word WHERE word >= ? AND word < ? AND trade LIMIT ?",
            (beginning, beginning + END, MANY),
        ).fetchall()
        if not rows:
            return None
        groups.append(rows)
    query = " AND ".join(f"({' OR '.join(_quoted(word) for word, _count in group)})" for group in groups)
    return means, f"({query})", min(sum(count for _word, count in group) for group in groups)


def _count(connection: sqlite3.Connection, word: str) -> int:
    row = connection.execute("SELECT count FROM looking_word WHERE word = ?", (word,)).fetchone()
    return int(row[0]) if row else 0


def _quoted(word: str) -> str:
    # a folded word is letters and digits; the quotes keep AND, OR, NOT and NEAR from being operators
    return f'"{word}"'
