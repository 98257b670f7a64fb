"""Prescribers' keys and certificates for tests, by an authority of our own. All names are invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.pem import PemSigner

NOW = dt.datetime(2026, 3, 28, 9, 30, tzinfo=dt.UTC)
"""The moment at which these tests sign."""
FROM = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
TO = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
CAMILLE = "899700218896"
"""The invented RPPS, with its type digit, of Dr Camille Lilas."""

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A key and its certificate, with those above it."""

    key: Key
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def signer(self) -> PemSigner:
        """A signer with this key."""
        return PemSigner(
            self.key, [one.public_bytes(Encoding.DER) for one in (self.certificate, *self.above)]
        )

    @property
    def trust(self) -> Authorities:
        """The authorities that consist of this certificate."""
        return Authorities([self.der])

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write key (mode 0600) and certificates as PEM; return both paths."""
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        key.chmod(0o600)
        certificate.write_bytes(
            b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.above))
        )
        return key, certificate


def make_key(kind: str = "ec") -> Key:
    """Make a key: `ec` (P-256), `brainpool`, `rsa` (2048), `rsa1024`."""
    if kind == "brainpool":
        return ec.generate_private_key(ec.BrainpoolP256R1())
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if kind == "rsa1024" else 2048)


def authority(
    key: Key | None = None,
    *,
    name: str = "Autorité de Valbrume",
    by: Holder | None = None,
    hashed: hashes.HashAlgorithm | None = None,
) -> Holder:
    """Make an authority, its own root unless another signs it."""
    key = key or make_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _builder(subject, key, by, FROM, TO).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    return _signed(builder.add_extension(usage, critical=True), key, by, hashed)


def prescriber(
    by: Holder | None,
    key: Key | None = None,
    *,
    name: str = CAMILLE,
    begins: dt.datetime = FROM,
    ends: dt.datetime = TO,
    usage: str | None = "content_commitment",
    purposes: Sequence[x509.ObjectIdentifier] = (),
    mail: str | None = None,
    country: str = "FR",
    hashed: hashes.HashAlgorithm | None = None,
) -> Holder:
    """Make a prescriber's certificate, as a French card has it."""
    key = key or make_key()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    builder = _builder(subject, key, by, begins, ends)
    if usage is not None:
        builder = builder.add_extension(_usage(**{usage: True}), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=False)
    if mail is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(mail)]), critical=False)
    return _signed(builder, key, by, hashed)


def _builder(
    subject: x509.Name, key: Key, by: Holder | None, begins: dt.datetime, ends: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(
    builder: x509.CertificateBuilder, key: Key, by: Holder | None, hashed: hashes.HashAlgorithm | None
) -> Holder:
    certificate = builder.sign(key if by is None else by.key, hashed or hashes.SHA256())
    above: Sequence[x509.Certificate] = () if by is None else (by.certificate, *by.above)
    # A root is everybody's own to have; only what is between goes with a signature.
    return Holder(
        key=key,
        certificate=certificate,
        above=tuple(one for one in above if one.issuer != one.subject),
    )


def _usage(**given: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})
