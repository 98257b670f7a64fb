"""The object identifiers and algorithm identifiers of S/MIME, encoded."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes

from hub_smtp.cms import der

# Content types (RFC 5652, RFC 5083).
DATA: Final = der.oid("1.2.840.113549.1.7.1")
SIGNED_DATA: Final = der.oid("1.2.840.113549.1.7.2")
ENVELOPED_DATA: Final = der.oid("1.2.840.113549.1.7.3")
AUTH_ENVELOPED_DATA: Final = der.oid("1.2.840.113549.1.9.16.1.23")

# Attributes (RFC 5652, 11; RFC 5035; RFC 8551, 2.5.2).
CONTENT_TYPE: Final = der.oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST: Final = der.oid("1.2.840.113549.1.9.4")
SIGNING_TIME: Final = der.oid("1.2.840.113549.1.9.5")
CAPABILITIES: Final = der.oid("1.2.840.113549.1.9.15")
ENCRYPTION_KEY_PREFERENCE: Final = der.oid("1.2.840.113549.1.9.16.2.11")
SIGNING_CERTIFICATE_V2: Final = der.oid("1.2.840.113549.1.9.16.2.47")

# Digests (RFC 5754).
SHA256: Final = der.oid("2.16.840.1.101.3.4.2.1")
SHA384: Final = der.oid("2.16.840.1.101.3.4.2.2")
SHA512: Final = der.oid("2.16.840.1.101.3.4.2.3")
MD5: Final = der.oid("1.2.840.113549.2.5")
SHA1: Final = der.oid("1.3.14.3.2.26")
DIGESTS: Final = {SHA256: "sha256", SHA384: "sha384", SHA512: "sha512"}
"""Those that we accept, with their names in hashlib."""
WEAK_DIGESTS: Final = frozenset({MD5, SHA1})
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

# Signatures (RFC 5754, RFC 4056, RFC 8419).
RSA: Final = der.oid("1.2.840.113549.1.1.1")
RSA_PSS: Final = der.oid("1.2.840.113549.1.1.10")
RSA_SIGNATURES: Final = {
    der.oid("1.2.840.113549.1.1.11"): "sha256",
    der.oid("1.2.840.113549.1.1.12"): "sha384",
    der.oid("1.2.840.113549.1.1.13"): "sha512",
}
ECDSA_SHA256: Final = der.oid("1.2.840.10045.4.3.2")
ECDSA_SIGNATURES: Final = {
    ECDSA_SHA256: "sha256",
    der.oid("1.2.840.10045.4.3.3"): "sha384",
    der.oid("1.2.840.10045.4.3.4"): "sha512",
}
WEAK_SIGNATURES: Final = frozenset(
    der.oid(one)
    for one in ("1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.2.840.10040.4.3")
)
ED25519: Final = der.oid("1.3.101.112")
MGF1: Final = der.oid("1.2.840.113549.1.1.8")

# Key management (RFC 3370, RFC 3560, RFC 5753).
RSA_OAEP: Final = der.oid("1.2.840.113549.1.1.7")
P_SPECIFIED: Final = der.oid("1.2.840.113549.1.1.9")
EC_PUBLIC_KEY: Final = der.oid("1.2.840.10045.2.1")
ECDH_SHA256: Final = der.oid("1.3.132.1.11.1")
_SHA1_KDF: Final[hashes.HashAlgorithm] = hashes.SHA1()  # noqa: S303 - inside a KDF, RFC 5753's default
ECDH: Final[dict[bytes, hashes.HashAlgorithm]] = {
    der.oid("1.3.133.16.840.63.0.2"): _SHA1_KDF,
    der.oid("1.3.132.1.11.0"): hashes.SHA224(),
    ECDH_SHA256: hashes.SHA256(),
    der.oid("1.3.132.1.11.2"): hashes.SHA384(),
    der.oid("1.3.132.1.11.3"): hashes.SHA512(),
    # With the cofactor: the same on the NIST curves, whose cofactor is 1.
    der.oid("1.3.133.16.840.63.0.3"): _SHA1_KDF,
    der.oid("1.3.132.1.14.0"): hashes.SHA224(),
    der.oid("1.3.132.1.14.1"): hashes.SHA256(),
    der.oid("1.3.132.1.14.2"): hashes.SHA384(),
    der.oid("1.3.132.1.14.3"): hashes.SHA512(),
}
AES256_WRAP: Final = der.oid("2.16.840.1.101.3.4.1.45")
WRAPS: Final = {
    der.oid("2.16.840.1.101.3.4.1.5"): 16,
    der.oid("2.16.840.1.101.3.4.1.25"): 24,
    AES256_WRAP: 32,
}
"""Key wraps, with the size of the wrapping key in bytes."""

# Content encryption (RFC 3565, RFC 5084).
AES256_CBC: Final = der.oid("2.16.840.1.101.3.4.1.42")
AES256_GCM: Final = der.oid("2.16.840.1.101.3.4.1.46")
AES128_CBC: Final = der.oid("2.16.840.1.101.3.4.1.2")
CBC: Final = {AES128_CBC: 16, der.oid("2.16.840.1.101.3.4.1.22"): 24, AES256_CBC: 32}
"""AES in CBC mode, with the size of the key in bytes."""
GCM: Final = {
    der.oid("2.16.840.1.101.3.4.1.6"): 16,
    der.oid("2.16.840.1.101.3.4.1.26"): 24,
    AES256_GCM: 32,
}
"""AES in GCM mode, with the size of the key in bytes."""
WEAK_CIPHERS: Final = {
    der.oid("1.2.840.113549.3.7"): "3DES",
    der.oid("1.2.840.113549.3.2"): "RC2",
    der.oid("1.2.840.113549.3.4"): "RC4",
    der.oid("1.3.14.3.2.7"): "DES",
}


def algorithm(kind: bytes, parameters: bytes = b"") -> bytes:
    """Return an AlgorithmIdentifier."""
    return der.tlv(der.SEQUENCE, kind, parameters)
