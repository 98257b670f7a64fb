"""What stands between DATA and the final dot (RFC 5321, 4.1.1.4 and 4.5.2), as it comes in.

The mail ends at CR LF . CR LF and nowhere else. Whatever some other server might take for an end or
for a line break (a bare CR, a bare LF) or cut at (a NUL) is a fault, found here and refused once the
true end is reached: a mail that two servers read differently carries a second one (SMTP smuggling).
All looking is done by searches over whole chunks, never byte by byte.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from hub_smtp.line_ends import only_crlf

_END: Final = b"\r\n.\r\n"
_STARTS: Final = tuple(_END[:length] for length in range(len(_END) - 1, 0, -1))


class Flaw(Enum):
    """Why a mail can't be taken."""

    BARE = "bare"
    NUL = "nul"
    LONG_LINE = "long line"


class Body:
    """One mail coming in. `flaw` is the first one found; from then on nothing is handed on."""

    def __init__(self, max_line: int) -> None:
        self._max_line = max_line
        # The CR LF that ended the DATA command also begins a final dot; it is not the mail's.
        self._kept = b"\r\n"
        self._first = True
        self._open = 0
        self.flaw: Flaw | None = None
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next chunk and return what it adds to the mail, dot-stuffing undone.

        When the end is in it, `ended` is set and `rest` holds what follows: commands.
        """
        data = self._kept + data
        # A search costs a millisecond per megabyte, but that for one byte: base64 holds no dot at all.
        dotted = b"." in data and data.find(b"\r\n.") >= 0
        if dotted and (end := data.find(_END)) >= 0:
            self.ended = True
            self.rest = data[end + len(_END) :]
            data = data[: end + 2]
        else:
            self._kept = next((start for start in _STARTS if data.endswith(start)), b"")
            if self._kept:
                data = data[: -len(self._kept)]
        if self.flaw is not None or not data:
            return b""
        if not only_crlf(data):
            self.flaw = Flaw.BARE
            return b""
        if b"\0" in data:
            self.flaw = Flaw.NUL
            return b""
        if dotted:
            data = data.replace(b"\r\n.", b"\r\n")
        if self._first:
            self._first = False
            data = data[2:]
        if self._has_long_line(data):
            self.flaw = Flaw.LONG_LINE
            return b""
        return data

    def _has_long_line(self, data: bytes) -> bool:
        """Whether some line is longer than it may be: each stretch of the longest must hold a break."""
        whole = self._max_line + len(b"\r\n")
        at, room, size = 0, whole - self._open, len(data)
        while size - at >= room:
            found = data.rfind(b"\n", at, at + room)
            if found < 0:
                return True
            at, room = found + 1, whole
        found = data.rfind(b"\n", at)
        if found >= 0:
            self._open = size - found - 1
        else:
            self._open = size - at + (0 if at else self._open)
        return False
