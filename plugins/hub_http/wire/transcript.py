"""What went over the wire, for people: with neither secrets nor documents."""

from __future__ import annotations

from collections.abc import Callable


class Transcript:
    """Gets lines of text about requests and answers, redacted, as they happen."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` gets one line at a time, without its end."""
        self._write = write

    def veil(self, *values: str) -> None:
        """Let these values never be shown, in whatever form they appear."""
        raise NotImplementedError
