"""The parts of a mail, found in one pass over its bytes and named by their offsets (RFC 2046, 5.1).

Strict, so that no two readers can see different parts: what a lenient reader would repair is refused.
Only multiparts are entered; a mail inside a mail (`message/rfc822`) is one part like any other.
Not done here: undoing transfer encodings, and judging what the parts say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from hub_smtp.mime import declared, fields
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.limits import BOUNDARY, Limits
from hub_smtp.mime.refusals import malformed, too_much
from hub_smtp.mime.source import Held, Source

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PADDING: Final = 100
"""Spaces that may follow a boundary on its line (RFC 2046: transport padding)."""
_LINE: Final = 2 + BOUNDARY + 2 + _PADDING


@dataclass(frozen=True, slots=True)
class Entity:
    """A mail or one of its parts. Its header is at `start`, its body from `body` up to `end`.

    `number` counts as IMAP does (`1.2`), empty for the mail. `media_type` and the names of
    `parameters` are in lower case. `encoding` is one of `declared.ENCODINGS`.
    """

    number: str
    start: int
    body: int
    end: int
    headers: Headers
    media_type: str
    parameters: dict[str, str]
    encoding: str
    children: tuple[Entity, ...]


async def scan(source: Source, limits: Limits, *, inside: bool = True) -> Entity:
    """Find the parts of a mail. Raises MalformedError and LimitError, which say what and where."""
    scanner = Scanner(limits, inside=inside)
    if isinstance(source, Held):
        scanner.feed(source.data)
    else:
        async for piece in source.pieces():
            scanner.feed(piece)
    return scanner.close()


@dataclass(slots=True)
class _Open:
    """An entity whose end has not been seen."""

    number: str
    start: int
    body: int
    headers: Headers
    media_type: str
    parameters: dict[str, str]
    encoding: str
    boundary: bytes = b""
    end: int = -1
    children: list[_Open] = field(default_factory=list)

    def close(self) -> Entity:
        return Entity(
            self.number,
            self.start,
            self.body,
            self.end,
            self.headers,
            self.media_type,
            self.parameters,
            self.encoding,
            tuple(child.close() for child in self.children),
        )


class Scanner:
    """Takes a mail's bytes piece by piece; keeps no more than a header of them.

    With `inside` False its multiparts are not entered: the mail's own header and body are all there is.
    """

    def __init__(self, limits: Limits, *, inside: bool = True) -> None:
        self._limits = limits
        self._inside = inside
        self._buffer = b""
        self._base = 0
        """Offset in the mail of the buffer's first byte."""
        self._at = 0
        """Where in the buffer reading goes on."""
        self._in_header = True
        self._final = False
        self._root: _Open | None = None
        self._current: _Open | None = None
        """The entity whose body is being read."""
        self._open: list[_Open] = []
        """The multiparts whose closing boundary has not come, from the outside in."""
        self._needles: tuple[bytes, ...] = ()
        """How a line with one of their boundaries begins, the innermost first."""
        self._parts = 0
        self._near = 0

    def feed(self, piece: bytes) -> None:
        """Take more bytes. Raises MalformedError and LimitError."""
        self._buffer = self._buffer[self._at :] + piece
        self._base += self._at
        self._at = 0
        self._run()

    def close(self) -> Entity:
        """Say that this was all. Raises MalformedError for a mail that is cut off."""
        self._final = True
        self._run()
        if self._open:
            raise self._unclosed(self._open[-1])
        if self._root is None or self._current is None:
            raise malformed("it is empty", "il est vide")
        self._root.end = self._base + len(self._buffer)
        return self._root.close()

    def _run(self) -> None:
        while self._header() if self._in_header else self._body():
            pass

    # Headers

    def _header(self) -> bool:
        """Read a header when it is there as a whole; False means that more bytes are needed."""
        buffer, at = self._buffer, self._at
        number = self._next_number()
        if buffer.startswith(b"\r\n", at):
            block, body = b"", at + 2
        else:
            most = self._limits.header_bytes
            end = buffer.find(b"\r\n\r\n", at, at + most + 4)
            if end >= 0:
                block, body = buffer[at : end + 2], end + 4
            elif len(buffer) - at > most:
                raise too_much("its header is too long", "son en-tête est trop long", most, number)
            elif not self._final:
                return False
            elif self._root is None:
                # A mail may be a header alone (RFC 5322, 2.1).
                block = buffer[at:]
                body = len(buffer)
            else:
                raise malformed(
                    "its header is not ended by an empty line",
                    "son en-tête ne finit pas par une ligne vide",
                    number,
                )
        self._begin(number, block, body)
        return True

    def _next_number(self) -> str:
        if not self._open:
            return ""
        parent = self._open[-1]
        count = len(parent.children) + 1
        return f"{parent.number}.{count}" if parent.number else str(count)

    def _begin(self, number: str, block: bytes, body: int) -> None:
        self._parts += 1
        if self._parts > self._limits.parts:
            raise too_much("it has too many parts", "il a trop de parties", self._limits.parts)
        parent = self._open[-1] if self._open else None
        headers = fields.parse(block, self._limits, number)
        digest = parent is not None and parent.media_type == "multipart/digest"
        media_type, found = declared.content_type(
            headers, "message/rfc822" if digest else "text/plain", number
        )
        entity = _Open(
            number,
            self._base + self._at,
            self._base + body,
            headers,
            media_type,
            found,
            declared.encoding(headers, media_type, number),
        )
        if parent is None:
            self._root = entity
        else:
            parent.children.append(entity)
        self._current = entity
        if self._inside and media_type.startswith("multipart/"):
            self._enter(entity)
        self._in_header = False
        # The empty line's CRLF may be the one that belongs to a boundary.
        self._at = body - 2 if self._open else body

    def _enter(self, entity: _Open) -> None:
        boundary = entity.parameters.get("boundary", "")
        if not _BOUNDARY.fullmatch(boundary):
            raise malformed(
                "it is a multipart whose boundary is missing or can't be one",
                "c'est un multipart dont la limite (boundary) manque ou ne peut en être une",
                entity.number,
            )
        entity.boundary = boundary.encode()
        if len(self._open) >= self._limits.depth:
            raise too_much(
                "its parts are nested too deep",
                "ses parties sont trop imbriquées",
                self._limits.depth,
                entity.number,
            )
        for outer in self._open:
            if outer.boundary in {entity.boundary, entity.boundary + b"--"} or (
                entity.boundary == outer.boundary + b"--"
            ):
                raise malformed(
                    "its boundary is that of the multipart around it",
                    "sa limite (boundary) est celle du multipart qui l'entoure",
                    entity.number,
                )
        self._open.append(entity)
        self._look_for_open()

    def _look_for_open(self) -> None:
        self._needles = tuple(b"\r\n--" + one.boundary for one in reversed(self._open))

    # Bodies

    def _body(self) -> bool:
        """Go on to the next boundary; False means that more bytes are needed, or that there are none."""
        buffer = self._buffer
        if not self._open:
            self._at = len(buffer)
            return False
        start = self._find()
        if start < 0:
            self._at = max(self._at, len(buffer) - BOUNDARY - 4)
            return False
        line_end = buffer.find(b"\r\n", start + 2, start + 2 + _LINE + 2)
        if line_end < 0 and len(buffer) - start < _LINE:
            if not self._final:
                self._at = start
                return False
            line_end = len(buffer)
        line = buffer[start + 4 : line_end].rstrip(b" \t") if line_end >= 0 else b""
        for entity in reversed(self._open):
            if line == entity.boundary:
                self._delimiter(entity, start, line_end + 2, closing=False)
                return True
            if line == entity.boundary + b"--":
                self._delimiter(entity, start, line_end, closing=True)
                return True
        self._near += 1
        if self._near > self._limits.near_boundaries:
            raise too_much(
                "too many of its lines begin like a boundary and are none",
                "trop de ses lignes commencent comme une limite (boundary) et n'en sont pas",
                self._limits.near_boundaries,
            )
        self._at = start + 4
        return True

    def _find(self) -> int:
        """Return where the next line that begins like a boundary has its CRLF before it, or -1."""
        found, end = -1, len(self._buffer)
        for needle in self._needles:
            at = self._buffer.find(needle, self._at, end)
            if at >= 0:
                found, end = at, at + len(needle)
        return found

    def _delimiter(self, entity: _Open, start: int, after: int, *, closing: bool) -> None:
        inner = self._open[-1]
        if entity is not inner:
            raise self._unclosed(inner)
        current = self._current
        if current is not None and current is not entity:
            current.end = max(current.body, self._base + start)
        self._at = min(after, len(self._buffer))
        if not closing:
            self._in_header = True
            return
        if not entity.children:
            raise malformed(
                "it is a multipart without a part", "c'est un multipart sans partie", entity.number
            )
        self._open.pop()
        self._current = entity
        if self._open:
            self._look_for_open()

    @staticmethod
    def _unclosed(entity: _Open) -> Exception:
        return malformed("its final boundary is missing", "sa limite (boundary) finale manque", entity.number)
