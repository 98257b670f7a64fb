"""Writing DER (X.690): the few forms that CMS needs, already encoded wherever they are constant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography import x509

SEQUENCE: Final = 0x30
SET: Final = 0x31
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTETS: Final = 0x04
NULL: Final = b"\x05\x00"
CONTEXT: Final = 0x80
"""Class bits of a primitive context tag: `CONTEXT | n` is [n] IMPLICIT over a primitive type."""
EXPLICIT: Final = 0xA0
"""Class bits of a constructed context tag: `EXPLICIT | n` is [n]."""
_SHORT: Final = 0x80
_FIRST_YEAR_OF_GENERALIZED_TIME: Final = 2050


def head(tag: int, size: int) -> bytes:
    """Return tag and minimal definite length of an element with `size` bytes inside."""
    if size < _SHORT:
        return bytes((tag, size))
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, _SHORT | len(length))) + length


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return tag, minimal definite length and the parts joined."""
    body = b"".join(parts)
    return head(tag, len(body)) + body


def oid(dotted: str) -> bytes:
    """Return an encoded OBJECT IDENTIFIER."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    body = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        body += bytes(reversed(groups))
    return tlv(0x06, bytes(body))


def time(moment: datetime) -> bytes:
    """Return UTCTime up to 2049 and GeneralizedTime from then on (RFC 5652, 11.3), to the second."""
    utc = moment.astimezone(UTC)
    if utc.year < _FIRST_YEAR_OF_GENERALIZED_TIME:
        return b"\x17\x0d" + utc.strftime("%y%m%d%H%M%SZ").encode()
    return b"\x18\x0f" + utc.strftime("%Y%m%d%H%M%SZ").encode()


def set_of(*members: bytes) -> bytes:
    """Return a SET OF with its members in DER's order."""
    return tlv(SET, *sorted(members))


def attribute(kind: bytes, value: bytes) -> bytes:
    """Return an Attribute with one value."""
    return tlv(SEQUENCE, kind, tlv(SET, value))


def subject_key_identifier(certificate: x509.Certificate) -> bytes:
    """Return the certificate's key identifier, by RFC 5280's first method when it states none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
