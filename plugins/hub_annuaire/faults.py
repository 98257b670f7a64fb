"""Everything that can be wrong with an extraction or with the database, in words.

The words name file, line and column, never what stands there: it may be somebody's.
"""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from hub.errors import LimitError, MalformedError, StoreError, Words
from hub.ports.directory import DirectoryUnavailableError


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file."""

    file: str
    line: int | None = None
    column: str | None = None

    def words(self, en: str, fr: str) -> Words:
        """Say where, then what."""
        line_en = f", line {self.line}" if self.line else ""
        line_fr = f", ligne {self.line}" if self.line else ""
        column_en = f", column “{self.column}”" if self.column else ""
        column_fr = f", colonne « {self.column} »" if self.column else ""
        return Words(
            en=f"{self.file}{line_en}{column_en}: {en}.", fr=f"{self.file}{line_fr}{column_fr} : {fr}."
        )

    def malformed(self, code: str, en: str, fr: str) -> MalformedError:
        """Make the error for content that is not what it should be."""
        return MalformedError(f"annuaire.{code}", self.words(en, fr), **self._fields())

    def limit(self, code: str, en: str, fr: str) -> LimitError:
        """Make the error for what is too large."""
        return LimitError(f"annuaire.{code}", self.words(en, fr), **self._fields())

    def _fields(self) -> dict[str, object]:
        return {"file": self.file, "line": self.line, "column": self.column}


def not_imported() -> DirectoryUnavailableError:
    """Nothing was ever imported: not the same as an empty directory."""
    return DirectoryUnavailableError(
        "annuaire.not_imported",
        Words(
            en="The national directory holds nothing yet. Import first: hub directory import FILES.",
            fr="L'annuaire national est encore vide. À faire d'abord : hub directory import FICHIERS.",
        ),
    )


def damaged(error: Exception | None = None) -> DirectoryUnavailableError:
    """Say that the database can't be read."""
    return DirectoryUnavailableError(
        "annuaire.damaged",
        Words(
            en="The database of the national directory can't be read. "
            "Import again: hub directory import FILES.",
            fr="La base de l'annuaire national est illisible. "
            "Refaites l'import : hub directory import FICHIERS.",
        ),
        error=type(error).__name__ if error else None,
    )


def other_release() -> DirectoryUnavailableError:
    """Say that another release of the hub made the database."""
    return DirectoryUnavailableError(
        "annuaire.other_release",
        Words(
            en="The database of the national directory was made by another release. "
            "Import again: hub directory import FILES.",
            fr="La base de l'annuaire national vient d'une autre version du logiciel. "
            "Refaites l'import : hub directory import FICHIERS.",
        ),
    )


def certificate_unreadable() -> DirectoryUnavailableError:
    """Wait rather than write in clear to somebody whose certificate is only misfiled."""
    return DirectoryUnavailableError(
        "annuaire.certificate_unreadable",
        Words(
            en="The certificate file of this address can't be read: it must hold X.509 certificates in PEM.",
            fr="Le fichier de certificats de cette adresse est illisible : "
            "il doit contenir des certificats X.509 au format PEM.",
        ),
    )


def import_running(path: Path) -> StoreError:
    """Say that somebody else is importing."""
    return StoreError(
        "annuaire.import_running",
        Words(
            en=f"Another import into {path.name} is running; try again when it has ended.",
            fr=f"Un autre import vers {path.name} est en cours ; réessayez quand il sera terminé.",
        ),
    )


def builder_died(path: Path) -> StoreError:
    """Say that the process that builds the new database has ended too early."""
    return StoreError(
        "annuaire.builder_died",
        Words(
            en=f"The process that builds the new database in {path.parent} was ended, perhaps for want of "
            "memory; nothing has changed. Try again.",
            fr=f"Le processus qui construit la nouvelle base dans {path.parent} a été arrêté, peut-être par "
            "manque de mémoire ; rien n'a changé. Réessayez.",
        ),
    )


def store_failed(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """Say that the new database can't be written. The old one still answers."""
    name = (
        errno.errorcode.get(error.errno or 0, "OSError")
        if isinstance(error, OSError)
        else getattr(error, "sqlite_errorname", type(error).__name__)
    )
    return StoreError(
        "annuaire.store_failed",
        Words(
            en=f"The new database can't be written to {path.parent} ({name}); nothing has changed.",
            fr=f"La nouvelle base ne peut pas être écrite dans {path.parent} ({name}) ; rien n'a changé.",
        ),
    )
