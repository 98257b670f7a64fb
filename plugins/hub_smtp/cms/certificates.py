"""What a certificate in a mail says: by what it is named in CMS, and whom it vouches for.

Read once per certificate and remembered: the same few senders write most of the mail.
Our reading of IGC-Santé's subjects: a serial number, UID or common name of exactly 12 digits that
begins with 8 is a national identifier of a professional, type digit and RPPS number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.errors import MalformedError
from hub_smtp.cms import ber, der

MAX_BYTES: Final = 32 << 10
"""Bytes in a certificate; real ones have one or two thousand."""
_NATIONAL: Final = re.compile(r"8[0-9]{11}")
_NATIONAL_ATTRIBUTES: Final = (NameOID.SERIAL_NUMBER, NameOID.USER_ID, NameOID.COMMON_NAME)
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A certificate and what was read from it. `name` is its IssuerAndSerialNumber in DER."""

    der: bytes = field(repr=False)
    certificate: x509.Certificate
    key: CertificatePublicKeyTypes
    name: bytes = field(repr=False)
    key_identifier: bytes = field(repr=False)
    subject: str = field(repr=False)
    addresses: tuple[Address, ...] = field(repr=False)
    identifiers: tuple[Identifier, ...] = field(repr=False)


def read(data: bytes) -> Known | None:
    """Read a certificate in DER.

    None when it can't be read, its key is of a kind we don't know, or it is larger than `MAX_BYTES`.
    """
    return _read(data) if len(data) <= MAX_BYTES else None


@lru_cache(maxsize=512)
def _read(data: bytes) -> Known | None:
    try:
        certificate = x509.load_der_x509_certificate(data)
        return Known(
            der=data,
            certificate=certificate,
            key=certificate.public_key(),
            name=ber.issuer_and_serial(certificate.tbs_certificate_bytes),
            key_identifier=der.subject_key_identifier(certificate),
            subject=_subject(certificate),
            addresses=_addresses(certificate),
            identifiers=_identifiers(certificate),
        )
    except Exception:  # noqa: BLE001 - cryptography documents no list of what a hostile certificate raises
        return None


def _addresses(certificate: x509.Certificate) -> tuple[Address, ...]:
    """Return the addresses of the alternative name or, lacking any, of the subject (RFC 8550, 3)."""
    texts: list[str] = []
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        texts = names.get_values_for_type(x509.RFC822Name)
    except x509.ExtensionNotFound:
        pass
    texts = texts or _texts(certificate, NameOID.EMAIL_ADDRESS)
    found = []
    for text in texts:
        try:
            found.append(Address.parse(text))
        except MalformedError:
            continue  # it vouches for nobody that we could meet
    return tuple(dict.fromkeys(found))


def _identifiers(certificate: x509.Certificate) -> tuple[Identifier, ...]:
    texts = [text for kind in _NATIONAL_ATTRIBUTES for text in _texts(certificate, kind)]
    return tuple(dict.fromkeys(Identifier(RPPS, text) for text in texts if _NATIONAL.fullmatch(text)))


def _subject(certificate: x509.Certificate) -> str:
    names = _texts(certificate, NameOID.COMMON_NAME)
    text = unicodedata.normalize("NFC", names[0] if names else certificate.subject.rfc4514_string())
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST_NAME]


def _texts(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> list[str]:
    values = (attribute.value for attribute in certificate.subject.get_attributes_for_oid(kind))
    return [value for value in values if isinstance(value, str)]
