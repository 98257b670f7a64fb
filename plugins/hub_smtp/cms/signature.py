"""Whether a signature value holds under a public key, by our policy (RFC 5754, RFC 4056, RFC 8419)."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from hub_smtp.cms import ber, der, oids, verdict
from hub_smtp.cms.signer import MIN_RSA_BITS
from hub_smtp.cms.signer_info import SignerInfo, algorithm
from hub_smtp.cms.verdict import Fault

_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_ED25519: Final = (oids.ED25519, oids.SHA512)
_LONGEST_SALT: Final = 1024
_PKCS1: Final = padding.PKCS1v15()


def check(key: CertificatePublicKeyTypes, info: SignerInfo, data: bytes) -> Fault | None:
    """Return why `info.signature` does not hold over `data`; None when it does.

    The signature algorithm must agree with the signer's digest, which must be one of ours.
    """
    if info.algorithm in oids.WEAK_SIGNATURES:
        return verdict.WEAK_SIGNATURE
    try:
        if isinstance(key, rsa.RSAPublicKey):
            return _rsa(key, info, data)
        if isinstance(key, ec.EllipticCurvePublicKey):
            return _ecdsa(key, info, data)
        # RFC 8419, 3.1: with signed attributes, the digest that goes with Ed25519 is SHA-512.
        if not isinstance(key, ed25519.Ed25519PublicKey) or (info.algorithm, info.digest) != _ED25519:
            return verdict.UNKNOWN_SIGNATURE
        key.verify(info.signature, data)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return verdict.WRONG_SIGNATURE
    return None


def _ecdsa(key: ec.EllipticCurvePublicKey, info: SignerInfo, data: bytes) -> Fault | None:
    digest = oids.DIGESTS[info.digest]
    if oids.ECDSA_SIGNATURES.get(info.algorithm) != digest or not isinstance(key.curve, _CURVES):
        return verdict.UNKNOWN_SIGNATURE
    key.verify(info.signature, data, ec.ECDSA(oids.HASHES[digest]))
    return None


def _rsa(key: rsa.RSAPublicKey, info: SignerInfo, data: bytes) -> Fault | None:
    if key.key_size < MIN_RSA_BITS:
        return verdict.WEAK_SIGNATURE
    digest = oids.DIGESTS[info.digest]
    scheme: padding.AsymmetricPadding
    if info.algorithm == oids.RSA or oids.RSA_SIGNATURES.get(info.algorithm) == digest:
        scheme = _PKCS1
    elif info.algorithm == oids.RSA_PSS:
        hashes, salt = _pss(info.parameters)
        if not oids.WEAK_DIGESTS.isdisjoint(hashes):
            return verdict.WEAK_SIGNATURE
        if hashes != {info.digest}:
            return verdict.UNKNOWN_SIGNATURE
        scheme = padding.PSS(padding.MGF1(oids.HASHES[digest]), salt)
    else:
        return verdict.UNKNOWN_SIGNATURE
    key.verify(info.signature, data, scheme, oids.HASHES[digest])
    return None


def _pss(parameters: bytes) -> tuple[set[bytes], int]:
    """Return the digests that RSASSA-PSS-params names, SHA-1 by default, and the salt's size."""
    fields = {one.tag: one.body for one in ber.single(parameters, der.SEQUENCE).children()}
    unknown = fields.keys() - {der.EXPLICIT | number for number in range(4)}
    digest, mask = oids.SHA1, oids.SHA1
    if (body := fields.get(der.EXPLICIT | 0)) is not None:
        digest, _ = algorithm(ber.single(body, der.SEQUENCE))
    if (body := fields.get(der.EXPLICIT | 1)) is not None:
        kind, inner = algorithm(ber.single(body, der.SEQUENCE))
        mask, _ = algorithm(ber.single(inner, der.SEQUENCE))
        if kind != oids.MGF1:
            raise ValueError("a mask other than MGF1")
    salt = int.from_bytes(ber.single(fields.get(der.EXPLICIT | 2, b"\x02\x01\x14"), der.INTEGER).body)
    trailer = ber.single(fields.get(der.EXPLICIT | 3, b"\x02\x01\x01"), der.INTEGER).body
    if unknown or salt > _LONGEST_SALT or trailer != b"\x01":
        raise ValueError("parameters that RFC 4055 does not know")
    return {digest, mask}, salt
