"""Who fits a name, a specialty and a town: whole words, nothing guessed.

A person's mailbox fits a name when it has every word that was asked, in any order; another mailbox
only when its name is made of just these words. A town is fitted by the words that it begins with:
Lyon by `LYON CEDEX 03` and by `69003 LYON`, not by `Lyons-la-Forêt` nor `Sainte-Foy-lès-Lyon`.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.domain.target import Description
from hub.ports.directory import MailboxKind
from hub_annuaire.looking import folding, trades
from hub_annuaire.looking.asking import ask
from hub_annuaire.looking.tables import BANDS, MARK

PERSONAL: Final = BANDS[MailboxKind.PERSONAL]
TITLES: Final = frozenset(
    {"dr", "pr", "m", "mr", "mme", "mlle", "docteur", "professeur", "madame", "monsieur"}
)
ARTICLES: Final = frozenset({"le", "la", "les", "l", "cedex"})
MAX_TEXT: Final = 700
"""Signs of a description; a longer one fits nobody."""
DIVIDED: Final = ("75", "69", "13")
"""How postcodes of towns begin whose last two digits are those of a district."""

_ROWS: Final = (
    "SELECT row.key, row.band, row.name, row.trade, row.town "
    "FROM (SELECT rowid AS id FROM looking WHERE looking MATCH ? ORDER BY rowid) AS hit "
    "CROSS JOIN looking_row AS row ON row.id = hit.id"
)


def described(connection: sqlite3.Connection, sought: Description, limit: int) -> list[str]:
    """Return the keys of who fits, in the order of the index. Raises sqlite3.Error."""
    name = [one for one in dict.fromkeys(folding.fold(sought.name)) if one not in TITLES]
    trade = folding.typed(sought.specialty)
    town = folding.fold(sought.town)
    if (
        len(str(sought)) > MAX_TEXT
        or not name
        or (sought.specialty and not trade)
        or (sought.town and not town)
    ):
        return []
    asked = [ask(connection, one) for one in trade]
    parts = [f'"{MARK}{one}"' for one in name]
    parts += [f'"{one}"' for one in town if not one.isdigit() and one not in ARTICLES]
    parts += [f"({one.begun})" for one in asked if one is not None]
    if None in asked:
        return []
    found: list[str] = []
    for key, band, has, practises, lives in connection.execute(_ROWS, (" AND ".join(parts),)):
        if (
            (band == PERSONAL or _is_just(name, has.split()))
            and all(_practises(one, practises) for one in trade)
            and (not town or _in(town, lives.split()))
        ):
            found.append(key)
            if len(found) >= limit:
                break
    return found


def _is_just(asked: list[str], has: list[str]) -> bool:
    in_one = {"".join(has[begin:end]) for begin in range(len(has)) for end in range(begin + 2, len(has) + 1)}
    return in_one.union(asked, TITLES).issuperset(has)


def _practises(asked: str, trade: str) -> bool:
    begun = f" {trade}"
    return any(all(f" {one}" in begun for one in means) for means in ((asked,), *trades.meant(asked)))


def _in(asked: list[str], lives: list[str]) -> bool:
    numbers = [one for one in lives if one.isdigit()]
    names = [one for one in lives if not one.isdigit() and one != "cedex"]
    wanted = [one for one in asked if not one.isdigit() and one != "cedex"]
    if names and names[0] in ARTICLES:
        names = names[1:]
    if wanted and wanted[0] in ARTICLES:
        wanted = wanted[1:]
    return names[: len(wanted)] == wanted and all(
        any(_same_number(one, other) for other in numbers) for one in asked if one.isdigit()
    )


def _same_number(asked: str, has: str) -> bool:
    if asked.lstrip("0") == has.lstrip("0"):
        return True
    return len(has) == 5 and has.startswith(DIVIDED) and has[3:] == asked.zfill(2)  # noqa: PLR2004 - a postcode
