"""Certificates for a double on this machine, and secrets that are drawn for it: nobody else trusts them."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub_http.description.authentication import Assertion, OAuth2
from hub_http.description.model import Description

_DAYS: Final = timedelta(days=30)
_NAME: Final = "Operator double"


def issue(folder: Path) -> tuple[Path, Path, Path]:
    """Make an authority and a certificate for localhost; return the files of both and of its key."""
    now = datetime.now(UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{_NAME} {secrets.token_hex(4)}")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])

    def built(name: x509.Name, of: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.CertificateBuilder:
        """Begin a certificate that our authority signs."""
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + _DAYS)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
            .add_extension(_usage(ca=ca), critical=True)
        )

    authority = built(issuer, authority_key, ca=True).sign(authority_key, hashes.SHA256())
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ip_address(one)) for one in ("127.0.0.1", "::1")]
    certificate = (
        built(subject, key, ca=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    anchors = folder / "authority.pem"
    anchors.write_bytes(authority.public_bytes(Encoding.PEM))
    held = folder / "double.pem"
    held.write_bytes(certificate.public_bytes(Encoding.PEM))
    own = folder / "double.key"
    write_secret(own, _pem(key))
    return anchors, held, own


def kept(folder: Path) -> tuple[Path, Path, Path] | None:
    """Return the files that `issue` made before, when they are good for another week; else None."""
    files = folder / "authority.pem", folder / "double.pem", folder / "double.key"
    if not all(one.is_file() for one in files):
        return None
    certificate = x509.load_pem_x509_certificate(files[1].read_bytes())
    return files if certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=7) else None


def server(certificate: Path, key: Path, clients: Path | None) -> ssl.SSLContext:
    """Return the context of the server; with `clients`, callers show a certificate from those authorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def strange() -> ssl.SSLContext:
    """Return the context of a server that nobody trusts."""
    with tempfile.TemporaryDirectory() as folder:
        _, certificate, key = issue(Path(folder))
        return server(certificate, key, None)


def drawn(description: Description) -> Mapping[str, str]:
    """Return a secret for each that the description asks for: a key in PEM where one is meant."""
    algorithms = {}
    for one in description.auth:
        signed = one if isinstance(one, Assertion) else one.assertion if isinstance(one, OAuth2) else None
        if signed is not None:
            algorithms[signed.key] = signed.algorithm
    return {
        name: _pem(_private(algorithms[name])) if name in algorithms else secrets.token_urlsafe(24)
        for name in description.secrets
    }


def write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")


def _private(algorithm: str) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey:
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


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
