"""Whom a sender means: an address, a national identifier, or a description of a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.domain.address import Address
from hub.domain.party import FINESS, INS_NIA, INS_NIR, RPPS, Identifier
from hub.errors import MalformedError, Words

MAX_DESCRIPTION: Final = 200
"""Signs of one part of a description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A professional by name, and by specialty or town when the name alone is not enough."""

    name: str
    specialty: str = ""
    town: str = ""

    def __str__(self) -> str:
        return ", ".join(one for one in (self.name, self.specialty, self.town) if one)


Target = Address | Identifier | Description

_RPPS: Final = re.compile(r"[0-9]{11}")
_FINESS: Final = re.compile(r"[0-9][0-9AB][0-9]{7}")
_INS: Final = re.compile(r"[1-8][0-9]{4}(?:[0-9]{2}|2A|2B)[0-9]{8}")


def read_target(text: str) -> Target:
    """Read `name@domain`, `rpps:`, `finess:` or `ins:` and a number, or `name, specialty, town`.

    Raises MalformedError, whose words say what is wrong with which form.
    """
    scheme, colon, value = text.partition(":")
    read = _SCHEMES.get(scheme.strip().lower()) if colon else None
    if read is not None:
        return read(value.strip())
    if "@" in text:
        return Address.parse(text)
    if colon:
        raise _neither()
    return description(*text.split(","))


def rpps(number: str) -> Identifier:
    """Read an RPPS number: 11 digits, the last a Luhn check digit. Raises MalformedError."""
    if not _RPPS.fullmatch(number):
        raise _wrong(
            "An RPPS number has 11 digits: rpps:10001234565.", "Un RPPS a 11 chiffres : rpps:10001234565."
        )
    if luhn(number):
        raise _wrong(
            "This RPPS number is mistyped: its last digit does not fit the others.",
            "Ce RPPS est mal saisi : son dernier chiffre ne correspond pas aux autres.",
        )
    return Identifier(RPPS, f"8{number}")


def finess(number: str) -> Identifier:
    """Read a FINESS number: 9 signs. Raises MalformedError."""
    if not _FINESS.fullmatch(number):
        raise _wrong(
            "A FINESS number has 9 signs: finess:750712184.", "Un FINESS a 9 signes : finess:750712184."
        )
    return Identifier(FINESS, f"1{number}")


def ins(number: str) -> Identifier:
    """Read an INS matricule: 13 signs and a key of two digits. Raises MalformedError."""
    compact = number.replace(" ", "").upper()
    if not _INS.fullmatch(compact):
        raise _wrong(
            "An INS matricule has 13 signs and a key of 2 digits.",
            "Un matricule INS a 13 signes et une clé de 2 chiffres.",
        )
    if ins_key(compact[:13]) != int(compact[13:]):
        raise _wrong(
            "This INS matricule is mistyped: its key does not fit the number.",
            "Ce matricule INS est mal saisi : sa clé ne correspond pas au numéro.",
        )
    # who has no NIR yet has a number of their own series (NIA), which begins with 3, 4, 7 or 8
    return Identifier(INS_NIR if compact[0] in "12" else INS_NIA, compact)


def description(name: str, specialty: str = "", town: str = "", *more: str) -> Description:
    """Make a description. Raises MalformedError when there is no name, or too much."""
    parts = [" ".join(one.split()) for one in (name, specialty, town)]
    if more or not parts[0] or any(len(one) > MAX_DESCRIPTION for one in parts):
        raise _neither()
    return Description(name=parts[0], specialty=parts[1], town=parts[2])


def luhn(digits: str) -> int:
    """Return the Luhn sum modulo 10: 0 for a number with the right check digit (ISO/IEC 7812-1)."""
    # the sum of the digits of twice a digit, for every second one from the right
    return sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(digits[::-1])) % 10


def ins_key(number: str) -> int:
    """Return the key of 13 signs: 97 less the number modulo 97, with Corsica's 2A as 19 and 2B as 18."""
    return 97 - int(number.replace("2A", "19").replace("2B", "18")) % 97


_SCHEMES: Final = {"rpps": rpps, "finess": finess, "ins": ins}


def _neither() -> MalformedError:
    return _wrong(
        "Neither an address nor an identifier: write name@domain, rpps:NUMBER, finess:NUMBER, "
        "ins:NUMBER, or “name, specialty, town”.",
        "Ni adresse ni identifiant : écrivez nom@domaine, rpps:NUMÉRO, finess:NUMÉRO, "
        "ins:NUMÉRO, ou « nom, spécialité, ville ».",
    )


def _wrong(en: str, fr: str) -> MalformedError:
    return MalformedError("target.malformed", Words(en=en, fr=fr))
