"""What of an address survives a slip of the pen: the thirds of its local part.

One or two slips leave one of three pieces as it was, somewhat shifted at most. Each piece is kept as a
number, made of its place, the length of the whole and its signs; with it go the signs that occur, and a
number for the domain, to pass over most of what has a piece in common and is far all the same.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from typing import Final
from zlib import crc32

PIECES: Final = 3
DOMAIN_AT: Final = 32
"""Bits of the traits below those of the domain."""
_BITS: Final = [1 << (sign & 31) for sign in range(256)]
LEAST: Final = 3
"""Shorter local parts have no pieces: everything is near to them."""


def of(key: str) -> list[tuple[int, int]]:
    """Return number and traits (`traits`) of each piece of an address."""
    local, _at, domain = key.partition("@")
    signs = local.encode()
    length = len(signs)
    if length < LEAST:
        return []
    seen = traits(signs, domain)
    return [
        (number(place, length, signs[begin:end]), seen) for place, (begin, end) in enumerate(cuts(length))
    ]


@cache
def cuts(length: int) -> list[tuple[int, int]]:
    """Return where each piece of a local part begins and ends."""
    edges = [length * place // PIECES for place in range(PIECES + 1)]
    return list(pairwise(edges))


def number(place: int, length: int, piece: bytes) -> int:
    """Return the number of a piece."""
    return crc32(piece, length * PIECES + place)


def traits(signs: bytes, domain: str) -> int:
    """Return which signs occur, as 32 bits (one slip changes two at most), and 16 bits of the domain."""
    mask = _of_domain(domain)
    for sign in signs:
        mask |= _BITS[sign]
    return mask


@lru_cache(1 << 14)
def _of_domain(domain: str) -> int:
    return (crc32(domain.encode()) & 0xFFFF) << DOMAIN_AT
