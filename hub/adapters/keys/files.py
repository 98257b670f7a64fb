"""Keys and certificates from PEM files (RFC 7468), each fault named with its file.

Not checked here: dates, revocation and paths (`hub.adapters.keys.chain` looks at those, at the moment
that matters). Keys protected by a password are refused: a hub starts with nobody there to type it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeGuard

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.adapters.keys import algorithms, private
from hub.adapters.keys.jws import Seal


def load_signing(key: Path, certificates: Path) -> Seal:
    """Load the hub's signing key (Ed25519 or P-256) and its chain, its own certificate first.

    Raises ConfigError: those of `private.read_secret`, `keys.malformed`, `keys.password`,
    `keys.type`, `keys.mismatch`.
    """
    loaded = _private_key(key)
    chain = _certificates(certificates)
    if chain[0].public_key() != loaded.public_key():
        raise private.fault(
            "mismatch",
            certificates,
            f"does not begin with the certificate of the key in {key}",
            f"ne commence pas par le certificat de la clé de {key}",
        )
    return Seal(loaded, chain)


def load_anchors(paths: Iterable[Path]) -> tuple[x509.Certificate, ...]:
    """Load every certificate in every file, each once, in order."""
    found = (certificate for path in paths for certificate in _certificates(path))
    return tuple(dict.fromkeys(found))


def _private_key(path: Path) -> algorithms.SigningKey:
    data = private.read_secret(path)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise private.fault(
            "password",
            path,
            f"is protected by a password; remove it with: openssl pkey -in {path} -out NEW",
            f"est protégé par un mot de passe ; retirez-le par : openssl pkey -in {path} -out NOUVEAU",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise private.fault(
            "malformed", path, "holds no private key in PEM", "ne contient pas de clé privée en PEM"
        ) from None
    if not _may_sign(key):
        raise private.fault(
            "type",
            path,
            "is not an Ed25519 or a P-256 key, the two that the hub signs with",
            "n'est ni une clé Ed25519 ni une clé P-256, les deux avec lesquelles le hub signe",
        )
    return key


def _may_sign(key: object) -> TypeGuard[algorithms.SigningKey]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return isinstance(key.curve, ec.SECP256R1)
    return isinstance(key, ed25519.Ed25519PrivateKey)


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(private.read_public(path))
        for certificate in found:
            certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise private.fault(
            "malformed",
            path,
            "holds something that is not a certificate in PEM",
            "contient autre chose qu'un certificat en PEM",
        ) from None
    return found
