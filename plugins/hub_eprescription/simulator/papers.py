"""What a simulator needs that was given nothing: an authority with a certificate, and tokens for everyone.

Made anew each time but the files that are there already: a hub that is connected once stays connected.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub_eprescription.simulator.parties import Access, Role

HOST: Final = "localhost"
_VALID: Final = timedelta(days=365)
_LEFT: Final = timedelta(days=7)
_EARLIER: Final = timedelta(minutes=5)
"""Clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Files of a simulator. `anchors` is the authority that the hub is to trust."""

    certificate: Path
    key: Path
    anchors: Path


def papers(folder: Path, address: str) -> Papers:
    """Return the files of a folder; they are made when they are not there or soon over."""
    found = Papers(
        certificate=folder / "simulator.pem", key=folder / "simulator.key", anchors=folder / "authority.pem"
    )
    if not _lasting(found):
        _issue(found, address)
    return found


def access(folder: Path, role: Role, identifier: str, name: str) -> tuple[Access, Path]:
    """Return who may ask in a role, and the file with their token, which is made when it is not there."""
    path = folder / f"{name}.token"
    if not path.exists():
        _write_secret(path, f"{secrets.token_urlsafe(32)}\n")
    token = path.read_text("utf-8").strip()
    return Access(token=token, role=role, identifier=identifier, name=name), path


def _lasting(found: Papers) -> bool:
    if not all(one.is_file() for one in (found.certificate, found.key, found.anchors)):
        return False
    certificate = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    return certificate.not_valid_after_utc > datetime.now(UTC) + _LEFT


def _issue(found: Papers, address: str) -> None:
    authority = ec.generate_private_key(ec.SECP256R1())
    root = _builder("Caducée simulator", "Caducée simulator", authority.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(_usage(ca=True), critical=True)
    root = root.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False
    )
    key = ec.generate_private_key(ec.SECP256R1())
    own = _builder(HOST, "Caducée simulator", key.public_key())
    own = own.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    own = own.add_extension(_usage(ca=False), critical=True)
    own = own.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    own = own.add_extension(x509.SubjectAlternativeName(_names(address)), critical=False)
    own = own.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
    )
    found.anchors.write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM))
    found.certificate.write_bytes(own.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM))
    _write_secret(found.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def _builder(name: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _VALID)
    )


def _names(address: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName(HOST)]
    try:
        names.append(x509.IPAddress(ip_address(address)))
    except ValueError:
        if address != HOST:
            names.append(x509.DNSName(address))
    return names


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


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")
