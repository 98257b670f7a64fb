"""A mail on its way out between DATA and the final dot: dot-stuffed (RFC 5321, 4.5.2), and only if sound.

The composer guarantees lines that end in CR LF and no bare CR, bare LF or NUL. This is the last place
where that can be held against it: what breaks the rule could end the mail early at a careless server
and smuggle in a second one, so it never leaves.
"""

from __future__ import annotations

from hub.errors import MalformedError, Words
from hub_smtp.line_ends import only_crlf


class Stuffing:
    """One mail going out, chunk by chunk."""

    def __init__(self) -> None:
        self._kept = b""
        self._at_line_start = True

    def feed(self, data: bytes) -> bytes:
        """Return the chunk as it travels. Raises MalformedError for a bare CR, a bare LF or a NUL."""
        if self._kept:
            data = self._kept + data
            self._kept = b""
        if data.endswith(b"\r"):
            self._kept = b"\r"
            data = data[:-1]
        if b"\0" in data or not only_crlf(data):
            raise unsafe()
        if not data:
            return data
        starts = self._at_line_start and data.startswith(b".")
        self._at_line_start = data.endswith(b"\n")
        # A search for one byte costs next to nothing, and base64 holds no dot at all.
        if b"." in data and b"\n." in data:
            data = data.replace(b"\n.", b"\n..")
        return b"." + data if starts else data

    def finish(self) -> None:
        """Say that this was all. Raises MalformedError when the last line has no end."""
        if self._kept or not self._at_line_start:
            raise unsafe()


def unsafe() -> MalformedError:
    """Make the error for a mail that must not leave."""
    return MalformedError(
        "smtp.unsafe_mail",
        Words(
            en="The composed mail holds a bare CR, a bare LF or a NUL, or its last line has no end.",
            fr="Le message composé contient un CR ou un LF isolé, un NUL, ou une dernière ligne sans fin.",
        ),
    )
