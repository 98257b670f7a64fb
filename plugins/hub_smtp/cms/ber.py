"""Reading BER (X.690) that is whole in memory; `stream` reads what is not.

CMS may come in BER: indefinite lengths, octet strings in parts, lengths longer than needed. What was
signed is never re-encoded: elements give their bytes as they came.
High tag numbers, lengths over 4 bytes and deep nesting don't occur in CMS and are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hub_smtp.cms import der

MAX_DEPTH: Final = 16
_CONSTRUCTED: Final = 0x20
_HIGH_TAG: Final = 0x1F
_INDEFINITE: Final = 0x80
_MAX_LENGTH_BYTES: Final = 4


class NotBerError(ValueError):
    """The bytes are not BER, or not the structure that was expected."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its identifier byte, its contents, and all of its bytes as they came."""

    tag: int
    body: bytes
    raw: bytes

    def children(self) -> list[Element]:
        """Return the elements inside; raises NotBerError when it is primitive."""
        if not self.tag & _CONSTRUCTED:
            raise NotBerError("a primitive element has no elements inside")
        return list(elements(self.body))


def length_size(first: int) -> int:
    """Return how many bytes of length follow the first; raises NotBerError for what we don't take."""
    size = first & 0x7F if first & _INDEFINITE else 0
    if size > _MAX_LENGTH_BYTES:
        raise NotBerError("a length of more than 4 bytes")
    return size


def check_tag(tag: int) -> int:
    """Return `tag` unless its number needs more than one byte."""
    if tag & _HIGH_TAG == _HIGH_TAG:
        raise NotBerError("a tag number above 30")
    return tag


def _header(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Return the tag, where the contents begin, and where they end (None: indefinite)."""
    try:
        tag, first = check_tag(data[at]), data[at + 1]
    except IndexError:
        raise NotBerError("it ends inside an element") from None
    start = at + 2
    if first == _INDEFINITE:
        if not tag & _CONSTRUCTED:
            raise NotBerError("a primitive element of indefinite length")
        return tag, start, None
    size = length_size(first)
    end = start + (int.from_bytes(data[start : start + size]) + size if size else first)
    if end > len(data) or start + size > len(data):
        raise NotBerError("it ends inside an element")
    return tag, start + size, end


def _read(data: bytes, at: int, depth: int) -> tuple[Element, int]:
    if depth > MAX_DEPTH:
        raise NotBerError("too deep")
    tag, start, end = _header(data, at)
    if end is not None:
        return Element(tag, data[start:end], data[at:end]), end
    cursor = start
    while data[cursor : cursor + 2] != b"\x00\x00":
        cursor = _skip(data, cursor, depth + 1)
    return Element(tag, data[start:cursor], data[at : cursor + 2]), cursor + 2


def _skip(data: bytes, at: int, depth: int) -> int:
    """Return where the element at `at` ends, without copying it."""
    if depth > MAX_DEPTH:
        raise NotBerError("too deep")
    _, start, end = _header(data, at)
    if end is not None:
        return end
    while data[start : start + 2] != b"\x00\x00":
        start = _skip(data, start, depth + 1)
    return start + 2


def elements(data: bytes) -> Iterator[Element]:
    """Yield the elements that `data` is made of. Raises NotBerError."""
    at = 0
    while at < len(data):
        element, at = _read(data, at, 0)
        yield element


def single(data: bytes, tag: int) -> Element:
    """Return the one element that `data` is, which must have this tag. Raises NotBerError."""
    element, end = _read(data, 0, 0)
    if end != len(data) or element.tag != tag:
        raise NotBerError("something else was expected, or something follows")
    return element


def octets(element: Element, tag: int = der.OCTETS, depth: int = 0) -> bytes:
    """Return the bytes of an octet string, joined when it comes in parts. Raises NotBerError."""
    if element.tag == tag:
        return element.body
    if element.tag != tag | _CONSTRUCTED or depth > MAX_DEPTH:
        raise NotBerError("not an octet string")
    return b"".join(octets(part, depth=depth + 1) for part in elements(element.body))


def issuer_and_serial(tbs: bytes) -> bytes:
    """Return IssuerAndSerialNumber from a certificate's signed part, its bytes as they are there."""
    fields = single(tbs, der.SEQUENCE).children()
    if fields and fields[0].tag == der.EXPLICIT:
        fields = fields[1:]
    if len(fields) < 3:  # noqa: PLR2004 - serial number, signature algorithm, issuer
        raise NotBerError("not a certificate")
    return der.tlv(der.SEQUENCE, fields[2].raw, fields[0].raw)
