"""Codes of nomenclatures with their labels, each pair held once and meant by a number."""

from __future__ import annotations

import sqlite3

from hub.ports.directory import Coded
from hub_annuaire import names

NOTHING = 0
"""The number of no code and no label."""


class Codes:
    """Numbers of an import's codes: those that the database has, and new ones."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cleaned = {(one.code, one.label): id_ for id_, one in read(connection).items()}
        self._cleaned["", ""] = NOTHING
        self._written = dict(self._cleaned)
        self._next = max(self._cleaned.values()) + 1

    def of(self, code: str, label: str) -> int:
        """Return the number of a code and label as they stand in a line."""
        number = self._written.get((code, label))
        return self._new(code, label) if number is None else number

    def _new(self, code: str, label: str) -> int:
        cleaned = names.clean(code), names.clean(label)
        if cleaned not in self._cleaned:
            self._cleaned[cleaned] = self._next
            self._connection.execute("INSERT INTO coded VALUES (?, ?, ?)", (self._next, *cleaned))
            self._next += 1
        self._written[code, label] = self._cleaned[cleaned]
        return self._cleaned[cleaned]


def read(connection: sqlite3.Connection) -> dict[int, Coded]:
    """Return every code by its number. Raises sqlite3.Error."""
    rows = connection.execute("SELECT id, code, label FROM coded")
    return {id_: Coded(code, label) for id_, code, label in rows}
