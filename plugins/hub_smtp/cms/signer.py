"""Signing: detached SignedData (RFC 5652, 5) over a digest that the caller has computed.

Everything that does not change from one message to the next is encoded once, so that a signature
costs little more than the key's own operation. Not checked here: that the certificate is valid now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from hub_smtp.cms import ber, der, oids

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
MIN_RSA_BITS: Final = 2048
_DIGEST_BYTES: Final = 32
_HASH: Final = hashes.SHA256()
_ECDSA: Final = ec.ECDSA(_HASH)
_PKCS1: Final = padding.PKCS1v15()
_SHA256: Final = oids.algorithm(oids.SHA256)
_CAPABILITIES: Final = der.tlv(
    der.SEQUENCE, *(oids.algorithm(one) for one in (oids.AES256_GCM, oids.AES256_CBC, oids.AES128_CBC))
)


class Signer:
    """Signs with one key and its certificate chain; safe from any thread."""

    def __init__(self, key: SigningKey, certificates: Sequence[x509.Certificate]) -> None:
        """Prepare. `certificates` are the signer's own first, then those that lead to an authority.

        Raises ValueError when the first is not the key's, or the key is not fit to sign.
        """
        if not certificates or certificates[0].public_key() != key.public_key():
            raise ValueError("the first certificate must be the signing key's")
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size < MIN_RSA_BITS:
            raise ValueError(f"an RSA key that signs has at least {MIN_RSA_BITS} bits")
        self._key = key
        self.certificates = tuple(certificates)
        chain = [one.public_bytes(Encoding.DER) for one in certificates]
        reference = der.tlv(der.OCTETS, hashlib.sha256(chain[0]).digest())
        essential = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, reference)))
        self._attributes = (
            der.attribute(oids.CONTENT_TYPE, oids.DATA),
            der.attribute(oids.SIGNING_CERTIFICATE_V2, essential),
            der.attribute(oids.CAPABILITIES, _CAPABILITIES),
        )
        # Version 1: the signer is named by issuer and serial number, the content is id-data.
        self._data_head = (
            b"\x02\x01\x01" + der.tlv(der.SET, _SHA256) + der.tlv(der.SEQUENCE, oids.DATA)
        ) + der.tlv(der.EXPLICIT, *sorted(chain))
        self._info_head = (
            b"\x02\x01\x01" + ber.issuer_and_serial(certificates[0].tbs_certificate_bytes) + _SHA256
        )
        # RFC 5754, 3.2: rsaEncryption is what every reader knows.
        self._algorithm = (
            oids.algorithm(oids.RSA, der.NULL)
            if isinstance(key, rsa.RSAPrivateKey)
            else oids.algorithm(oids.ECDSA_SHA256)
        )

    def sign(self, digest: bytes, at: datetime) -> bytes:
        """Return a detached SignedData in DER; `digest` is the content's SHA-256, `at` signing time.

        Raises ValueError when `digest` has not 32 bytes.
        """
        if len(digest) != _DIGEST_BYTES:
            raise ValueError("a SHA-256 digest has 32 bytes")
        attributes = der.set_of(
            *self._attributes,
            der.attribute(oids.SIGNING_TIME, der.time(at)),
            der.attribute(oids.MESSAGE_DIGEST, der.tlv(der.OCTETS, digest)),
        )
        if isinstance(self._key, rsa.RSAPrivateKey):
            signature = self._key.sign(attributes, _PKCS1, _HASH)
        else:
            signature = self._key.sign(attributes, _ECDSA)
        # What is signed carries the tag of SET OF, what travels [0] (RFC 5652, 5.4).
        information = der.tlv(
            der.SEQUENCE,
            self._info_head,
            bytes((der.EXPLICIT,)),
            attributes[1:],
            self._algorithm,
            der.tlv(der.OCTETS, signature),
        )
        data = der.tlv(der.SEQUENCE, self._data_head, der.tlv(der.SET, information))
        return der.tlv(der.SEQUENCE, oids.SIGNED_DATA, der.tlv(der.EXPLICIT, data))
