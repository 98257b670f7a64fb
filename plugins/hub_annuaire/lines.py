"""The lines of one file, strictly: length, number of columns, encoding, an end.

UTF-8 or Windows-1252 is decided by the first line with a letter beyond ASCII (the header, as a rule)
and holds for the whole file: a file in both is refused. Not checked here: what the columns say.
"""

from __future__ import annotations

import codecs
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from hub_annuaire.faults import Place
from hub_annuaire.formats import Header, read_header

UTF_8: Final = "UTF-8"
WINDOWS_1252: Final = "Windows-1252"
REPORT_EVERY: Final = 1 << 20
"""Bytes between two reports of progress."""


class Held(Protocol):
    """Which lines were accepted before: `known` is asked once for each line, in the order of the file.

    `encoding` is that of the file they came in, None when they were all ASCII.
    """

    encoding: str | None

    def known(self, raw: bytes) -> bool:
        """Whether this very line was accepted before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes in a line, and in a file."""

    max_line: int
    max_file: int


class Lines:
    """One open file. `number` is the line being looked at, from 1; `encoding` what was found so far."""

    def __init__(
        self, stream: BinaryIO, file: str, size: int, limits: Limits, report: Callable[[int], None]
    ) -> None:
        if size > limits.max_file:
            raise _too_large(file, limits)
        self.file = file
        self.number = 0
        self.encoding: str | None = None
        self._read = stream.readline
        self._limits = limits
        self._report = report
        self._bytes = 0
        self._reported = 0
        self._names: tuple[str, ...] = ()

    def header(self) -> Header | None:
        """Read the first line; None for a file that an import passes over. Raises MalformedError."""
        raw = self._next()
        if raw is None:
            raise Place(self.file).malformed("empty", "the file is empty", "le fichier est vide")
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Place(self.file, 1).malformed(
                "encoding",
                "the text is UTF-16; it must be UTF-8 or Windows-1252",
                "le texte est en UTF-16 ; il doit être en UTF-8 ou Windows-1252",
            )
        if raw.startswith(codecs.BOM_UTF8):
            raw, self.encoding = raw[len(codecs.BOM_UTF8) :], UTF_8
        header = read_header(self.file, self._text(raw))
        self._names = header.names if header else ()
        return header

    def rows(self, separator: str, upto: int, held: Held | None = None) -> Iterator[list[str]]:
        """Yield the first `upto` columns of every line, and one text with the rest if there is any.

        Lines that are held are counted and passed over. Raises MalformedError and LimitError.
        """
        expected = len(self._names) - 1
        while (raw := self._next()) is not None:
            if held is not None and held.known(raw):
                if self.encoding is None and not raw.isascii():
                    self.encoding = held.encoding
                continue
            text = self._text(raw)
            if text.count(separator) != expected:
                raise self._columns(text.count(separator) + 1)
            yield text.split(separator, upto)
        self._report(self._bytes)

    def place(self, column: int | None = None) -> Place:
        """Name the present line, and one of its columns."""
        return Place(self.file, self.number, self._names[column] if column is not None else None)

    def _next(self) -> bytes | None:
        limit = self._limits.max_line
        try:
            raw = self._read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Place(self.file).malformed(
                "zip_damaged", "the zip is damaged", "l'archive zip est endommagée"
            ) from error
        if not raw:
            return None
        self.number += 1
        self._bytes += len(raw)
        if not raw.endswith(b"\n"):
            if len(raw) > limit:
                raise self.place().limit(
                    "line_too_long", f"longer than {limit} bytes", f"plus longue que {limit} octets"
                )
            raise self.place().malformed(
                "truncated",
                "the file ends in the middle of a line: it is truncated",
                "le fichier s'arrête au milieu d'une ligne : il est tronqué",
            )
        if self._bytes > self._limits.max_file:
            raise _too_large(self.file, self._limits)
        if self._bytes - self._reported >= REPORT_EVERY:
            self._reported = self._bytes
            self._report(self._bytes)
        return raw

    def _text(self, raw: bytes) -> str:
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
        if raw.isascii():
            return raw.decode("ascii")
        utf8 = _decoded(raw, "utf-8")
        if self.encoding is None:
            self.encoding = WINDOWS_1252 if utf8 is None else UTF_8
        if self.encoding == UTF_8 and utf8 is not None:
            return utf8
        if self.encoding == WINDOWS_1252 and utf8 is None:
            text = _decoded(raw, "cp1252")
            if text is not None:
                return text
        at = _first_wrong(raw, self.encoding)
        raise self.place().malformed(
            "encoding",
            f"the text is not in {self.encoding}, the encoding of this file so far, from byte {at} on",
            f"le texte n'est pas en {self.encoding}, l'encodage du fichier jusqu'ici, "
            f"à partir de l'octet {at}",
        )

    def _columns(self, count: int) -> Exception:
        return self.place().malformed(
            "columns",
            f"{count} columns instead of {len(self._names)}",
            f"{count} colonnes au lieu de {len(self._names)}",
        )


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _first_wrong(raw: bytes, encoding: str) -> int:
    """Return the place in the line, from 1, of the first byte that is not in the encoding."""
    try:
        raw.decode("utf-8" if encoding == UTF_8 else "cp1252")
    except UnicodeDecodeError as error:
        return error.start + 1
    return next(place for place, byte in enumerate(raw, 1) if byte > 0x7F)  # noqa: PLR2004 - the end of ASCII


def _too_large(file: str, limits: Limits) -> Exception:
    return Place(file).limit(
        "file_too_large",
        f"larger than {limits.max_file} bytes",
        f"plus grand que {limits.max_file} octets",
    )
