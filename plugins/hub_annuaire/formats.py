"""The files that an import understands, told apart by their header line.

Spellings of headers have changed over the years, so columns are matched by their letters and digits
alone, without accents or case; their order does not matter.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final

from hub.errors import MalformedError
from hub_annuaire.faults import Place

COMPANION_COLUMNS: Final = 13
"""Columns of the two companions of the activity file; a `|` at the end of the lines makes one more."""

PERSON: Final = "Identification nationale PP"
_OF_MAILBOX: Final = " structure BAL"
"""What some headers add to the names of the columns of an address."""
_LIKE: Final = 0.6
"""How much of a name must be the same for it to be offered as what was meant (`difflib`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """`width` is the most columns that a file of it has; `optional` columns may be missing."""

    name: str
    separators: str
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    width: int | None = None


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
            "Code Profession",
            "Libellé Profession",
            "Code savoir-faire",
            "Libellé savoir-faire",
            "Dématérialisation",
            "Raison Sociale structure BAL",
            "Enseigne commerciale structure BAL",
            "L6LIGNEACHEMINEMENT",
            "Code postal",
        ),
    )
    ACTIVITY = _Shape(
        name="PS_LibreAcces_Personne_activite",
        separators="|",
        columns=(
            "Identifiant PP",
            PERSON,
            "Code civilité d'exercice",
            "Nom d'exercice",
            "Prénom d'exercice",
            "Code profession",
            "Libellé profession",
            "Code savoir-faire",
            "Libellé savoir-faire",
            "Code mode exercice",
            "Libellé mode exercice",
            "Numéro SIRET site",
            "Numéro SIREN site",
            "Numéro FINESS site",
            "Numéro FINESS établissement juridique",
            "Identifiant technique de la structure",
        ),
    )
    SKILLS = _Shape(
        name="PS_LibreAcces_SavoirFaire",
        separators="|",
        columns=(
            "Identifiant PP",
            PERSON,
            "Code savoir-faire",
            "Libellé savoir-faire",
        ),
        width=COMPANION_COLUMNS + 1,
    )
    QUALIFICATIONS = _Shape(
        name="PS_LibreAcces_Dipl_AutExerc",
        separators="|",
        columns=(
            "Identifiant PP",
            PERSON,
            "Code diplôme obtenu",
            "Libellé diplôme obtenu",
            "Code discipline autorisation",
            "Libellé discipline autorisation",
        ),
        width=COMPANION_COLUMNS + 1,
    )
    STATED = _Shape(
        name="Etat_Exercice",
        separators="|;,",
        columns=(PERSON, "Etat", "Depuis"),
        optional=("Jusqu'au",),
        width=8,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header line that was understood. `line` is its text.

    `at` gives the place of each column of the format's, then of each optional one, None if missing.
    """

    format: Format
    separator: str
    names: tuple[str, ...]
    at: tuple[int, ...]
    optional: tuple[int | None, ...]
    line: str


def read_header(file: str, line: str) -> Header | None:
    """Recognise a header; None for an unknown file of the companions' shape, which is passed over.

    Raises MalformedError, which names the column that is missing or doubled.
    """
    fitting = [one for one in Format if (one.value.width or 1000) >= len(_split(one, line))]
    missing, _, nearest = min(
        ((_missing(one, line), -len(one.value.columns), one) for one in fitting),
        key=lambda one: (len(one[0]) / len(one[2].value.columns), one[1]),
    )
    names, shape = _split(nearest, line), nearest.value
    plain = [_plain(name) for name in names]
    known = len(shape.columns) - len(missing)
    if missing and len(names) == COMPANION_COLUMNS and _plain(PERSON) in plain and known <= 2:  # noqa: PLR2004 - the identifiers alone
        return None
    if not known:
        raise _unknown(file)
    if missing:
        raise _column_missing(file, shape.name, missing[0], names)
    for column in shape.columns + shape.optional:
        if sum(_is(column, one) for one in plain) > 1:
            raise Place(file, 1).malformed(
                "column_twice",
                f"the column “{column}” stands there twice",
                f"la colonne « {column} » y figure deux fois",
            )
    return Header(
        format=nearest,
        separator=_separator(nearest, line),
        names=tuple(names),
        at=tuple(_at(column, plain) for column in shape.columns),
        optional=tuple(
            _at(column, plain) if any(_is(column, one) for one in plain) else None
            for column in shape.optional
        ),
        line=line,
    )


def _column_missing(file: str, format_: str, column: str, names: list[str]) -> MalformedError:
    by_plain = {_plain(name): name for name in names if name}
    like = get_close_matches(_plain(column), by_plain, n=1, cutoff=_LIKE)
    wanted = {_plain(one) for shape in Format for one in shape.value.columns}
    # a column that is read under its own name was not meant to be this one
    meant = by_plain[like[0]] if like and like[0] not in wanted else None
    return Place(file, 1).malformed(
        "column_missing",
        f"the column “{column}” of {format_} is missing"
        + (f"; the file has “{meant}”, which looks like it" if meant else ""),
        f"il manque la colonne « {column} » de {format_}"
        + (f" ; le fichier a « {meant} », qui y ressemble" if meant else ""),
    )


def _unknown(file: str) -> MalformedError:
    known = ", ".join(one.value.name for one in Format)
    return Place(file, 1).malformed(
        "file_unknown", f"not of the directory; known are {known}", f"inconnu ; connus : {known}"
    )


def _missing(format_: Format, line: str) -> list[str]:
    present = [_plain(name) for name in _split(format_, line)]
    return [column for column in format_.value.columns if not any(_is(column, one) for one in present)]


def _at(column: str, plain: list[str]) -> int:
    return next(place for place, one in enumerate(plain) if _is(column, one))


def _is(column: str, plain: str) -> bool:
    return plain in {_plain(column), _plain(column + _OF_MAILBOX)}


def _split(format_: Format, line: str) -> list[str]:
    return [name.strip() for name in line.split(_separator(format_, line))]


def _separator(format_: Format, line: str) -> str:
    return max(format_.value.separators, key=line.count)


def _plain(name: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", name).casefold() if one.isalnum())
