"""What of a local part survives a slip of the pen: its thirds.

Two slips leave one of three pieces as it was, somewhat shifted at most. Each piece is kept as a number,
made of its place, the length of the whole, and its signs.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Final
from zlib import crc32

PIECES: Final = 3
LEAST: Final = 3
"""Shorter local parts have no pieces: everything is near to them."""


def of(key: str) -> list[tuple[int, int]]:
    """Return number and letters (`letters`) of each piece of an address."""
    local = key[: key.index("@")].encode()
    length = len(local)
    if length < LEAST:
        return []
    mask = letters(local)
    return [
        (number(place, length, local[begin:end]), mask) for place, (begin, end) in enumerate(cuts(length))
    ]


@cache
def cuts(length: int) -> list[tuple[int, int]]:
    """Return where each piece of a local part begins and ends."""
    edges = [length * place // PIECES for place in range(PIECES + 1)]
    return list(pairwise(edges))


def number(place: int, length: int, piece: bytes) -> int:
    """Return the number of a piece."""
    return crc32(piece, length * PIECES + place)


def letters(local: bytes) -> int:
    """Return which signs occur, as bits: one slip changes two of them at most."""
    mask = 0
    for sign in local:
        mask |= 1 << (sign & 31)
    return mask
