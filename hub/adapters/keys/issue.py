"""New signing keys, with a certificate of their own or a request for one (`hub keys new`).

A self-signed certificate serves a first day and a demonstration, and operators who pin it; a request
goes to an authority that others trust already. Neither is a certification authority.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hub.adapters.keys import algorithms, private
from hub.errors import ConfigError, Words

MAX_DAYS: Final = 3650
_SKEW: Final = timedelta(minutes=5)
"""A peer's clock may be behind ours: a certificate holds a little before it was made."""


class KeyType(StrEnum):
    """The kinds of keys that the hub signs with."""

    ED25519 = "ed25519"
    P256 = "p256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who the key belongs to: X.520 names and the host names it may also answer to."""

    common_name: str
    organisation: str | None = None
    country: str | None = None
    hosts: tuple[str, ...] = ()


def new_key(kind: KeyType) -> algorithms.SigningKey:
    """Make a private key."""
    if kind is KeyType.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def self_signed(key: algorithms.SigningKey, subject: Subject, now: datetime, days: int) -> x509.Certificate:
    """Make a certificate for `key` by `key`, good for 1 to `MAX_DAYS` days, for signing only.

    Raises ConfigError `keys.days` or `keys.subject`.
    """
    if not 1 <= days <= MAX_DAYS:
        raise ConfigError(
            "keys.days",
            Words(
                en=f"A certificate lasts from 1 to {MAX_DAYS} days, not {days}.",
                fr=f"Un certificat dure de 1 à {MAX_DAYS} jours, et non {days}.",
            ),
        )
    name = _name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    for extension, critical in _extensions(subject):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, _hash_for(key))


def request(key: algorithms.SigningKey, subject: Subject) -> x509.CertificateSigningRequest:
    """Make a request for a certificate (PKCS #10, RFC 2986). Raises ConfigError `keys.subject`."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(subject))
    for extension, critical in _extensions(subject):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, _hash_for(key))


def save_key(key: algorithms.SigningKey, path: Path) -> None:
    """Write the key as PKCS #8 PEM for its owner alone. Raises ConfigError; overwrites nothing."""
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private.write_new(path, data, secret=True)


def save_public(what: x509.Certificate | x509.CertificateSigningRequest, path: Path) -> None:
    """Write a certificate or a request as PEM. Raises ConfigError; overwrites nothing."""
    private.write_new(path, what.public_bytes(Encoding.PEM), secret=False)


def _extensions(subject: Subject) -> list[tuple[x509.ExtensionType, bool]]:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
    ]
    if subject.hosts:
        try:
            hosts = [x509.DNSName(host) for host in subject.hosts]
        except ValueError:
            raise _subject_wrong() from None
        found.append((x509.SubjectAlternativeName(hosts), False))
    return found


def _name(subject: Subject) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, subject.country),
        (NameOID.ORGANIZATION_NAME, subject.organisation),
        (NameOID.COMMON_NAME, subject.common_name),
    )
    try:
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value is not None])
    except ValueError:
        raise _subject_wrong() from None


def _subject_wrong() -> ConfigError:
    return ConfigError(
        "keys.subject",
        Words(
            en="Names have 1 to 64 signs, a country 2 letters, and a host name is in ASCII (A-labels).",
            fr="Un nom compte 1 à 64 signes, un pays 2 lettres, un nom d'hôte est en ASCII (A-labels).",
        ),
    )


def _hash_for(key: algorithms.SigningKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
