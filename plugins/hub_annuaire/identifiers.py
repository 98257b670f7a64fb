"""National identifiers of persons and structures: their forms, and the check digit of the RPPS.

Rows and the database hold them in their national form, a type digit and then the identifier:
`8` RPPS, `0` ADELI for persons; `1` FINESS, `2` SIREN, `3` SIRET, `4` RPPS and rank for structures.
"""

from __future__ import annotations

import re
from typing import Final

from hub.domain.party import FINESS, RPPS, Identifier

_RPPS: Final = re.compile(r"8[0-9]{11}")
_ADELI: Final = re.compile(r"0[0-9A-Z]{9}")
_OTHER: Final = re.compile(r"[1-79][!-{}~]{1,63}")
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")

_STRUCTURE_TYPES: Final = {
    "0": "0", "CABINETADELI": "0", "ADELI": "0",
    "1": "1", "FINESS": "1",
    "2": "2", "SIREN": "2",
    "3": "3", "SIRET": "3",
    "4": "4", "RPPSRANG": "4", "CABINETRPPS": "4", "RPPS": "4",
}  # fmt: skip
_STRUCTURES: Final = {
    "0": re.compile(r"[!-{}~]{1,32}"),
    "1": re.compile(r"[0-9][0-9AB][0-9]{7}"),
    "2": re.compile(r"[0-9]{9}"),
    "3": re.compile(r"[0-9]{14}"),
    "4": re.compile(r"[!-{}~]{1,32}"),
}

_SPELT: Final = {"1": "FINESS", "2": "SIREN", "3": "SIRET", "4": "RPPS"}
_FINESS: Final = r"(?:[0-9][0-9AB][0-9]{7})?"
_SITE: Final = re.compile(rf"{_FINESS}\|{_FINESS}\|(?:[0-9]{{14}})?\|(?:[0-9]{{9}})?\|(?:[!-{{}}~]{{1,40}})?")

DIFFER: Final = (
    "not the identifier that the national one holds",
    "pas l'identifiant contenu dans l'identification nationale",
)
CONTRADICTED: Final = (
    "another line gives the same identifier to somebody of another name",
    "une autre ligne donne le même identifiant à quelqu'un d'un autre nom",
)
PERSON_PREFIX: Final = "P"
STRUCTURE_PREFIX: Final = "S"


def check_digit(digits: str) -> str:
    """Return the Luhn digit that makes `digits` valid when it follows them."""
    # a digit's code is 48 more than the digit
    total = sum(digits[-2::-2].encode()) + sum(digits[::-2].translate(_DOUBLED).encode())
    return str((48 * len(digits) - total) % 10)


def wrong_person(national: str) -> tuple[str, str] | None:
    """Say in English and French what is wrong with a person's national identifier; None: nothing."""
    if national[:1] == "8":
        if not _RPPS.fullmatch(national):
            return "an RPPS is 8 followed by 11 digits", "un RPPS s'écrit 8 suivi de 11 chiffres"
        if check_digit(national[1:-1]) != national[-1]:
            return "the check digit of the RPPS is wrong", "la clé de contrôle du RPPS est fausse"
        return None
    if national[:1] == "0":
        return None if _ADELI.fullmatch(national) else _ADELI_FORM
    return None if _OTHER.fullmatch(national) else _PERSON_FORM


_ADELI_FORM: Final = (
    "an ADELI number is 0 followed by 9 letters or digits",
    "un numéro ADELI s'écrit 0 suivi de 9 lettres ou chiffres",
)
_PERSON_FORM: Final = (
    "a national identifier is its type digit followed by the identifier",
    "un identifiant national s'écrit par son chiffre de type suivi de l'identifiant",
)


def site(siret: str, siren: str, finess: str, legal: str, technical: str) -> str | None:
    """Return the national forms of a place of work, its own FINESS first, separated by blanks.

    None: one of them has not its form. Many places have nothing but the directory's technical id.
    """
    if not _SITE.fullmatch(f"{finess}|{legal}|{siret}|{siren}|{technical}"):
        return None
    stored = f"1{finess} " if finess else ""
    if legal and legal != finess:
        stored += f"1{legal} "
    if siret:
        stored += f"3{siret} "
    if siren:
        stored += f"2{siren} "
    return f"{stored}T{technical}" if technical else stored[:-1]


def structure(kind: str, value: str) -> str | None:
    """Return a structure's national form; empty when its type is not a national one.

    None means that the value has not the form that its type demands.
    """
    digit = _STRUCTURE_TYPES.get("".join(one for one in kind.upper() if one.isalnum()))
    if digit is None:
        return ""
    return digit + value if _STRUCTURES[digit].fullmatch(value) else None


def spelt(structure: str) -> str:
    """Return a structure's national form as one reads it: `FINESS 990000017`."""
    return f"{_SPELT.get(structure[0], '')} {structure[1:]}".strip()


def to_identifier(stored: str) -> Identifier:
    """Turn what the database holds into a value of the hub's."""
    return Identifier(RPPS if stored[0] == PERSON_PREFIX else FINESS, stored[1:])


def to_stored(identifier: Identifier) -> str | None:
    """Return how the database would hold an identifier; None for a system that it does not know.

    An RPPS, FINESS or SIRET without its type digit is understood: their lengths tell them apart.
    """
    value = identifier.value
    if identifier.system == RPPS:
        return PERSON_PREFIX + ("8" + value if re.fullmatch(r"[0-9]{11}", value) else value)
    if identifier.system == FINESS:
        prefix = {9: "1", 14: "3"}.get(len(value), "")
        return STRUCTURE_PREFIX + prefix + value
    return None
