"""How many are inside at one time, and how many of them come from one host."""

from __future__ import annotations

from collections import Counter


class Crowd:
    """Counts who is inside; whoever would be one too many does not enter.

    `most` are let in altogether, `most_per_host` from one host, so that one host can't keep others out.
    """

    def __init__(self, most: int, most_per_host: int) -> None:
        self._most = most
        self._most_per_host = most_per_host
        self._inside: Counter[str] = Counter()

    def enters(self, host: str) -> bool:
        """Count one more; False, and nothing counted, when there are too many."""
        if self._inside.total() >= self._most or self._inside[host] >= self._most_per_host:
            return False
        self._inside[host] += 1
        return True

    def leaves(self, host: str) -> None:
        """Count one less of those that entered."""
        self._inside[host] -= 1
        if not self._inside[host]:
            del self._inside[host]
