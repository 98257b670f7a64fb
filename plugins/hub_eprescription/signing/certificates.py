"""Prescribers' certificates: read, and the names in them that a directory knows.

The national identifiers that are looked for: RPPS (France, the common name of a CPS), Telematik-ID
(Germany, the admission extension), SDS user id (England, the common name of a smartcard).
"""

from __future__ import annotations

import re
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.domain.party import RPPS, Identifier
from hub_eprescription.signing import faults

TELEMATIK: Final = "https://gematik.de/fhir/sid/telematik-id"
SDS_USER: Final = "https://fhir.nhs.uk/Id/sds-user-id"
MIN_RSA_BITS: Final = 2048
MIN_CURVE_BITS: Final = 256
_TLS_ONLY: Final = frozenset({ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH})
_RPPS: Final = re.compile(r"8[0-9]{11}")
_SDS: Final = re.compile(r"([0-9]{12})(?:_.*)?", re.DOTALL)
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def read(der: bytes) -> x509.Certificate:
    """Return a certificate with an RSA or an EC key. Raises MalformedError."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.subject.rfc4514_string()
        certificate.issuer.rfc4514_string()
        _ = certificate.extensions
        key = certificate.public_key()
    except Exception as error:  # cryptography documents no list of what hostile bytes raise
        raise faults.malformed(
            "the signer's certificate can't be read", "le certificat du signataire est illisible"
        ) from error
    if not isinstance(key, PublicKey):
        raise faults.malformed(
            "the signer's key is neither RSA nor EC", "la clé du signataire n'est ni RSA ni EC"
        )
    return certificate


def public_key(certificate: x509.Certificate) -> PublicKey:
    """Return the key of a certificate that `read` has returned."""
    key = certificate.public_key()
    if not isinstance(key, PublicKey):
        raise TypeError(type(key).__name__)
    return key


def name(certificate: x509.Certificate) -> str:
    """Return the common name, or all of the subject when there is none."""
    return _common_name(certificate) or certificate.subject.rfc4514_string()


def addresses(certificate: x509.Certificate) -> frozenset[str]:
    """Return the mail addresses in it, in lower case."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(one.lower() for one in found.get_values_for_type(x509.RFC822Name))


def identifiers(certificate: x509.Certificate) -> tuple[Identifier, ...]:
    """Return the national identifiers in it."""
    common = _common_name(certificate)
    found = [Identifier(TELEMATIK, one) for one in _registrations(certificate)]
    if _first(certificate.subject, NameOID.COUNTRY_NAME) == "FR" and _RPPS.fullmatch(common):
        found.append(Identifier(RPPS, common))
    sds = _SDS.fullmatch(common)
    if sds and _first(certificate.subject, NameOID.ORGANIZATION_NAME).lower() == "nhs":
        found.append(Identifier(SDS_USER, sds[1]))
    return tuple(sorted(set(found)))


def is_strong(certificate: x509.Certificate) -> bool:
    """Whether the key is long enough."""
    key = public_key(certificate)
    return key.key_size >= (MIN_RSA_BITS if isinstance(key, rsa.RSAPublicKey) else MIN_CURVE_BITS)


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether it is for signing documents: nonRepudiation or digitalSignature, and not TLS's alone."""
    extensions = certificate.extensions
    try:
        if _TLS_ONLY.issuperset(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value):
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature or usage.content_commitment


def _common_name(certificate: x509.Certificate) -> str:
    return _first(certificate.subject, NameOID.COMMON_NAME)


def _first(subject: x509.Name, kind: x509.ObjectIdentifier) -> str:
    found = subject.get_attributes_for_oid(kind)
    return str(found[0].value) if found else ""


def _registrations(certificate: x509.Certificate) -> list[str]:
    try:
        admissions = certificate.extensions.get_extension_for_class(x509.Admissions).value
    except x509.ExtensionNotFound:
        return []
    return [
        info.registration_number
        for admission in admissions
        for info in admission.profession_infos
        if info.registration_number
    ]
