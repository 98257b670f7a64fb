"""Certificates and private keys: from PEM files, from the base64 in a signature, and their names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from hub.errors import ConfigError, Words
from hub.plugin import reasons
from hub_trust.faults import Place

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_MAX_FILE: Final = 1 << 20


def load(paths: Iterable[Path]) -> list[x509.Certificate]:
    """Return every certificate in PEM files, in order. Raises ConfigError."""
    return [one for path in paths for one in _load(path)]


def load_key(path: Path) -> PrivateKey:
    """Return the private key in a PEM file. Raises ConfigError."""
    try:
        key = load_pem_private_key(_read(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _wrong(
            path,
            "holds no private key in PEM without a password",
            "ne contient pas de clé privée PEM sans mot de passe",
        ) from error
    if not isinstance(key, PrivateKey):
        raise _wrong(
            path,
            "holds a key that is neither Ed25519, EC nor RSA",
            "contient une clé ni Ed25519, ni EC, ni RSA",
        )
    return key


def decode(text: str, place: Place) -> x509.Certificate:
    """Read a certificate in base64, with or without line breaks, spelt as an encoder would."""
    compact = "".join(text.split())
    try:
        data = base64.b64decode(compact, validate=True)
        if base64.b64encode(data).decode() != compact:
            raise ValueError("stray bits")
        certificate = x509.load_der_x509_certificate(data)
        certificate.public_key()
        certificate.subject.rfc4514_string()
    except Exception as error:  # cryptography documents no list of what hostile bytes raise
        raise place.untrusted(
            "signer_unreadable",
            "the signer's certificate can't be read",
            "le certificat du signataire est illisible",
        ) from error
    return certificate


def names(certificate: x509.Certificate) -> frozenset[str]:
    """Return what `signer` may call a certificate: `sha256:`, `spki:`, `dns:`, `email:`, `subject:`.

    The subject is written by RFC 4514, all other names in lower case.
    """
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    found = {
        f"sha256:{hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()}",
        f"spki:{hashlib.sha256(key).hexdigest()}",
        f"subject:{certificate.subject.rfc4514_string()}",
    }
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset(found)
    found.update(f"dns:{one.lower()}" for one in alternative.get_values_for_type(x509.DNSName))
    found.update(f"email:{one.lower()}" for one in alternative.get_values_for_type(x509.RFC822Name))
    return frozenset(found)


def _load(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        raise _wrong(
            path, "holds no certificate in PEM that can be read", "ne contient pas de certificat PEM lisible"
        ) from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        why = reasons.why(error)
        raise _wrong(path, f"can't be read ({why.en})", f"est illisible ({why.fr})") from error
    if len(data) > _MAX_FILE:
        raise _wrong(path, "is larger than 1 MiB", "dépasse 1 Mio")
    return data


def _wrong(path: Path, en: str, fr: str) -> ConfigError:
    return ConfigError("config.file", Words(en=f"{path} {en}.", fr=f"{path} {fr}."), file=str(path))
