"""Applying transfer encodings, in pieces (RFC 2045, 6.7 and 6.8)."""

from __future__ import annotations

import binascii
import re
from collections.abc import AsyncIterator
from typing import Final

_LINE: Final = 57
"""Bytes that make one line of 76 base64 digits."""
_BATCH: Final = _LINE * 1024
_LONG = re.compile(rb"[^\n]{77}")
_WIDTH: Final = 76


def base64_size(size: int) -> int:
    """Return how many bytes `base64` makes of `size`."""
    return (size + 2) // 3 * 4 + (size + _LINE - 1) // _LINE * 2


def base64(data: bytes) -> bytes:
    """Return base64 in lines of 76, each with its CRLF."""
    encoded = binascii.b2a_base64(data, newline=False)
    lines = [encoded[at : at + _WIDTH] for at in range(0, len(encoded), _WIDTH)]
    lines.append(b"")
    return b"\r\n".join(lines)


async def base64_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield base64 in lines of 76, each with its CRLF."""
    left = b""
    async for piece in pieces:
        data = left + piece
        cut = len(data) // _LINE * _LINE
        left = data[cut:]
        for at in range(0, cut, _BATCH):
            yield base64(data[at : min(at + _BATCH, cut)])
    if left:
        yield base64(left)


def text(body: bytes) -> tuple[str, bytes]:
    """Return the transfer encoding for a UTF-8 text whose lines end in LF, CRLF or CR, and it encoded.

    7bit when it is ASCII in short lines, quoted-printable otherwise; what comes out is ASCII, has
    CRLF and, when it was not empty, ends in one, whether or not the text does.
    """
    body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if body.isascii() and body.endswith(b"\n") and not _needs_encoding(body):
        return "7bit", body.replace(b"\n", b"\r\n")
    return "quoted-printable", _quoted_printable(body)


def _needs_encoding(body: bytes) -> bool:
    return (
        _LONG.search(body) is not None
        or b" \n" in body
        or b"\t\n" in body
        or b"\x00" in body
        # A mailbox file's reader would change such a line (RFC 4155), and a signature would break.
        or body.startswith(b"From ")
        or b"\nFrom " in body
    )


def _quoted_printable(body: bytes) -> bytes:
    encoded = binascii.b2a_qp(body, istext=True).replace(b"\n", b"\r\n")
    if encoded.startswith(b"From "):
        encoded = b"=46rom " + encoded[5:]
    encoded = encoded.replace(b"\r\nFrom ", b"\r\n=46rom ")
    # A soft break at the end says that the text does not end its last line.
    return encoded if not encoded or encoded.endswith(b"\r\n") else encoded + b"=\r\n"
