"""OCSP (RFC 6960): one question, and an answer that counts or does not.

An answer counts when the certificate's issuer signed it, or one whom that issuer has charged with it: a
certificate issued by the very same key, with id-kp-OCSPSigning, valid now (4.2.2.2). It must be about
the certificate asked for, in time, and to our question when it repeats a nonce (RFC 9654).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub_smtp.revocation import reasons
from hub_smtp.revocation.answer import SKEW, Answer
from hub_smtp.revocation.reasons import UnusableError

NONCE_BYTES: Final = 32
_NAMING: Final = hashes.SHA1()  # noqa: S303 - it only names the issuer; every responder knows it (RFC 5019)
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_MIN_RSA_BITS: Final = 2048
_NO_END: Final = timedelta(minutes=10)
"""How long an answer holds that does not say until when (4.2.2.1: newer information is always there)."""
_MOST_CERTIFICATES: Final = 8


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, and the certificate of who signed it when that was not the issuer itself.

    `charged` has to be looked up in its turn unless it says that it need not (id-pkix-ocsp-nocheck).
    """

    answer: Answer
    charged: x509.Certificate | None


def question(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes | None) -> bytes:
    """Return an OCSPRequest in DER. Raises UnusableError for certificates that can't be asked about."""
    try:
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, _NAMING)
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(Encoding.DER)
    except Exception as error:
        raise UnusableError(reasons.MALFORMED) from error


def read(
    data: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    at: datetime,
    nonce: bytes | None = None,
) -> Heard:
    """Read an OCSPResponse about a certificate of `issuer`'s. Raises UnusableError."""
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise UnusableError(reasons.REFUSED)
        return _read(response, certificate, issuer, at, nonce)
    except UnusableError:
        raise
    except Exception as error:
        # cryptography documents no list of what a hostile response raises.
        raise UnusableError(reasons.MALFORMED) from error


def _read(
    response: ocsp.OCSPResponse,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    at: datetime,
    nonce: bytes | None,
) -> Heard:
    # 1. Who signed.
    charged = _signer(response, issuer, at)
    # 2. Nothing in it that must be understood and is not; the nonce, if it is repeated.
    for one in response.extensions:
        if isinstance(one.value, x509.OCSPNonce):
            if nonce is not None and one.value.nonce != nonce:
                raise UnusableError(reasons.REPLAYED)
        elif one.critical:
            raise UnusableError(reasons.UNSUPPORTED)
    # 3. What it says of this certificate.
    single = _about(response, certificate, issuer)
    if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        raise UnusableError(reasons.UNKNOWN)
    # 4. In time (4.2.2.1).
    said_at = single.this_update_utc
    until = single.next_update_utc or said_at + _NO_END
    if said_at > at + SKEW or at >= until:
        raise UnusableError(reasons.OUT_OF_DATE)
    revoked = single.certificate_status is ocsp.OCSPCertStatus.REVOKED
    return Heard(
        Answer(
            said_at=said_at,
            until=until,
            revoked_at=single.revocation_time_utc if revoked else None,
            reason=single.revocation_reason if revoked else None,
        ),
        charged,
    )


def _about(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    """Return the part about this certificate, by issuer and serial number (4.1.1)."""
    singles = list(response.responses)
    if len(singles) == 1 and any(one.critical for one in response.single_extensions):
        raise UnusableError(reasons.UNSUPPORTED)
    for single in singles:
        if single.serial_number != certificate.serial_number:
            continue
        digest = single.hash_algorithm
        if not isinstance(digest, hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
            continue
        named = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, digest).build()
        if (single.issuer_name_hash, single.issuer_key_hash) == (
            named.issuer_name_hash,
            named.issuer_key_hash,
        ):
            return single
    raise UnusableError(reasons.OTHER)


def _signer(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> x509.Certificate | None:
    """Check the signature; return the certificate of who is charged by the issuer, None for itself."""
    failure = reasons.FORGED
    for one in (issuer, *response.certificates[:_MOST_CERTIFICATES]):  # several may bear one name
        if not _is_named(response, one) or (one is not issuer and not _may_answer(one, issuer, at)):
            continue
        try:
            _check(response, one)
        except UnusableError as error:
            failure = error.reason
            continue
        return None if one is issuer else one
    raise UnusableError(failure)


def _is_named(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    """Whether ResponderID names this certificate: by subject, or by SHA-1 of its key."""
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    key = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    return response.responder_key_hash == key


def _may_answer(certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    """Whether the issuer has charged this one with answering (4.2.2.2)."""
    try:
        certificate.verify_directly_issued_by(issuer)
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usages:
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    signs = usage is None or usage.digital_signature or usage.content_commitment
    return signs and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def need_not_be_checked(certificate: x509.Certificate) -> bool:
    """Whether a responder's certificate says that it is trusted for all of its life (4.2.2.2.1)."""
    try:
        certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return True


def _check(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    """Check the response's signature. Raises UnusableError."""
    key, data = signer.public_key(), response.tbs_response_bytes
    digest = response.signature_hash_algorithm
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(response.signature, data)
            return
        if not isinstance(digest, _HASHES):
            raise UnusableError(reasons.WEAK)
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
            key.verify(response.signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, data, ec.ECDSA(digest))
        else:
            raise UnusableError(reasons.WEAK)
    except InvalidSignature as error:
        raise UnusableError(reasons.FORGED) from error
