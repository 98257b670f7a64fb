"""Documents within a text that another library writes: marks stand for them, and are then replaced.

A mark is made of letters and digits, so that no escaping touches it, and of a number that nobody can guess
and that never leaves the process, so that nothing in a message passes for one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from hub_http.body import segments
from hub_http.body.segments import Converted, Segment
from hub_http.mapping.streams import Mixed, Streamed

_MARK: Final = f"hole{secrets.token_hex(16)}x"


class Holes:
    """The documents of one body, in the order in which they were met."""

    __slots__ = ("_escape", "_segments")

    def __init__(self, escape: Callable[[str], str]) -> None:
        """`escape` writes text as this kind of body has it."""
        self._escape = escape
        self._segments: list[Segment] = []

    def mark(self, streamed: Streamed) -> str:
        """Return what stands for a document until `parts`."""
        self._segments.append(segment_of(streamed, self._escape))
        return f"{_MARK}{len(self._segments) - 1}x"

    def text(self, mixed: Mixed) -> str:
        """Return a text with marks in it."""
        return "".join([one if isinstance(one, str) else self.mark(one) for one in mixed.parts])

    def parts(self, text: str) -> list[bytes | Segment]:
        """Cut a text at its marks. Raises UnicodeEncodeError for a text that is not Unicode."""
        if not self._segments:
            return [text.encode()]
        first, *others = text.split(_MARK)
        found: list[bytes | Segment] = [first.encode()] if first else []
        for one in others:
            number, _, rest = one.partition("x")
            found.append(self._segments[int(number)])
            if rest:
                found.append(rest.encode())
        return found


def segment_of(streamed: Streamed, escape: Callable[[str], str] | None) -> Segment:
    """Return the segment that a document becomes; only text needs escaping, in what JSON and XML have."""
    content = streamed.content
    match streamed.writing:
        case "base64":
            return segments.base64_of(content)
        case "base64url":
            return segments.base64url_of(content, bare=False)
        case "base64url-bare":
            return segments.base64url_of(content, bare=True)
        case "hex":
            return segments.hex_of(content)
        case "text":
            return Converted(segments.Raw(content), escape or _as_it_is)


def _as_it_is(text: str) -> str:
    return text
