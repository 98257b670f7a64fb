"""A certification authority for one machine: TLS and S/MIME certificates that nobody else trusts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate and its key, in memory and as PEM files."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate_file: Path
    key_file: Path


class Authority:
    """Issues P-256 certificates for a month into one folder."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._now = datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name, None)
        self.certificate = (
            self._builder(self._name, self._key.public_key(), self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def host(self, host: str) -> Issued:
        """Issue for a TLS server that is also a client of its peers."""
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(host, _name(host, None), [x509.DNSName(host)], purposes)

    def mailbox(self, address: str, name: str, identifier: str | None = None) -> Issued:
        """Issue for S/MIME; `identifier` is a national one, which stands as the subject's serial number."""
        purposes = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
        return self._issue(address, _name(name, identifier), [x509.RFC822Name(address)], purposes)

    def _issue(
        self,
        file: str,
        subject: x509.Name,
        names: list[x509.GeneralName],
        purposes: list[x509.ObjectIdentifier],
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(subject, key.public_key(), self._name)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        issued = Issued(
            certificate=certificate,
            key=key,
            certificate_file=self._folder / f"{file}.pem",
            key_file=self._folder / f"{file}.key",
        )
        issued.certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        issued.key_file.touch(mode=0o600)
        issued.key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return issued

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _DAY)
            .not_valid_after(self._now + 30 * _DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )


def _name(common: str, identifier: str | None) -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Démonstration"),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ]
    if identifier is not None:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, identifier))
    return x509.Name(parts)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
