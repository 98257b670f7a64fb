"""Which certificates may sign and be encrypted to, and what is said when one may not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.domain.party import RPPS, Identifier
from hub.errors import InputError
from hub_smtp.cms import der, encrypt, oids, signed, trust
from hub_smtp.cms.signer import Signer
from hub_smtp.cms.verdict import Verdict
from tests.plugins.smtp.cms.made import AT, Authority, Pair, make_key

DIGEST = hashlib.sha256(b"content").digest()


def judged(pair: Pair, authority: Authority, at: datetime = AT) -> str | None:
    """Return the code of the fault, or None."""
    fault = trust.Anchors([authority.certificate]).judge(pair.certificate, [], at)
    return None if fault is None else fault.code


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, None),
        ({"usage": ["content_commitment"]}, None),
        ({"usage": None, "purposes": None, "addresses": ()}, None),
        ({"purposes": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]}, None),
        ({"usage": ["key_encipherment"]}, "smime.certificate.wrong-usage"),
        ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "smime.certificate.wrong-usage"),
        ({"since": timedelta(days=-30), "days": 10}, "smime.certificate.expired"),
        ({"since": timedelta(days=1)}, "smime.certificate.not-yet-valid"),
    ],
)
def test_each_reason_has_its_code(asked: Mapping[str, Any], code: str | None, authority: Authority) -> None:
    """A certificate that may not sign is told why."""
    assert judged(authority.issue(**asked), authority) == code


def test_another_authority_is_unknown(authority: Authority) -> None:
    """An authority of the same name but with another key is not ours."""
    assert judged(Authority().issue(), authority) == "smime.certificate.unknown-authority"
    anchors = trust.Anchors([])
    fault = anchors.judge(authority.issue().certificate, [], AT)
    assert fault is not None
    assert fault.code == "smime.certificate.unknown-authority"


def test_an_intermediate_authority_leads_there(authority: Authority) -> None:
    """A chain that came along is followed; once an authority in it has expired, that is said."""
    middle = Authority("Middle", authority, days=30)
    pair = middle.issue()
    anchors = trust.Anchors([authority.certificate])
    assert anchors.judge(pair.certificate, [middle.certificate], AT) is None
    late = anchors.judge(pair.certificate, [middle.certificate], AT + timedelta(days=60))
    assert late is not None
    assert late.code == "smime.certificate.authority-expired"
    missing = anchors.judge(pair.certificate, [], AT)
    assert missing is not None
    assert missing.code == "smime.certificate.unknown-authority"


def test_an_end_certificate_issues_nothing(authority: Authority) -> None:
    """A doctor's certificate can't make another doctor."""
    forger = Authority("Forger", authority)
    honest = authority.issue(forger.key, subject=[(NameOID.COMMON_NAME, "Forger")], purposes=None)
    fault = trust.Anchors([authority.certificate]).judge(forger.issue().certificate, [honest.certificate], AT)
    assert fault is not None
    assert fault.code == "smime.certificate.unknown-authority"


def test_a_pinned_certificate_needs_no_authority(authority: Authority) -> None:
    """A single certificate may be trusted as it is, within its validity."""
    pair = authority.issue()
    anchors = trust.Anchors([pair.certificate])
    assert anchors.judge(pair.certificate, [], AT) is None
    fault = anchors.judge(pair.certificate, [], AT + timedelta(days=400))
    assert fault is not None
    assert fault.code == "smime.certificate.expired"


def test_a_remembered_path_still_expires(authority: Authority) -> None:
    """A path that was found once does not outlive its certificates, nor serve another purpose."""
    pair = authority.issue(usage=["digital_signature"])
    anchors = trust.Anchors([authority.certificate])
    assert anchors.judge(pair.certificate, [], AT) is None
    assert anchors.judge(pair.certificate, [], AT + timedelta(days=400)) is not None
    assert anchors.judge(pair.certificate, [], AT - timedelta(days=400)) is not None
    assert anchors.judge(pair.certificate, [], AT, trust.Purpose.ENCRYPT) is not None


def verified(pair: Pair, authority: Authority) -> Verdict:
    """Sign and verify with this certificate."""
    assert isinstance(pair.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    made = Signer(pair.key, [pair.certificate]).sign(DIGEST, AT)
    return signed.parse(made).verify({"sha256": DIGEST}, trust.Anchors([authority.certificate]), AT)


def test_a_verdict_says_whom_the_certificate_vouches_for(authority: Authority) -> None:
    """Addresses, national identifiers, signer and time come with a valid signature."""
    subject = [
        (NameOID.COMMON_NAME, "Dr Élise Martin"),
        (NameOID.SERIAL_NUMBER, "899700000000"),
        (NameOID.USER_ID, "12345"),
        (NameOID.EMAIL_ADDRESS, "not.used@example.org"),
    ]
    pair = authority.issue(addresses=["Elise.Martin@Example.org", "not an address"], subject=subject)
    got = verified(pair, authority)
    assert got.valid
    assert [one.key for one in got.addresses] == ["elise.martin@example.org"]
    assert got.identifiers == (Identifier(RPPS, "899700000000"),)
    assert (got.signer, got.signed_at) == ("Dr Élise Martin", AT)
    assert got.for_envelope().certificate_sha256 == got.certificate_sha256 is not None


def test_the_subject_gives_the_address_when_no_alternative_name_does(authority: Authority) -> None:
    """An older certificate has its address in the subject, and its national identifier as the name."""
    subject = [(NameOID.COMMON_NAME, "810001234567"), (NameOID.EMAIL_ADDRESS, "dr@example.org")]
    got = verified(authority.issue(addresses=(), subject=subject), authority)
    assert [str(one) for one in got.addresses] == ["dr@example.org"]
    assert got.identifiers == (Identifier(RPPS, "810001234567"),)


def test_an_untrusted_signature_vouches_for_nobody(authority: Authority) -> None:
    """When the authority is unknown, the signer is named but no address is given."""
    got = verified(Authority().issue(), authority)
    assert got.fault is not None
    assert (got.signer, got.addresses, got.identifiers) == ("Alice", (), ())


@pytest.mark.parametrize(
    ("key", "usage", "code"),
    [
        ("rsa", ["digital_signature"], "smime.recipient.usage"),
        ("p256", ["key_encipherment"], "smime.recipient.usage"),
        ("ed25519", None, "smime.recipient.key"),
        ("weak", None, "smime.recipient.key"),
    ],
)
def test_who_cannot_be_encrypted_to_is_told(
    key: str, usage: list[str] | None, code: str, authority: Authority
) -> None:
    """A recipient's certificate that can't serve says why."""
    with pytest.raises(InputError) as caught:
        encrypt.Encryption([authority.issue(make_key(key), usage=usage).certificate])
    assert caught.value.code == code


def test_someone_must_read(authority: Authority) -> None:
    """Encrypting to nobody is a mistake of the caller; to one twice is encrypting once."""
    with pytest.raises(ValueError, match="recipient"):
        encrypt.Encryption([])
    one = authority.issue("rsa").certificate
    assert encrypt.Encryption([one, one]).size(10) == encrypt.Encryption([one]).size(10)


@pytest.mark.parametrize(
    ("stated", "cipher"),
    [
        (None, None),
        ([oids.AES256_GCM, oids.AES256_CBC], encrypt.Cipher.GCM),
        ([oids.AES128_CBC], encrypt.Cipher.CBC),
    ],
)
def test_a_certificate_states_its_cipher(
    stated: list[bytes] | None, cipher: encrypt.Cipher | None, authority: Authority
) -> None:
    """What a recipient's software can read is taken from the certificate (RFC 4262)."""
    more = []
    if stated is not None:
        capabilities = der.tlv(der.SEQUENCE, *(oids.algorithm(one) for one in stated))
        more.append(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.840.113549.1.9.15"), capabilities))
    assert encrypt.stated_cipher(authority.issue(more=more).certificate) == cipher
