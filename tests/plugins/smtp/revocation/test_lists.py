"""Lists that OpenSSL would not make: each is wrong in one way, and none of them counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from hub_smtp.revocation.lists import RevocationList
from hub_smtp.revocation.reasons import UnusableError
from tests.plugins.smtp.cms.made import AT, Authority

HERE = Authority()
URL = "http://crl.authority.example/one.crl"
PERSON = HERE.issue(
    more=[
        x509.CRLDistributionPoints(
            [
                x509.DistributionPoint(
                    full_name=[x509.UniformResourceIdentifier(URL)],
                    relative_name=None,
                    reasons=None,
                    crl_issuer=None,
                )
            ]
        )
    ]
).certificate
MOST = 2**159 - 1
"""The largest serial number (RFC 5280, 4.1.2.2)."""
OTHER = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
Changes = Callable[[x509.CertificateRevocationListBuilder], x509.CertificateRevocationListBuilder]


def made(change: Changes = lambda builder: builder, authority: Authority = HERE) -> bytes:
    """Return a list with one change, in DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.name)
        .last_update(AT - timedelta(hours=1))
        .next_update(AT + timedelta(days=1))
    )
    return change(builder).sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def point(**changed: Any) -> x509.IssuingDistributionPoint:
    """Return an issuing distribution point."""
    default: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(default | changed))


def with_point(**changed: Any) -> Changes:
    """Return the change that adds one."""
    return lambda builder: builder.add_extension(point(**changed), critical=True)


def entry(*extensions: tuple[x509.ExtensionType, bool]) -> Changes:
    """Return the change that revokes somebody else, with these extensions."""
    revoked = x509.RevokedCertificateBuilder().serial_number(7).revocation_date(AT)
    for one, critical in extensions:
        revoked = revoked.add_extension(one, critical=critical)
    return lambda builder: builder.add_revoked_certificate(revoked.build())


def names(*urls: str) -> list[x509.UniformResourceIdentifier]:
    """Return names of a point."""
    return [x509.UniformResourceIdentifier(one) for one in urls]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda builder: builder, None),
        (with_point(only_contains_user_certs=True), None),
        (with_point(full_name=names(URL, "http://other.example/")), None),
        (entry((x509.CRLReason(x509.ReasonFlags.key_compromise), False)), None),
        (entry((x509.InvalidityDate(AT), True)), None),
        (entry((OTHER, False)), None),
        (lambda builder: builder.add_extension(OTHER, critical=False), None),
        (lambda builder: builder.add_extension(OTHER, critical=True), "unsupported"),
        (lambda builder: builder.add_extension(x509.DeltaCRLIndicator(3), critical=True), "unsupported"),
        (lambda builder: builder.add_extension(x509.DeltaCRLIndicator(3), critical=False), "unsupported"),
        (with_point(indirect_crl=True), "unsupported"),
        (with_point(only_contains_attribute_certs=True), "unsupported"),
        (with_point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})), "unsupported"),
        (entry((OTHER, True)), "unsupported"),
        (entry((x509.CertificateIssuer([x509.DirectoryName(HERE.name)]), True)), "unsupported"),
        (with_point(only_contains_ca_certs=True), "other-part"),
        (with_point(full_name=names("http://crl.authority.example/two.crl")), "other-part"),
    ],
)
def test_each_is_judged(change: Changes, code: str | None) -> None:
    """A list counts for a certificate, or its reason says why it does not."""

    def judge() -> str | None:
        try:
            RevocationList(made(change)).answer(PERSON, HERE.certificate, AT)
        except UnusableError as error:
            return error.reason.code
        return None

    assert judge() == code


def test_a_list_dated_ahead() -> None:
    """A list of tomorrow says nothing today."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(HERE.name)
    builder = builder.last_update(AT + timedelta(hours=2)).next_update(AT + timedelta(days=1))
    data = builder.sign(HERE.key, hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(UnusableError) as caught:
        RevocationList(data).answer(PERSON, HERE.certificate, AT)
    assert caught.value.reason.code == "out-of-date"


def test_another_issuers_list() -> None:
    """A list of another authority is not looked into."""
    other = Authority("Other")
    with pytest.raises(UnusableError) as caught:
        RevocationList(made(authority=other)).answer(PERSON, HERE.certificate, AT)
    assert caught.value.reason.code == "other"


@given(at=st.integers(min_value=0), byte=st.integers(min_value=1, max_value=255))
def test_one_changed_byte_never_clears(at: int, byte: int) -> None:
    """No change of a byte makes a revoked certificate good."""
    revoked = x509.RevokedCertificateBuilder().serial_number(PERSON.serial_number).revocation_date(AT).build()
    data = bytearray(made(lambda builder: builder.add_revoked_certificate(revoked)))
    data[at % len(data)] ^= byte
    try:
        answer = RevocationList(bytes(data)).answer(PERSON, HERE.certificate, AT)
    except UnusableError:
        return
    assert answer.revoked_at is not None


@given(data=st.binary(max_size=2000))
def test_noise_is_no_list(data: bytes) -> None:
    """Whatever comes, the one error is raised."""
    with pytest.raises(UnusableError):
        RevocationList(data)


@given(
    listed=st.sets(st.integers(min_value=1, max_value=MOST), min_size=1, max_size=8),
    data=st.data(),
)
def test_who_is_listed_is_found(listed: set[int], data: st.DataObject) -> None:
    """Every serial number in a list is found, and no other, however they are spelt as bytes."""
    near = st.sampled_from(sorted(listed)).flatmap(
        lambda one: st.sampled_from([one, one + 1, one << 8, one >> 8, one | 1 << 158])
    )
    serial = data.draw(st.one_of(st.sampled_from(sorted(listed)), near, st.integers(1, MOST)))
    asked = (
        x509.CertificateBuilder(HERE.name, HERE.name, HERE.key.public_key(), min(max(serial, 1), MOST))
        .not_valid_before(AT)
        .not_valid_after(AT + timedelta(days=1))
        .sign(HERE.key, hashes.SHA256())
    )

    def revoke_all(
        builder: x509.CertificateRevocationListBuilder,
    ) -> x509.CertificateRevocationListBuilder:
        for one in listed:
            entry = x509.RevokedCertificateBuilder().serial_number(one).revocation_date(AT)
            builder = builder.add_revoked_certificate(entry.build())
        return builder

    answer = RevocationList(made(revoke_all)).answer(asked, HERE.certificate, AT)
    assert (answer.revoked_at is not None) is (asked.serial_number in listed)
