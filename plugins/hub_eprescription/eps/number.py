"""The short prescription number `XXXXXX-YYYYYY-ZZZZZC`: hexadecimal, the practice's ODS code, hexadecimal.

The last sign is a check character (ISO 7064, MOD 37-2). The practice's software makes the number; a
pharmacy types it, or scans it from the patient's paper.
"""

from __future__ import annotations

import re
from typing import Final

from hub.errors import InputError, Words

_FORM: Final = re.compile(r"[0-9A-F]{6}-[0-9A-Z]{6}-[0-9A-F]{5}[0-9A-Z+]")
_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+"
_MODULUS: Final = 37


def read(text: str) -> str:
    """Return a number whose check character is right. Raises InputError `prescription.number`."""
    if not _FORM.fullmatch(text):
        raise _wrong(
            "it is not written XXXXXX-XXXXXX-XXXXXX: six hexadecimal digits, the practice's ODS code filled "
            "up to six signs, five hexadecimal digits and a check character, in capitals",
            "il ne s'écrit pas XXXXXX-XXXXXX-XXXXXX : six chiffres hexadécimaux, le code ODS du cabinet "
            "complété à six signes, cinq chiffres hexadécimaux et un caractère de contrôle, en majuscules",
        )
    if text[-1] != check_character(text[:-1]):
        raise _wrong(
            "its last sign, the check character, does not fit the others; a digit is mistyped, or the "
            "software that made the number computes it wrongly",
            "son dernier signe, le caractère de contrôle, ne correspond pas aux autres ; un chiffre est mal "
            "saisi, ou le logiciel qui a formé le numéro le calcule mal",
        )
    return text


def check_character(text: str) -> str:
    """Return the check character of all that stands before it; hyphens do not count (ISO 7064, MOD 37-2)."""
    total = 0
    for sign in text.replace("-", ""):
        total = (total + _SIGNS.index(sign)) * 2 % _MODULUS
    return _SIGNS[(1 - total) % _MODULUS]


def _wrong(en: str, fr: str) -> InputError:
    return InputError(
        "prescription.number",
        Words(
            en=f"The prescription's number can't be used: {en}.",
            fr=f"Le numéro de l'ordonnance est inutilisable : {fr}.",
        ),
        field="MedicationRequest.groupIdentifier.value",
    )
