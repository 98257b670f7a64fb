"""Keys and certificates from PEM files (RFC 7468), each fault named with its file.

Not checked here: dates, revocation and paths (`hub.adapters.keys.chain` looks at those, at the moment
that matters). Keys protected by a password are refused: a hub starts with nobody there to type it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.adapters.keys import algorithms, private
from hub.adapters.keys.jws import Seal

DecryptionKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate to which others encrypt, and the key that opens what they sent."""

    certificate: x509.Certificate
    key: DecryptionKey


def load_signing(key: Path, certificates: Path) -> Seal:
    """Load the hub's signing key (Ed25519 or P-256) and its chain, its own certificate first.

    Raises ConfigError: those of `private.read_secret`, `keys.malformed`, `keys.password`,
    `keys.type`, `keys.mismatch`.
    """
    loaded = _private_key(key)
    chain = _certificates(certificates)
    if not _may_sign(loaded):
        raise private.fault(
            "type",
            key,
            "is not an Ed25519 or a P-256 key, the two that the hub signs with",
            "n'est ni une clé Ed25519 ni une clé P-256, les deux avec lesquelles le hub signe",
        )
    _check_pair(loaded, chain[0], key, certificates)
    return Seal(loaded, chain)


def load_anchors(paths: Iterable[Path]) -> tuple[x509.Certificate, ...]:
    """Load every certificate in every file, each once, in order."""
    found = (certificate for path in paths for certificate in _certificates(path))
    return tuple(dict.fromkeys(found))


def load_identities(pairs: Iterable[tuple[Path, Path]]) -> tuple[Identity, ...]:
    """Load pairs of certificate file and key file with which S/MIME is opened (RSA or elliptic curve).

    Several pairs may serve at once: mail that was encrypted to the last certificate still comes in.
    """
    return tuple(_identity(certificate, key) for certificate, key in pairs)


def _identity(certificates: Path, key: Path) -> Identity:
    loaded = _private_key(key)
    certificate = _certificates(certificates)[0]
    if not isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise private.fault(
            "type",
            key,
            "is not an RSA or an elliptic-curve key, so nobody can encrypt to it",
            "n'est ni une clé RSA ni une clé à courbe elliptique : nul ne peut chiffrer pour elle",
        )
    _check_pair(loaded, certificate, key, certificates)
    return Identity(certificate=certificate, key=loaded)


def _may_sign(key: object) -> TypeGuard[algorithms.SigningKey]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return isinstance(key.curve, ec.SECP256R1)
    return isinstance(key, ed25519.Ed25519PrivateKey)


def _check_pair(
    key: algorithms.SigningKey | DecryptionKey, certificate: x509.Certificate, key_path: Path, path: Path
) -> None:
    if certificate.public_key() != key.public_key():
        raise private.fault(
            "mismatch",
            path,
            f"does not begin with the certificate of the key in {key_path}",
            f"ne commence pas par le certificat de la clé de {key_path}",
        )


def _private_key(path: Path) -> algorithms.SigningKey | DecryptionKey:
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
    if not isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise private.fault(
            "type",
            path,
            "holds a key of a type that the hub has no use for",
            "contient une clé inutilisable ici",
        )
    return key


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
