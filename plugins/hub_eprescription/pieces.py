"""Bytes of any size as lines of a ledger, which holds a megabyte in one."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from hub.ports.ledger import MAX_VALUE, Ledger, Line

_PIECE: Final = (MAX_VALUE - 16) // 4 * 3
"""Bytes that one line holds, in base64."""


def lines(key: str, data: bytes, until: datetime) -> Sequence[Line]:
    """Return the lines that hold `data` under `key`; to be written at once."""
    pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)] or [b""]
    return [
        Line(
            key=_key(key, number),
            # The first says how many there are: a shorter text may follow a longer one.
            value=(f"{len(pieces)}:" if number == 0 else "") + base64.b64encode(piece).decode("ascii"),
            until=until,
        )
        for number, piece in enumerate(pieces)
    ]


async def joined(ledger: Ledger, key: str) -> bytes | None:
    """Return what is held under `key`; None for nothing. Raises StoreError."""
    first = await ledger.get(key)
    if first is None:
        return None
    count, _, text = first.value.partition(":")
    found = base64.b64decode(text, validate=True)
    for number in range(1, int(count)):
        line = await ledger.get(_key(key, number))
        if line is None:
            raise AssertionError("the pieces of one text are written, and go, together")
        found += base64.b64decode(line.value, validate=True)
    return found


def keys(key: str, data: bytes) -> Sequence[str]:
    """Return the keys of the lines that hold `data` under `key`."""
    return [_key(key, number) for number in range(max(-(-len(data) // _PIECE), 1))]


def _key(key: str, number: int) -> str:
    return key if number == 0 else f"{key}:{number}"
