"""The bytes between one layer of S/MIME and the next: kept, brought to CRLF, given their header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hub.ports.content import Content, Sink
from hub.ports.intake import Stage
from hub_smtp.line_ends import only_crlf
from hub_smtp.mime import fields
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.limits import SMALL, Limits
from hub_smtp.mime.refusals import malformed, too_much
from hub_smtp.mime.source import Held, Source

Write = Callable[[bytes], Awaitable[None]]


class Scratch:
    """Bytes put aside: in memory while they are few, on the stage from then on."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._held = bytearray()
        self._sink: Sink | None = None

    async def write(self, data: bytes) -> None:
        """Take more bytes."""
        if self._sink is None and len(self._held) + len(data) <= SMALL:
            self._held += data
            return
        if self._sink is None:
            self._sink = self._stage.sink()
            await self._sink.write(bytes(self._held))
            self._held.clear()
        await self._sink.write(data)

    async def finish(self) -> Source:
        """Say that this was all, and return where it is."""
        return Held(bytes(self._held)) if self._sink is None else await self._sink.finish()


async def kept(source: Source, stage: Stage) -> Content:
    """Return what a scratch held as a content of the stage."""
    if isinstance(source, Held):
        return await stage.keep(source.data)
    return source  # type: ignore[return-value] # what is not held was written to the stage


class Canonical:
    """Brings a MIME entity whose header has LF alone to CRLF (RFC 8551, 3.1.1); leaves others alone."""

    def __init__(self, write: Write, limits: Limits) -> None:
        self._write = write
        self._most = limits.header_bytes
        self._begin: bytes | None = b""
        self._convert = False
        self._cr = b""

    async def write(self, data: bytes) -> None:
        """Take more bytes."""
        if self._begin is not None:
            data = self._begin + data
            at = data.find(b"\n")
            if at < 0:
                if len(data) > self._most:
                    raise too_much("its header is too long", "son en-tête est trop long", self._most)
                self._begin = data
                return
            self._begin, self._convert = None, data[at - 1 : at] != b"\r"
        if self._convert:
            data = self._cr + data
            self._cr = b"\r" if data.endswith(b"\r") else b""
            data = data[: len(data) - len(self._cr)].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        await self._write(data)

    async def end(self) -> None:
        """Say that this was all."""
        await self._write((self._begin or b"") + self._cr)


class Sendable:
    """Refuses what SMTP could not carry: a CR or LF alone, and NUL (RFC 5321, 2.3.8 and 4.5.2)."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._cr = b""
        self._ended = True

    async def write(self, data: bytes) -> None:
        """Take more bytes. Raises MalformedError (`mail.line_end`)."""
        data = self._cr + data
        self._cr = b"\r" if data.endswith(b"\r") else b""
        data = data[: len(data) - len(self._cr)]
        if b"\x00" in data or not only_crlf(data):
            raise _unsendable()
        if data:
            self._ended = data.endswith(b"\n")
            await self._write(data)

    async def end(self) -> None:
        """Say that this was all; the last line gets its end if it has none."""
        if self._cr:
            raise _unsendable()
        if not self._ended:
            await self._write(b"\r\n")


class Joined:
    """Puts the header of the mail around a decrypted entity: its own MIME fields, the mail's others."""

    def __init__(self, write: Write, outer: Headers, limits: Limits) -> None:
        self._write = write
        self._outer = outer
        self._limits = limits
        self._begin: bytes | None = b""

    async def write(self, data: bytes) -> None:
        """Take more bytes. Raises MalformedError and LimitError for the entity's header."""
        if self._begin is None:
            await self._write(data)
            return
        data = self._begin + data
        body = 0 if data.startswith(b"\r\n") else data.find(b"\r\n\r\n") + 2
        if data.startswith(b"\r\n") or body >= 2:  # noqa: PLR2004 - found
            self._begin = None
            await self._write(self._header(data[:body]) + data[body:])
        elif len(data) > self._limits.header_bytes:
            raise too_much("its header is too long", "son en-tête est trop long", self._limits.header_bytes)
        else:
            self._begin = data

    async def end(self) -> None:
        """Say that this was all."""
        if self._begin is not None:
            await self._write(self._header(self._begin) + b"\r\n")

    def _header(self, block: bytes) -> bytes:
        outer = [one.raw for one in self._outer.fields if not is_mime(one.name)]
        # Fields other than MIME's are copies (RFC 9788) of those outside, which were read already.
        inner = [one.raw for one in fields.parse(block, self._limits).fields if is_mime(one.name)]
        return "".join(f"{raw}\r\n" for raw in (*outer, "MIME-Version: 1.0", *inner)).encode()


def is_mime(name: str) -> bool:
    """Whether a field (in lower case) belongs to the MIME entity and not to the mail."""
    return name.startswith("content-") or name == "mime-version"


def _unsendable() -> Exception:
    return malformed(
        "what was encrypted holds a line end that is not CR LF, or a NUL",
        "ce qui était chiffré contient une fin de ligne autre que CR LF, ou un NUL",
        code="mail.line_end",
    )
