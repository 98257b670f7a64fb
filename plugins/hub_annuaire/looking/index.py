"""The index as a directory uses it: tables, filling, and three questions.

    connection.executescript(index.TABLES)
    index.add(connection, shown)                    # one transaction with the mailboxes
    index.Index(connection).search("dupont cardio lyon", 20)

It knows only what it was given: a directory never gives it an unlisted mailbox, nor one that can't be
written to.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hub.domain.address import Address
from hub.domain.target import Description
from hub_annuaire.looking import describing, nearing, searching
from hub_annuaire.looking import tables as _tables
from hub_annuaire.looking.filling import add, remove
from hub_annuaire.looking.tables import Shown

TABLES: Final = _tables.TABLES
"""Text for `executescript`, for the file that holds the mailboxes."""

__all__ = ["TABLES", "Index", "Shown", "add", "remove"]


class Index:
    """Questions over an open connection, which stays the caller's. Each raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def search(self, text: str, limit: int) -> list[str]:
        """Return keys for which each word of `text` begins a known word, the likeliest first."""
        return searching.search(self._connection, text, limit)

    def described(self, sought: Description, limit: int) -> list[str]:
        """Return the keys of everybody who fits, at most `limit`; people first, then by name."""
        return describing.described(self._connection, sought, limit)

    def near(self, address: Address) -> list[str]:
        """Return at most three keys within a slip of the pen of an address, the nearest first."""
        return nearing.near(self._connection, address)
