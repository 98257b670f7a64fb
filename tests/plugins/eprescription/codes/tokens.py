"""Prescription tokens with valid numbers, made up."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from hub_eprescription.codes.token import Token


def numbered(flow: int, running: int) -> str:
    """Return a number with its check digits (ISO 7064, mod 97-10)."""
    digits = f"{flow:03}{running:012}"
    key = f"{98 - int(digits + '00') % 97:02}"
    return ".".join([digits[place : place + 3] for place in range(0, 15, 3)] + [key])


NUMBERS: Final = st.builds(numbered, st.sampled_from([160, 162, 169, 200, 209]), st.integers(0, 10**12 - 1))
CODES: Final = st.text("0123456789abcdef", min_size=64, max_size=64)
TOKENS: Final = st.builds(lambda number, code: Token(number=number, access_code=code), NUMBERS, CODES)
