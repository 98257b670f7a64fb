"""Making MIME entities: a text, a file, a mail as it came, and several in one."""

from __future__ import annotations

from collections.abc import Sequence

from hub_smtp.mime import encode, write
from hub_smtp.mime.segments import Segment, Segments, base64, joined


def text(body: bytes, media_type: str = "text/plain") -> Segments:
    """Return a text in UTF-8."""
    encoding, encoded = encode.text(body)
    charset = "us-ascii" if encoding == "7bit" else "utf-8"
    head = f"Content-Type: {media_type}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return Segments((head.encode(), encoded))


def file(name: str, media_type: str, data: Segments) -> Segments:
    """Return a file in base64. What may not be in base64 (RFC 2046, 5) travels as plain bytes' type."""
    if media_type.startswith(("multipart/", "message/")):
        media_type = "application/octet-stream"
    head = _head(name, media_type) + "Content-Transfer-Encoding: base64\r\n\r\n"
    return Segments((head.encode(), base64(data)))


def mail(name: str, data: Segment, *, eight_bit: bool) -> Segments:
    """Return a mail as a file, its bytes as they are; they must be such that SMTP carries them."""
    encoding = "8bit" if eight_bit else "7bit"
    head = _head(name, "message/rfc822") + f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    return Segments((head.encode(), data), eight_bit)


def multipart(media_type: str, boundary: str, parts: Sequence[Segments]) -> Segments:
    """Return several entities in one. `media_type` may carry parameters."""
    head = f"{write.field('Content-Type', f'{media_type}; boundary={write.quoted(boundary)}')}\r\n"
    items: list[Segment | Segments] = [head.encode()]
    for part in parts:
        items += [f"--{boundary}\r\n".encode(), part, b"\r\n"]
    items.append(f"--{boundary}--\r\n".encode())
    return joined(items)


def _head(name: str, media_type: str) -> str:
    named = write.field("Content-Type", media_type + write.parameter("name", name))
    return named + write.field("Content-Disposition", "attachment" + write.parameter("filename", name))
