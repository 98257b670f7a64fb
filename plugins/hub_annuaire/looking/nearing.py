"""Addresses within a slip of the pen of another one.

1. The same local part at a domain that looks like the one written. 2. Its words in another order, such
as family name first. 3. A local part with one slip in it. 4. When nothing is that near, and the local
part is long, one with two slips.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Final

from hub.domain.address import Address
from hub_annuaire.looking import distance, pieces

AT_MOST: Final = 3
LONG: Final = 8
"""Signs of a local part that may have two slips in it; a shorter one may have one."""
DOMAIN_SLIPS: Final = 2
TOGETHER: Final = 2
"""Slips in both parts of an address."""
LETTERS: Final = (1 << pieces.DOMAIN_AT) - 1
OTHER_LABEL: Final = 2
"""Slips that a missing, added or mistaken label counts for."""
SWAPPED: Final = 2
"""Slips that words in another order count for."""
SWAPS: Final = 3
"""Words that may be in another order."""
SAME_PIECE: Final = 5000
"""Addresses that are looked at for one piece, at most."""
READ: Final = 500
"""Addresses that are read and compared, at most: those whose signs are most the same."""

_WORDS: Final = re.compile(r"([._-])")


def near(connection: sqlite3.Connection, address: Address) -> list[str]:
    """Return at most three keys, the nearest first, never the address's own. Raises sqlite3.Error."""
    local, _at, domain = address.key.partition("@")
    found: dict[str, int] = {}

    def weigh(keys: Iterable[str], most: int, slips: int | None = None) -> None:
        for key in keys:
            has, _at, at = key.partition("@")
            here = distance.within(local, has, most) if slips is None else slips
            there = 0 if at == domain else _between(domain, at)
            if here is not None and there is not None and 0 < here + there <= TOGETHER:
                found[key] = min(here + there, found.get(key, TOGETHER))

    weigh(_of_local(connection, local), 0)  # 1.
    for other in _reordered(local):  # 2.
        weigh(_of_local(connection, other), 0, SWAPPED)
    weigh(_of_pieces(connection, local, domain, 1), 1)  # 3.
    if len(local) >= LONG and not found:  # 4.
        weigh(_of_pieces(connection, local, domain, 2), 2)
    return sorted(found, key=lambda key: (found[key], key))[:AT_MOST]


def _of_local(connection: sqlite3.Connection, local: str) -> list[str]:
    # A follows @ in the order of signs
    rows = connection.execute(
        "SELECT key FROM looking_row WHERE key > ? AND key < ?", (f"{local}@", f"{local}A")
    )
    return [key for (key,) in rows]


def _reordered(local: str) -> set[str]:
    """Return the local part with its words in other orders: those between dots, and all if they are few."""
    return {
        "".join(one for pair in zip(order, [*parts[1::2], ""], strict=True) for one in pair)
        for parts in (local.replace(".", "\0.\0").split("\0"), _WORDS.split(local))
        if 1 < len(parts[::2]) <= SWAPS
        for order in permutations(parts[::2])
    } - {local}


def _of_pieces(connection: sqlite3.Connection, local: str, domain: str, most: int) -> list[str]:
    signs = local.encode()
    own = pieces.traits(signs, domain)
    letters, at = own & LETTERS, own >> pieces.DOMAIN_AT
    likely: dict[int, int] = {}
    for number, grown in _numbers(signs, most).items():
        rows = connection.execute(
            "SELECT id, traits FROM looking_piece WHERE hash = ? LIMIT ?", (number, SAME_PIECE)
        )
        # another sign changes two of the letters, one more or less only one
        differ = 2 * most - grown
        for id_, traits in rows:
            if most == 1 or traits >> pieces.DOMAIN_AT == at:
                other = ((traits & LETTERS) ^ letters).bit_count()
                if other <= differ:
                    likely[id_] = other
    found = []
    for id_ in sorted(likely, key=likely.__getitem__)[:READ]:
        found += connection.execute("SELECT key FROM looking_row WHERE id = ?", (id_,)).fetchall()
    return [key for (key,) in found]


def _numbers(signs: bytes, most: int) -> dict[int, int]:
    """Return the numbers of every piece that `most` slips may have left of what was meant.

    With each goes by how much the whole has become longer or shorter.
    """
    length = len(signs)
    numbers: dict[int, int] = {}
    for other in range(max(pieces.LEAST, length - most), length + most + 1):
        grown = length - other
        for place, (begin, end) in enumerate(pieces.cuts(other)):
            for shift in range(-most, most + 1):
                here = slice(begin + shift, end + shift)
                if abs(shift) + abs(grown - shift) <= most and here.start >= 0 and here.stop <= length:
                    for one in _exchanged(signs, here):
                        numbers[pieces.number(place, other, one)] = abs(grown)
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
