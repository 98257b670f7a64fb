"""RecipientInfo for writing: the content key, encrypted to one certificate (RFC 5652, 6.2).

RSA keys get key transport: PKCS #1 v1.5 by default, because Thunderbird (NSS) and older readers know
nothing else; OAEP on demand. Keys on NIST curves get one-pass ECDH (RFC 5753, 3.1.1).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.errors import InputError, Words
from hub_smtp.cms import ber, der, oids
from hub_smtp.cms.signer import MIN_RSA_BITS
from hub_smtp.cms.trust import Purpose, may

CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_KEY_BYTES: Final = 32
_WRAPPED_BYTES: Final = _KEY_BYTES + 8
_WRAP: Final = oids.algorithm(oids.AES256_WRAP)
_SHA256: Final = oids.algorithm(oids.SHA256)
_PKCS1: Final = padding.PKCS1v15()
_OAEP: Final = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_OAEP_PARAMETERS: Final = der.tlv(
    der.SEQUENCE,
    der.tlv(der.EXPLICIT | 0, _SHA256),
    der.tlv(der.EXPLICIT | 1, oids.algorithm(oids.MGF1, _SHA256)),
)


class Transport(StrEnum):
    """How the content key travels to an RSA key."""

    PKCS1 = "pkcs1"
    """PKCS #1 v1.5: every reader knows it."""
    OAEP = "oaep"
    """RSAES-OAEP with SHA-256 (RFC 3560)."""


class Recipient(Protocol):
    """One who shall be able to read: `size` is what `info` always has, `version` CMSVersion's."""

    size: int
    version: int

    def info(self, key: bytes) -> bytes:
        """Return a RecipientInfo that carries this content key of 32 bytes."""
        ...


def recipient(certificate: x509.Certificate, transport: Transport) -> Recipient:
    """Return the recipient that this certificate names.

    Raises InputError (`smime.recipient.key`, `smime.recipient.usage`).
    """
    try:
        key, allowed = certificate.public_key(), may(certificate, Purpose.ENCRYPT)
    except Exception:  # noqa: BLE001 - cryptography documents no list of what a hostile certificate raises
        raise _wrong_key() from None
    if not allowed:
        raise InputError(
            "smime.recipient.usage",
            Words(
                en="The recipient's certificate was not issued for encrypting mail"
                " (key usage, extended key usage).",
                fr="Le certificat du destinataire n'a pas été émis pour chiffrer du courrier"
                " (usage de la clé, simple ou étendu).",
            ),
        )
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return _Transported(certificate, key, transport)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES):
        return _Agreed(certificate, key)
    raise _wrong_key()


def _wrong_key() -> InputError:
    return InputError(
        "smime.recipient.key",
        Words(
            en="The recipient's certificate has a key that can't be encrypted to;"
            " RSA from 2048 bits and the curves P-256, P-384 and P-521 can.",
            fr="Le certificat du destinataire a une clé pour laquelle on ne peut pas chiffrer ;"
            " RSA dès 2048 bits et les courbes P-256, P-384 et P-521 le permettent.",
        ),
    )


def shared_info(wrap: bytes, size: int, ukm: bytes | None = None) -> bytes:
    """Return ECC-CMS-SharedInfo (RFC 5753, 7.2): the wrap's algorithm, and its key's size in bytes.

    `ukm` is UserKeyingMaterial, an encoded OCTET STRING.
    """
    return der.tlv(
        der.SEQUENCE,
        wrap,
        b"" if ukm is None else der.tlv(der.EXPLICIT | 0, ukm),
        der.tlv(der.EXPLICIT | 2, der.tlv(der.OCTETS, (8 * size).to_bytes(4))),
    )


_SHARED: Final = shared_info(_WRAP, _KEY_BYTES)


class _Transported:
    """KeyTransRecipientInfo (RFC 5652, 6.2.1), version 0: named by issuer and serial number."""

    version = 0

    def __init__(self, certificate: x509.Certificate, key: rsa.RSAPublicKey, transport: Transport) -> None:
        self._key = key
        self._padding: padding.AsymmetricPadding = _PKCS1
        algorithm = oids.algorithm(oids.RSA, der.NULL)
        if transport is Transport.OAEP:
            self._padding, algorithm = _OAEP, oids.algorithm(oids.RSA_OAEP, _OAEP_PARAMETERS)
        size = (key.key_size + 7) // 8
        name = ber.issuer_and_serial(certificate.tbs_certificate_bytes)
        whole = der.tlv(der.SEQUENCE, b"\x02\x01\x00", name, algorithm, der.tlv(der.OCTETS, bytes(size)))
        self.size = len(whole)
        self._head = whole[:-size]

    def info(self, key: bytes) -> bytes:
        return self._head + self._key.encrypt(key, self._padding)


class _Agreed:
    """KeyAgreeRecipientInfo (RFC 5652, 6.2.2), version 3, with an ephemeral key for each content."""

    version = 3

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePublicKey) -> None:
        self._key = key
        self._name = ber.issuer_and_serial(certificate.tbs_certificate_bytes)
        self.size = len(self._encode(bytes(1 + 2 * ((key.key_size + 7) // 8)), bytes(_WRAPPED_BYTES)))

    def info(self, key: bytes) -> bytes:
        ephemeral = ec.generate_private_key(self._key.curve)
        secret = ephemeral.exchange(ec.ECDH(), self._key)
        wrapping = X963KDF(hashes.SHA256(), _KEY_BYTES, _SHARED).derive(secret)
        point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return self._encode(point, aes_key_wrap(wrapping, key))

    def _encode(self, point: bytes, wrapped: bytes) -> bytes:
        # RFC 5753, 3.1.1: the curve is the recipient's and need not be said again.
        originator = der.tlv(
            der.EXPLICIT | 1, oids.algorithm(oids.EC_PUBLIC_KEY), der.tlv(der.BIT_STRING, b"\x00", point)
        )
        return der.tlv(
            der.EXPLICIT | 1,
            b"\x02\x01\x03",
            der.tlv(der.EXPLICIT | 0, originator),
            oids.algorithm(oids.ECDH_SHA256, _WRAP),
            der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, self._name, der.tlv(der.OCTETS, wrapped))),
        )
