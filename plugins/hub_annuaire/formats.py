"""The files that an import understands, told apart by their header line.

Spellings of headers have changed over the years, so columns are matched by their letters and digits
alone, without accents or case; their order does not matter.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hub_annuaire.faults import Place

COMPANION_COLUMNS: Final = 13
"""Columns of the two companions of the activity file, which say nothing that is needed here."""

PERSON: Final = "Identification nationale PP"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    name: str
    separators: str
    columns: tuple[str, ...]


class Format(Enum):
    """One kind of file, and the columns that are read of it."""

    MAILBOXES = _Shape(
        name="Extraction_Correspondance_MSSante",
        separators="|",
        columns=(
            "Type de BAL",
            "Adresse BAL",
            "Identifiant PP",
            PERSON,
            "Type identifiant structure",
            "Identification Structure",
            "Service de rattachement",
            "Civilité d'exercice",
            "Nom d'exercice",
            "Prénom d'exercice",
            "Dématérialisation",
            "Raison Sociale structure BAL",
            "Enseigne commerciale structure BAL",
        ),
    )
    ACTIVITY = _Shape(
        name="PS_LibreAcces_Personne_activite",
        separators="|",
        columns=("Identifiant PP", PERSON, "Code profession", "Code mode exercice"),
    )
    STATED = _Shape(name="Etat_Exercice", separators="|;,", columns=(PERSON, "Etat", "Depuis"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header line that was understood. `at` gives the place of each column of the format's."""

    format: Format
    separator: str
    names: tuple[str, ...]
    at: tuple[int, ...]


def read_header(file: str, line: str) -> Header | None:
    """Recognise a header; None for a companion file, which an import passes over.

    Raises MalformedError, which names the column that is missing or doubled.
    """
    scored = [(_missing(format_, line), format_) for format_ in Format]
    missing, nearest = min(scored, key=lambda one: len(one[0]) / len(one[1].value.columns))
    names = _split(nearest, line)
    if missing and len(names) == COMPANION_COLUMNS and _plain(PERSON) in map(_plain, names):
        return None
    if len(missing) == len(nearest.value.columns):
        known = ", ".join(format_.value.name for format_ in Format)
        raise Place(file, 1).malformed(
            "file_unknown",
            f"not of the directory; known are {known}",
            f"inconnu ; connus : {known}",
        )
    if missing:
        raise Place(file, 1).malformed(
            "column_missing",
            f"the column “{missing[0]}” of {nearest.value.name} is missing",
            f"il manque la colonne « {missing[0]} » de {nearest.value.name}",
        )
    plain = [_plain(name) for name in names]
    for column in nearest.value.columns:
        if plain.count(_plain(column)) > 1:
            raise Place(file, 1).malformed(
                "column_twice",
                f"the column “{column}” stands there twice",
                f"la colonne « {column} » y figure deux fois",
            )
    return Header(
        format=nearest,
        separator=_separator(nearest, line),
        names=tuple(names),
        at=tuple(plain.index(_plain(column)) for column in nearest.value.columns),
    )


def _missing(format_: Format, line: str) -> list[str]:
    present = {_plain(name) for name in _split(format_, line)}
    return [column for column in format_.value.columns if _plain(column) not in present]


def _split(format_: Format, line: str) -> list[str]:
    return [name.strip() for name in line.split(_separator(format_, line))]


def _separator(format_: Format, line: str) -> str:
    return max(format_.value.separators, key=line.count)


def _plain(name: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", name).casefold() if one.isalnum())
