"""Authorities, certificates and streams as the tests of CMS want them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
AT = datetime.now(UTC).replace(microsecond=0)
KINDS = ("rsa", "p256", "p384", "p521")


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key in PEM (PKCS #8)."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_key(kind: str) -> Key:
    """Make a key of a kind."""
    match kind:
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "weak":
            return rsa.generate_private_key(65537, 1024)  # noqa: S505 - to see it refused
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
            return ec.generate_private_key(curves[kind])


class Authority:
    """A root that issues certificates as a test wants them."""

    def __init__(self, name: str = "Authority", issuer: Authority | None = None, days: int = 3650) -> None:
        self.key = make_key("p256")
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.issuer = issuer or self
        builder = _builder(self.name, self.issuer.name, self.key, days)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        self.certificate = builder.sign(self.issuer.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """The authority's certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        key: Key | str = "p256",
        *,
        addresses: Sequence[str] = ("alice@example.org",),
        subject: Sequence[tuple[x509.ObjectIdentifier, str]] = ((NameOID.COMMON_NAME, "Alice"),),
        usage: Sequence[str] | None = (
            "digital_signature",
            "key_encipherment",
            "key_agreement",
        ),
        purposes: Sequence[x509.ObjectIdentifier] | None = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
        since: timedelta = timedelta(days=-1),
        days: int = 365,
        more: Sequence[x509.ExtensionType] = (),
    ) -> Pair:
        """Issue a certificate."""
        key = make_key(key) if isinstance(key, str) else key
        name = x509.Name([x509.NameAttribute(kind, text) for kind, text in subject])
        builder = _builder(name, self.name, key, days, since)
        if addresses:
            names = [x509.RFC822Name(one) for one in addresses]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if usage is not None:
            builder = builder.add_extension(_usage(*usage), critical=True)
        if purposes is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        for one in more:
            builder = builder.add_extension(one, critical=False)
        return Pair(builder.sign(self.key, hashes.SHA256()), key)


def _builder(
    name: x509.Name, issuer: x509.Name, key: Key, days: int, since: timedelta = timedelta(days=-1)
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT + since)
        .not_valid_after(AT + since + timedelta(days=days))
    )


def _usage(*allowed: str) -> x509.KeyUsage:
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
    return x509.KeyUsage(**{name: name in allowed for name in names})


async def in_pieces(data: bytes, size: int = 1 << 16) -> AsyncIterator[bytes]:
    """Yield `data` in pieces."""
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def joined(pieces: AsyncIterator[bytes]) -> bytes:
    """Return everything that comes."""
    return b"".join([piece async for piece in pieces])
