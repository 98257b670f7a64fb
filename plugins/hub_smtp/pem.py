"""Certificates and private keys from PEM files, with errors that name the file."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.errors import ConfigError, Words
from hub.plugin import reasons

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def certificates(path: Path) -> list[x509.Certificate]:
    """Return the certificates in a file, in its order. Raises ConfigError when there is none."""
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        raise wrong(
            path, "holds no certificate in PEM that can be read", "ne contient pas de certificat PEM lisible"
        ) from error


def private_key(path: Path) -> PrivateKey:
    """Return the private key in a file. Raises ConfigError when it has a password or is of no use here."""
    try:
        key = load_pem_private_key(_read(path), None)
    except (ValueError, TypeError) as error:
        raise wrong(
            path,
            "holds no private key in PEM without a password",
            "ne contient pas de clé privée PEM sans mot de passe",
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise wrong(path, "holds a key that is neither RSA nor EC", "contient une clé ni RSA ni EC")
    return key


def wrong(path: Path, en: str, fr: str) -> ConfigError:
    """Return the error for a file; the words continue a sentence that begins with its name."""
    return ConfigError("config.file", Words(en=f"{path} {en}.", fr=f"{path} {fr}."), file=str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = reasons.why(error)
        raise wrong(path, f"can't be read ({why.en})", f"est illisible ({why.fr})") from error
