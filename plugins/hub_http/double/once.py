"""What counts once: nonces and tokens that were used, as many as fit."""

from __future__ import annotations

from typing import Final

MOST: Final = 100_000


class Once:
    """Remembers what was used."""

    def __init__(self) -> None:
        self._used: dict[str, None] = {}

    def new(self, value: str) -> bool:
        """Whether this is its first use; it counts as used from now on."""
        if value in self._used:
            return False
        self._used[value] = None
        if len(self._used) > MOST:
            del self._used[next(iter(self._used))]
        return True
