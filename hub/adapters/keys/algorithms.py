"""The four JWS algorithms that the hub knows, each bound to the one key type it goes with.

RFC 7518 (ES256, RS256, PS256) and RFC 8037 (EdDSA). The algorithm is never chosen by the key's
owner alone: a header that names one must come with a certificate whose key is of that type.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

SigningKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
_P256_BYTES = 32
_MIN_RSA_BITS = 2048


def algorithm_of(key: SigningKey) -> str:
    """Return the algorithm that a signing key is used with."""
    return "EdDSA" if isinstance(key, ed25519.Ed25519PrivateKey) else "ES256"


def sign(key: SigningKey, data: bytes) -> bytes:
    """Sign; ES256 gives R and S side by side (RFC 7518, 3.4), not DER."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(_P256_BYTES) + s.to_bytes(_P256_BYTES)


def verify(algorithm: str, key: CertificatePublicKeyTypes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` is `key`'s over `data` by `algorithm`; False for any mismatch of the three."""
    try:
        match algorithm, key:
            case "EdDSA", ed25519.Ed25519PublicKey():
                key.verify(signature, data)
            case "ES256", ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
                if len(signature) != 2 * _P256_BYTES:
                    return False
                r, s = int.from_bytes(signature[:_P256_BYTES]), int.from_bytes(signature[_P256_BYTES:])
                key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
            case "RS256", rsa.RSAPublicKey() if key.key_size >= _MIN_RSA_BITS:
                key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            case "PS256", rsa.RSAPublicKey() if key.key_size >= _MIN_RSA_BITS:
                pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
                key.verify(signature, data, pss, hashes.SHA256())
            case _:
                return False
    except (InvalidSignature, ValueError):
        return False
    return True
