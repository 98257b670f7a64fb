"""Undoing transfer encodings and charsets, in pieces (RFC 2045, 6)."""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import AsyncIterator
from typing import Final, Protocol

from hub.ports.content import Content
from hub.ports.intake import Stage
from hub_smtp.mime import charsets
from hub_smtp.mime.limits import SMALL
from hub_smtp.mime.refusals import malformed
from hub_smtp.mime.source import Held, Source
from hub_smtp.mime.structure import Entity

_BLANKS: Final = b" \t\r\n"
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r\n)")
_TRAILING = re.compile(rb"[ \t]+\r\n")


class Decoder(Protocol):
    """Takes bytes and gives others; both ends may cut anywhere."""

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        """Return what can be given for `data`, all of it when it is the last. Raises MalformedError."""
        ...


class _Identity:
    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        del final
        return data


class _Base64:
    """Blanks are allowed anywhere; anything else outside the alphabet, or after the padding, is not."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._left = b""
        self._ended = False

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        text = self._left + data.translate(None, _BLANKS)
        cut = len(text) if final else len(text) // 4 * 4
        self._left, text = text[cut:], text[:cut]
        if not text:
            return b""
        if self._ended:
            raise self._wrong()
        self._ended = text.endswith(b"=")
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            raise self._wrong() from None

    def _wrong(self) -> Exception:
        return malformed("it is not base64", "ce n'est pas du base64", self._part)


class _QuotedPrintable:
    def __init__(self, part: str) -> None:
        self._part = part
        self._left = b""

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        text = self._left + data
        if final:
            self._left = b""
            # A soft break may be the last thing: its CRLF then belongs to the boundary.
            text = text.rstrip(b" \t")
            text = text[:-1] if text.endswith(b"=") else text
        else:
            cut = text.rfind(b"\r\n") + 2
            if cut < 2:  # noqa: PLR2004 - not found
                cut = 0
            if len(text) - cut > SMALL:
                raise malformed("a line is too long", "une ligne est trop longue", self._part)
            self._left, text = text[cut:], text[:cut]
        if b"=" not in text:
            return _TRAILING.sub(b"\r\n", text) if b" \r\n" in text or b"\t\r\n" in text else text
        if _BAD_ESCAPE.search(text):
            raise malformed("it is not quoted-printable", "ce n'est pas du quoted-printable", self._part)
        if b" \r\n" in text or b"\t\r\n" in text:
            text = _TRAILING.sub(b"\r\n", text)
        return binascii.a2b_qp(text)


class _Text:
    """Any charset to UTF-8, CRLF to LF: the one form of text in an envelope's documents."""

    def __init__(self, inner: Decoder, codec: str, part: str) -> None:
        self._inner = inner
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._part = part
        self._cr = ""

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        try:
            text = self._cr + self._decoder.decode(self._inner.feed(data, final=final), final)
        except UnicodeDecodeError:
            raise malformed(
                "its text is not in the charset that it names",
                "son texte n'est pas dans le jeu de caractères qu'il annonce",
                self._part,
                "mail.charset",
            ) from None
        self._cr = ""
        if not final and text.endswith("\r"):
            text, self._cr = text[:-1], "\r"
        return text.replace("\r\n", "\n").encode("utf-8", "replace")


def decoder(entity: Entity) -> Decoder:
    """Return what undoes an entity's transfer encoding."""
    if entity.encoding == "base64":
        return _Base64(entity.number)
    if entity.encoding == "quoted-printable":
        return _QuotedPrintable(entity.number)
    return _Identity()


def text_decoder(entity: Entity) -> Decoder:
    """Return what brings a text part to UTF-8 with LF. Raises MalformedError for an unknown charset."""
    name = entity.parameters.get("charset", "us-ascii")
    codec = charsets.codec(name)
    if codec is None:
        raise malformed(
            f"charset {name!a} is not read here; send UTF-8",
            f"le jeu de caractères {name!a} n'est pas lu ici ; envoyez de l'UTF-8",
            entity.number,
            "mail.charset",
        )
    # Texts that forget to say so are in UTF-8 today, of which ASCII is a part.
    return _Text(decoder(entity), "utf-8" if codec == "ascii" else codec, entity.number)


async def pieces(source: Source, entity: Entity) -> AsyncIterator[bytes]:
    """Yield an entity's body with its transfer encoding undone. Raises MalformedError."""
    async for piece in _fed(source, entity, decoder(entity)):
        yield piece


async def whole(source: Source, entity: Entity) -> bytes:
    """Return an entity's body at once; the caller has seen that it is small."""
    return decoder(entity).feed(await source.read(entity.body, entity.end), final=True)


async def keep(source: Source, entity: Entity, stage: Stage, undo: Decoder) -> Content:
    """Write an entity's body to the stage through a decoder."""
    if isinstance(source, Held):
        return await stage.keep(undo.feed(source.data[entity.body : entity.end], final=True))
    sink = stage.sink()
    async for piece in _fed(source, entity, undo):
        await sink.write(piece)
    return await sink.finish()


async def _fed(source: Source, entity: Entity, undo: Decoder) -> AsyncIterator[bytes]:
    async for piece in source.pieces(entity.body, entity.end):
        if data := undo.feed(piece):
            yield data
    if data := undo.feed(b"", final=True):
        yield data
