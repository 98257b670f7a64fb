"""A certificate speaks for its fingerprint and its alternative names, and hostile bytes for nothing else."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.keys.names import names_of

_KEY = ec.generate_private_key(ec.SECP256R1())


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
    assert names_of(der) == (_fingerprint(der), "dns:mx.example", "email:box@example.fr")


def test_the_common_name_speaks_for_nobody() -> None:
    """A certificate without alternative names is known by its fingerprint only."""
    der = _certificate()
    assert names_of(der) == (_fingerprint(der),)


def test_names_that_look_like_others_are_left_out() -> None:
    """A NUL or a blank in a name gives no second reading of it."""
    der = _certificate(
        x509.DNSName("mx.example"), x509.DNSName("mx.example\0.evil.example"), x509.DNSName("a b")
    )
    assert names_of(der) == (_fingerprint(der), "dns:mx.example")


def test_a_real_authority_s_certificate_is_read() -> None:
    """What trustme issues is read by its names."""
    pem = trustme.CA().issue_cert("mx.valbrume.example").cert_chain_pems[0].bytes().decode()
    der = ssl.PEM_cert_to_DER_cert(pem)
    assert names_of(der) == (_fingerprint(der), "dns:mx.valbrume.example")


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
