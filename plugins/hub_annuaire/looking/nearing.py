"""Addresses within a slip of the pen of another one.

1. The same local part at a domain that looks like the one written. 2. Its words in another order, such
as family name first. 3. A local part with a slip or two in it, of which a piece is as it was.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from itertools import permutations
from typing import Final

from hub.domain.address import Address
from hub_annuaire.looking import distance, pieces

AT_MOST: Final = 3
LONG: Final = 8
"""Signs of a local part that may have two slips in it; a shorter one may have one."""
DOMAIN_SLIPS: Final = 2
OTHER_LABEL: Final = 2
"""Slips that a missing, added or mistaken label counts for."""
SWAPPED: Final = 2
"""Slips that words in another order count for."""
SWAPS: Final = 3
"""Words that may be in another order."""
SAME_PIECE: Final = 5000
"""Addresses that are looked at for one piece, at most."""

_WORDS: Final = re.compile(r"([._-])")


def near(connection: sqlite3.Connection, address: Address) -> list[str]:
    """Return at most three keys, the nearest first, never the address's own. Raises sqlite3.Error."""
    local, _at, domain = address.key.partition("@")
    found: dict[str, int] = {}
    for candidate, slips in _candidates(connection, local):
        other_local, _, other_domain = candidate.partition("@")
        there = _between(domain, other_domain)
        if there is None or candidate == address.key:
            continue
        total = slips + there
        if other_local == local or there == 0 or total <= DOMAIN_SLIPS:
            found[candidate] = min(total, found.get(candidate, total))
    return sorted(found, key=lambda key: (found[key], key))[:AT_MOST]


def _candidates(connection: sqlite3.Connection, local: str) -> Iterator[tuple[str, int]]:
    # 1.
    for key in _of_local(connection, local):
        yield key, 0
    # 2.
    for other in _reordered(local):
        for key in _of_local(connection, other):
            yield key, SWAPPED
    # 3.
    most = 2 if len(local) >= LONG else 1
    for key in _of_pieces(connection, local, most):
        slips = distance.within(local, key.partition("@")[0], most)
        if slips:
            yield key, slips


def _of_local(connection: sqlite3.Connection, local: str) -> list[str]:
    # A follows @ in the order of signs
    rows = connection.execute(
        "SELECT key FROM looking_row WHERE key > ? AND key < ?", (f"{local}@", f"{local}A")
    )
    return [key for (key,) in rows]


def _reordered(local: str) -> set[str]:
    parts = _WORDS.split(local)
    words, between = parts[::2], parts[1::2]
    if not 1 < len(words) <= SWAPS:
        return set()
    others = {
        "".join(one for pair in zip(order, [*between, ""], strict=True) for one in pair)
        for order in permutations(words)
    }
    return others - {local}


def _of_pieces(connection: sqlite3.Connection, local: str, most: int) -> list[str]:
    signs = local.encode()
    letters = pieces.letters(signs)
    ids: set[int] = set()
    for number in _numbers(signs, most):
        rows = connection.execute(
            "SELECT id, letters FROM looking_piece WHERE hash = ? LIMIT ?", (number, SAME_PIECE)
        )
        ids.update(id_ for id_, other in rows if (other ^ letters).bit_count() <= 2 * most)
    found = []
    for id_ in ids:
        found += connection.execute("SELECT key FROM looking_row WHERE id = ?", (id_,)).fetchall()
    return [key for (key,) in found]


def _numbers(signs: bytes, most: int) -> set[int]:
    """Return the numbers of every piece that `most` slips may have left of what was meant."""
    length = len(signs)
    numbers: set[int] = set()
    for other in range(max(pieces.LEAST, length - most), length + most + 1):
        grown = length - other
        for place, (begin, end) in enumerate(pieces.cuts(other)):
            for shift in range(-most, most + 1):
                here = slice(begin + shift, end + shift)
                if abs(shift) + abs(grown - shift) <= most and here.start >= 0 and here.stop <= length:
                    numbers.update(pieces.number(place, other, one) for one in _exchanged(signs, here))
    return numbers


def _exchanged(signs: bytes, here: slice) -> Iterator[bytes]:
    """Yield a piece, and as it was if its first or last sign was exchanged with its neighbour."""
    piece = signs[here]
    yield piece
    if here.start > 0:
        yield signs[here.start - 1 : here.start] + piece[1:]
    if here.stop < len(signs):
        yield piece[:-1] + signs[here.stop : here.stop + 1]


def _between(one: str, other: str) -> int | None:
    slips = distance.within(one, other, DOMAIN_SLIPS)
    if slips is not None:
        return slips
    mine, others = one.split("."), other.split(".")
    if len(mine) == len(others):
        same = sum(a == b for a, b in zip(mine, others, strict=True))
        return OTHER_LABEL if same >= max(2, len(mine) - 1) else None
    longer, shorter = (mine, others) if len(mine) > len(others) else (others, mine)
    if len(longer) - len(shorter) == 1 and len(shorter) > 1:
        without = (longer[:at] + longer[at + 1 :] for at in range(len(longer)))
        if shorter in without:
            return OTHER_LABEL
    return None
