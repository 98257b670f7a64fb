"""Certificates for a double on this machine, from an authority of its own that nobody else trusts."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST: Final = "localhost"
"""The name that a double has on its own machine."""
LOOPBACK: Final = ("127.0.0.1", "::1")
MONTH: Final = timedelta(days=30)
_LEFT: Final = timedelta(days=7)
_EARLIER: Final = timedelta(days=1)
"""Clocks differ."""

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """PEM files of a double. `anchors` is the authority that the hub is to trust."""

    anchors: Path
    certificate: Path
    key: Path

    @classmethod
    def within(cls, folder: Path, name: str) -> Papers:
        """Return where a folder has them: `authority.pem`, and certificate and key of this name."""
        return cls(
            anchors=folder / "authority.pem",
            certificate=folder / f"{name}.pem",
            key=folder / f"{name}.key",
        )

    @property
    def last(self) -> bool:
        """Whether they are there, and good for another week."""
        if not all(one.is_file() for one in (self.anchors, self.certificate, self.key)):
            return False
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return certificate.not_valid_after_utc > datetime.now(UTC) + _LEFT


def kept(
    folder: Path, name: str, issuer: str, *, valid: timedelta = MONTH, hosts: Sequence[str] = ()
) -> Papers:
    """Return the files that were made before, so that who trusts them still may; else those of `issue`."""
    found = Papers.within(folder, name)
    return found if found.last else issue(folder, name, issuer, valid=valid, hosts=hosts)


def issue(
    folder: Path, name: str, issuer: str, *, valid: timedelta = MONTH, hosts: Sequence[str] = ()
) -> Papers:
    """Make an authority and a certificate for this machine and for `hosts`: names, IP addresses.

    No two authorities have the same name: `issuer`, and some letters drawn by lot. The key is for nobody else
    to read.
    """
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = _name(f"{issuer} {secrets.token_hex(4)}")
    until = datetime.now(UTC) + valid

    def built(subject: x509.Name, of: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.CertificateBuilder:
        """Begin a certificate that our authority signs."""
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority_name)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - _EARLIER)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .add_extension(_usage(ca=ca), critical=True)
        )

    authority = built(authority_name, authority_key, ca=True).sign(authority_key, hashes.SHA256())
    names = [_general(one) for one in dict.fromkeys((HOST, *LOOPBACK, *hosts))]
    certificate = (
        built(_name(HOST), key, ca=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    papers = Papers.within(folder, name)
    papers.anchors.write_bytes(authority.public_bytes(Encoding.PEM))
    papers.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    write_secret(papers.key, pem(key))
    return papers


def server(certificate: Path, key: Path, clients: Path | None) -> ssl.SSLContext:
    """Return the context of a double; with `clients`, callers show a certificate from those authorities.

    Raises OSError for files that can't be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def pem(key: PrivateKey) -> str:
    """Write a private key out, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
