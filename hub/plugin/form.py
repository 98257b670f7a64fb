"""`multipart/form-data` (RFC 7578) as it streams in: one part after the other, none held whole.

Strict where RFC 2046, 5.1.1 leaves room: nothing before the first delimiter but an empty line, nothing
after the last one but line ends, no transfer encoding, no nesting. A form that breaks off is refused.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from hub.errors import LimitError, MalformedError, Words

MAX_HEADERS: Final = 8 << 10
"""Bytes in the headers of one part."""

_BOUNDARY: Final = re.compile(
    r"""multipart/form-data\s*;\s*boundary="""
    r"""(?:"([A-Za-z0-9'()+_,./:=? -]{1,70})"|([A-Za-z0-9'+_.-]{1,70}))\s*""",
    re.IGNORECASE,
)
_DISPOSITION: Final = re.compile(
    r"""form-data(?:\s*;\s*[a-z*-]+\s*=\s*(?:"[^"]*"|[^\s";]+))*\s*""", re.IGNORECASE
)
_NAME: Final = re.compile(r""";\s*name\s*=\s*(?:"([^"]*)"|([^\s";]+))""", re.IGNORECASE)
_PLAIN_ENCODINGS: Final = frozenset({"7bit", "8bit", "binary", "identity"})


def boundary_of(content_type: str) -> str:
    """Return the boundary that a Content-Type names. Raises MalformedError `http.form`."""
    if not (found := _BOUNDARY.fullmatch(content_type.strip())):
        raise _malformed(
            "Content-Type names no boundary of its form", "Content-Type ne nomme pas de séparateur conforme"
        )
    return found[1] or found[2]


class FormPart:
    """One part. Its bytes must be read before the next part is asked for."""

    def __init__(self, form: Form, name: str) -> None:
        self.name = name
        self._form = form

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come."""
        return self._form._content()  # noqa: SLF001 - a part is a view of its form

    async def whole(self, limit: int) -> bytes:
        """Return the bytes, at most `limit` of them. Raises LimitError."""
        data = bytearray()
        async for piece in self.pieces():
            data += piece
            if len(data) > limit:
                raise _too_large(self.name[:64], limit)
        return bytes(data)


class Form:
    """A form being read. `read` gives the next bytes, none at the end."""

    def __init__(self, read: Callable[[], Awaitable[bytes]], boundary: str) -> None:
        self._read = read
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        # The first delimiter has no line before it: the line end is ours.
        self._buffer = bytearray(b"\r\n")
        self._begun = False
        self._in_part = False

    async def next(self) -> FormPart | None:
        """Return the next part, or None after the last one. Raises MalformedError `http.form`."""
        if self._in_part:
            async for _ in self._content():
                pass
        if not self._begun:
            await self._begin()
        # What follows a delimiter: a line end, or two hyphens for the last one.
        await self._fill(2)
        after = bytes(self._buffer[:2])
        del self._buffer[:2]
        if after == b"--":
            await self._end()
            return None
        if after != b"\r\n":
            raise _malformed("a delimiter does not end its line", "un séparateur ne termine pas sa ligne")
        part = FormPart(self, _name(await self._headers()))
        self._in_part = True
        return part

    async def _begin(self) -> None:
        await self._fill(len(self._delimiter) + 2)
        if self._buffer.startswith(b"\r\n\r\n"):
            del self._buffer[:2]
        if not self._buffer.startswith(self._delimiter):
            raise _malformed("it does not begin with its delimiter", "il ne commence pas par son séparateur")
        del self._buffer[: len(self._delimiter)]
        self._begun = True

    async def _end(self) -> None:
        while True:
            if self._buffer.strip(b"\r\n"):
                raise _malformed("something follows its end", "quelque chose suit sa fin")
            self._buffer.clear()
            if not (data := await self._read()):
                return
            self._buffer += data

    async def _headers(self) -> bytes:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEADERS:
                raise _malformed("a part's headers are too long", "les en-têtes d'une partie sont trop longs")
            await self._more()
        headers = bytes(self._buffer[:end])
        if end > MAX_HEADERS:
            raise _malformed("a part's headers are too long", "les en-têtes d'une partie sont trop longs")
        del self._buffer[: end + 4]
        return headers

    async def _content(self) -> AsyncIterator[bytes]:
        keep = len(self._delimiter) - 1
        while (at := self._buffer.find(self._delimiter)) < 0:
            if len(self._buffer) > keep:
                piece = bytes(self._buffer[:-keep])
                del self._buffer[:-keep]
                yield piece
            await self._more()
        piece = bytes(self._buffer[:at])
        del self._buffer[: at + len(self._delimiter)]
        self._in_part = False
        if piece:
            yield piece

    async def _fill(self, count: int) -> None:
        while len(self._buffer) < count:
            await self._more()

    async def _more(self) -> None:
        data = await self._read()
        if not data:
            raise _malformed("it ends before its last delimiter", "il finit avant son dernier séparateur")
        self._buffer += data


def _name(headers: bytes) -> str:
    try:
        lines = headers.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise _malformed(
            "a part's headers are not UTF-8", "les en-têtes d'une partie ne sont pas en UTF-8"
        ) from None
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name.lower() in found or not name.isascii() or not value.strip().isprintable():
            raise _malformed("a part has a broken header", "une partie a un en-tête défectueux")
        found[name.lower()] = value.strip()
    if found.get("content-transfer-encoding", "binary").lower() not in _PLAIN_ENCODINGS:
        raise _malformed(
            "a part is encoded; send its bytes as they are",
            "une partie est encodée ; envoyez ses octets tels quels",
        )
    disposition = found.get("content-disposition", "")
    names = _NAME.findall(disposition)
    if not _DISPOSITION.fullmatch(disposition) or len(names) != 1:
        raise _malformed("a part has no name", "une partie n'a pas de nom")
    return str(names[0][0] or names[0][1])


def _malformed(en: str, fr: str) -> MalformedError:
    return MalformedError(
        "http.form", Words(en=f"The form can't be read: {en}.", fr=f"Le formulaire est illisible : {fr}.")
    )


def _too_large(name: str, limit: int) -> LimitError:
    return LimitError(
        "http.too_large",
        Words(
            en=f"The part {name} is over the limit of {limit} bytes.",
            fr=f"La partie {name} dépasse la limite de {limit} octets.",
        ),
        limit=limit,
    )
