"""Where an operator is asked first: the configured place, or for a while the one that worked instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.ports.clock import Clock

_AWAY: Final = 60.0
"""Seconds for which a place that failed is asked last."""


class Bases:
    """The base URLs of an operator, in the order of trying."""

    def __init__(self, urls: Sequence[str], clock: Clock) -> None:
        self._urls = tuple(urls)
        self._clock = clock
        self._failed: dict[str, float] = {}

    def order(self) -> tuple[str, ...]:
        """Return all of them: those that failed lately come last."""
        if not self._failed:
            return self._urls
        now = self._clock.monotonic()
        self._failed = {url: at for url, at in self._failed.items() if now - at < _AWAY}
        return tuple(sorted(self._urls, key=lambda url: url in self._failed))

    def failed(self, url: str) -> None:
        """Remember that a place did not work."""
        if len(self._urls) > 1:
            self._failed[url] = self._clock.monotonic()
