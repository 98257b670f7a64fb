"""Keys in PEM files: for tests, and for organisations whose seal may lie on the hub's own disk.

A prescriber's qualified key never lies in a file; it is in a card (`pkcs11`) or at their workstation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.errors import MalformedError
from hub.plugin import Table
from hub.ports.signing import Mechanism
from hub_eprescription.signing import authorities, certificates
from hub_eprescription.signing.secrets import read_secret, unusable

_MAX_KEY: Final = 64 << 10
_SALT: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PemSettings:
    """`key` holds the private key, `certificate` its certificate and those above it, its own first."""

    key: Path
    certificate: Path


def parse(table: Table) -> PemSettings:
    """Read the table. Raises ConfigError."""
    settings = PemSettings(key=table.file("key"), certificate=table.file("certificate"))
    table.finish()
    return settings


class PemSigner:
    """`Signer` on a key in memory."""

    def __init__(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, chain: Sequence[bytes]) -> None:
        self._key = key
        self._chain = tuple(chain)

    @property
    def chain(self) -> Sequence[bytes]:
        """Certificates in DER, the signer's own first."""
        return self._chain

    @property
    def mechanisms(self) -> Sequence[Mechanism]:
        """How it can sign, the preferred first."""
        return mechanisms_of(self._key)

    async def sign(self, data: bytes, mechanism: Mechanism) -> bytes:
        """Sign. Raises ValueError for a mechanism that is not among `mechanisms`."""
        if mechanism not in self.mechanisms:
            raise ValueError(mechanism)
        return await asyncio.to_thread(self._sign, data, mechanism)

    def _sign(self, data: bytes, mechanism: Mechanism) -> bytes:
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        if mechanism is Mechanism.RSA_PSS_SHA256:
            pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_SALT)
            return self._key.sign(data, pss, hashes.SHA256())
        old = mechanism is Mechanism.RSA_PKCS1_SHA1
        hashed = hashes.SHA1() if old else hashes.SHA256()  # noqa: S303 - a service demands it (see the port)
        return self._key.sign(data, padding.PKCS1v15(), hashed)


def mechanisms_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Sequence[Mechanism]:
    """Return how a key in memory can sign. PKCS #1 comes before PSS: not every service knows PSS."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return (Mechanism.ECDSA_SHA256,)
    return (Mechanism.RSA_PKCS1_SHA256, Mechanism.RSA_PSS_SHA256, Mechanism.RSA_PKCS1_SHA1)


def load(settings: PemSettings) -> PemSigner:
    """Read key and certificates. Raises ConfigError, which names the file."""
    chain = authorities.load_certificates(settings.certificate)
    key = _load_key(settings.key)
    try:
        theirs = certificates.public_key(certificates.read(chain[0]))
    except MalformedError as error:
        raise unusable(
            settings.certificate,
            "its first certificate can't be read, or its key is neither RSA nor EC",
            "son premier certificat est illisible, ou sa clé n'est ni RSA ni EC",
        ) from error
    if theirs.public_numbers() != key.public_key().public_numbers():
        raise unusable(
            settings.key,
            f"it is not the key of the first certificate in {settings.certificate}",
            f"ce n'est pas la clé du premier certificat de {settings.certificate}",
        )
    return PemSigner(key, chain)


def _load_key(path: Path) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    data = read_secret(path, _MAX_KEY)
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise unusable(
            path,
            "it holds no private key in PEM without a password",
            "il ne contient pas de clé privée PEM sans mot de passe",
        ) from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= certificates.MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size >= certificates.MIN_CURVE_BITS:
        return key
    raise unusable(
        path,
        "its key is neither RSA of 2048 bits or more nor EC of 256 bits or more",
        "sa clé n'est ni RSA d'au moins 2048 bits, ni EC d'au moins 256 bits",
    )
