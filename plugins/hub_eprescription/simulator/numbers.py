"""Prescription numbers of the E-Rezept: `160.000.000.000.000.01`, unique, with two check digits.

Fifteen digits and two that make the whole 1 modulo 97 (ISO/IEC 7064, MOD 97-10); the first three are the
workflow.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile(r"\d{3}(\.\d{3}){4}\.\d{2}")
_MODULUS: Final = 97


def number(flow: str, serial: int) -> str:
    """Return the number of the prescription `serial` of a workflow."""
    digits = f"{flow}{serial:012d}"
    check = (_MODULUS + 1 - int(digits) * 100 % _MODULUS) % _MODULUS
    return ".".join([*(digits[at : at + 3] for at in range(0, 15, 3)), f"{check:02d}"])


def serial(text: str) -> int:
    """Return which of its workflow's prescriptions a number is."""
    return int(text.replace(".", "")[3:15])


def is_number(text: str) -> bool:
    """Whether this is a number with right check digits."""
    return _NUMBER.fullmatch(text) is not None and int(text.replace(".", "")) % _MODULUS == 1
