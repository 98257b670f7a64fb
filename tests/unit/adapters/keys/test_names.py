"""A certificate speaks for its fingerprint and its alternative names, and hostile bytes for nothing else."""

from __future__ import annotations

import base64
import hashlib
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.keys.names import names_of
from tests.counterparts import program

_KEY = ec.generate_private_key(ec.SECP256R1())


def _spki(key: CertificatePublicKeyTypes) -> str:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"spki:{hashlib.sha256(der).hexdigest()}"


_KEY_NAME = _spki(_KEY.public_key())


def _fingerprint(der: bytes) -> str:
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def _certificate(*names: x509.GeneralName) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "common.example")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(_KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def test_every_alternative_name_counts_in_lower_case() -> None:
    """Whoever configures `dns:mx.example` matches a certificate that writes MX.Example."""
    der = _certificate(
        x509.DNSName("MX.Example"),
        x509.RFC822Name("Box@Example.fr"),
        x509.DNSName("mx.example"),
        x509.UniformResourceIdentifier("https://elsewhere.example"),
    )
    assert names_of(der) == (_fingerprint(der), _KEY_NAME, "dns:mx.example", "email:box@example.fr")


def test_the_common_name_speaks_for_nobody() -> None:
    """A certificate without alternative names is known by its fingerprint and its key only."""
    der = _certificate()
    assert names_of(der) == (_fingerprint(der), _KEY_NAME)


def test_names_that_look_like_others_are_left_out() -> None:
    """A NUL or a blank in a name gives no second reading of it."""
    der = _certificate(
        x509.DNSName("mx.example"), x509.DNSName("mx.example\0.evil.example"), x509.DNSName("a b")
    )
    assert names_of(der) == (_fingerprint(der), _KEY_NAME, "dns:mx.example")


def test_a_real_authority_s_certificate_is_read() -> None:
    """What trustme issues is read by its names."""
    pem = trustme.CA().issue_cert("mx.valbrume.example").cert_chain_pems[0].bytes().decode()
    der = ssl.PEM_cert_to_DER_cert(pem)
    key = x509.load_der_x509_certificate(der).public_key()
    assert names_of(der) == (_fingerprint(der), _spki(key), "dns:mx.valbrume.example")


def test_a_renewed_certificate_keeps_the_name_of_its_key() -> None:
    """An operator pinned by `spki:` renews its certificate without telling anybody."""
    old, new = _certificate(x509.DNSName("a.example")), _certificate(x509.DNSName("b.example"))
    assert set(names_of(old)) & set(names_of(new)) == {_KEY_NAME}


@pytest.mark.parametrize(
    "kind", ["RSA -pkeyopt rsa_keygen_bits:2048", "ED25519", "EC -pkeyopt ec_paramgen_curve:P-384", "RSA-PSS"]
)
def test_openssl_gives_the_same_name_to_a_key(kind: str, tmp_path: Path) -> None:
    """What `openssl x509 -pubkey | openssl pkey -outform DER | sha256` prints can be written as it is."""
    openssl = program("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    _run(openssl, "genpkey", "-algorithm", *kind.split(), "-out", str(key))
    _run(openssl, "req", "-x509", "-key", str(key), "-subj", "/CN=mx", "-days", "2", "-out", str(certificate))
    public = _run(openssl, "x509", "-in", str(certificate), "-pubkey", "-noout")
    spki = b"".join(public.split(b"\n")[1:-2])
    expected = f"spki:{hashlib.sha256(base64.b64decode(spki)).hexdigest()}"
    assert expected == names_of(ssl.PEM_cert_to_DER_cert(certificate.read_text()))[1]


def _run(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


@given(at=st.integers(0, 400), put=st.binary(min_size=1, max_size=4))
def test_damaged_certificates_keep_their_fingerprint(at: int, put: bytes) -> None:
    """Whatever the bytes, the answer begins with their own fingerprint and nothing raises."""
    der = bytearray(_certificate(x509.DNSName("mx.example"), x509.RFC822Name("a@b.example")))
    der[at : at + len(put)] = put
    assert names_of(bytes(der))[0] == _fingerprint(bytes(der))


@given(st.binary(max_size=64))
def test_bytes_that_are_no_certificate_have_a_fingerprint_only(data: bytes) -> None:
    """Rubbish is named by its digest."""
    assert names_of(data) == (_fingerprint(data),)
