"""Signatures built by hand, each wrong in one way, and published vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key

from hub.errors import MalformedError
from hub_smtp.cms import ber, certificates, content_key, der, oids, signature, signed, trust
from hub_smtp.cms.signer_info import SignerInfo
from hub_smtp.cms.verdict import Verdict
from tests.counterparts import shared
from tests.plugins.smtp.cms.made import AT, Authority, Pair, make_key

CONTENT = b"Content-Type: text/plain\r\n\r\nA report.\r\n"
DIGESTS = {name: hashlib.new(name, CONTENT).digest() for name in ("sha256", "sha384", "sha512")}
SHA256_RSA = next(iter(oids.RSA_SIGNATURES))


def attributes(digest: str = "sha256") -> list[bytes]:
    """Return the two attributes that must be signed."""
    return [
        der.attribute(oids.CONTENT_TYPE, oids.DATA),
        der.attribute(oids.MESSAGE_DIGEST, der.tlv(der.OCTETS, DIGESTS[digest])),
    ]


def essential(reference: bytes, algorithm: bytes = b"") -> bytes:
    """Return a SigningCertificateV2 attribute."""
    one = der.tlv(der.SEQUENCE, algorithm, der.tlv(der.OCTETS, reference))
    return der.attribute(oids.SIGNING_CERTIFICATE_V2, der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, one)))


def build(
    pair: Pair, members: Sequence[bytes], *, digest: bytes = oids.SHA256, algorithm: bytes = SHA256_RSA
) -> bytes:
    """Build a SignedData over these attributes, signed as the key signs."""
    over = der.set_of(*members)
    match pair.key:
        case rsa.RSAPrivateKey():
            value = pair.key.sign(over, padding.PKCS1v15(), hashes.SHA256())
        case ec.EllipticCurvePrivateKey():
            value = pair.key.sign(over, ec.ECDSA(hashes.SHA256()))
        case ed25519.Ed25519PrivateKey():
            value = pair.key.sign(over)
    info = der.tlv(
        der.SEQUENCE, b"\x02\x01\x01", ber.issuer_and_serial(pair.certificate.tbs_certificate_bytes),
        oids.algorithm(digest), b"\xa0" + over[1:], oids.algorithm(algorithm), der.tlv(der.OCTETS, value),
    )  # fmt: skip
    body = der.tlv(
        der.SEQUENCE, b"\x02\x01\x01", der.tlv(der.SET, oids.algorithm(digest)),
        der.tlv(der.SEQUENCE, oids.DATA),
        der.tlv(der.EXPLICIT, pair.certificate.public_bytes(Encoding.DER)), der.tlv(der.SET, info),
    )  # fmt: skip
    return der.tlv(der.SEQUENCE, oids.SIGNED_DATA, der.tlv(der.EXPLICIT, body))


def verdict_on(made: bytes, authority: Authority) -> Verdict:
    """Verify over the content."""
    return signed.parse(made).verify(DIGESTS, trust.Anchors([authority.certificate]), AT)


def test_ed25519_goes_with_sha512(authority: Authority, pairs: dict[str, Pair]) -> None:
    """Ed25519 is valid with SHA-512 (RFC 8419, 3.1) and with no other digest."""
    pair = pairs["ed25519"]
    made = build(pair, attributes("sha512"), digest=oids.SHA512, algorithm=oids.ED25519)
    assert verdict_on(made, authority).fault is None
    other = verdict_on(build(pair, attributes(), algorithm=oids.ED25519), authority)
    assert other.fault is not None
    assert other.fault.code == "smime.signature.unknown-algorithm"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _: attributes(), None),
        (lambda pair: [*attributes(), essential(fingerprint(pair))], None),
        (
            lambda pair: [*attributes(), essential(fingerprint(pair, "sha512"), oids.algorithm(oids.SHA512))],
            None,
        ),
        (lambda _: [*attributes(), essential(bytes(32))], "smime.signature.wrong-certificate"),
        (
            lambda pair: [*attributes(), essential(fingerprint(pair, "sha1"), oids.algorithm(oids.SHA1))],
            "smime.signature.wrong-certificate",
        ),
        (
            lambda _: [*attributes(), der.attribute(oids.SIGNING_CERTIFICATE_V2, b"\x05\x00")],
            "smime.signature.wrong-certificate",
        ),
        (lambda _: attributes()[:1], "smime.signature.no-attributes"),
        (lambda _: attributes()[1:], "smime.signature.no-attributes"),
        (
            lambda _: [der.attribute(oids.CONTENT_TYPE, oids.SIGNED_DATA), attributes()[1]],
            "smime.signature.content-type",
        ),
        (
            lambda _: [attributes()[0], der.attribute(oids.MESSAGE_DIGEST, der.tlv(der.OCTETS, bytes(32)))],
            "smime.signature.altered",
        ),
        (
            lambda _: [attributes()[0], der.attribute(oids.MESSAGE_DIGEST, b"\x04\x00")],
            "smime.signature.altered",
        ),
    ],
)
def test_attributes_must_say_what_is_so(
    change: Callable[[Pair], list[bytes]], code: str | None, authority: Authority, pairs: dict[str, Pair]
) -> None:
    """Signed attributes that name another content, type or certificate are refused, each with its reason."""
    got = verdict_on(build(pairs["rsa"], change(pairs["rsa"])), authority)
    assert (got.fault.code if got.fault else None) == code


def test_an_attribute_that_stands_twice_is_malformed(pairs: dict[str, Pair]) -> None:
    """Two digests of the message, one of them right, are no signature."""
    twice = [*attributes(), der.attribute(oids.MESSAGE_DIGEST, der.tlv(der.OCTETS, bytes(32)))]
    with pytest.raises(MalformedError) as caught:
        signed.parse(build(pairs["rsa"], twice))
    assert caught.value.code == "smime.malformed"


@pytest.mark.parametrize(
    ("kind", "algorithm", "code"),
    [
        ("rsa", oids.RSA, None),
        ("p256", oids.ECDSA_SHA256, None),
        ("p521", oids.ECDSA_SHA256, None),
        ("rsa", oids.ECDSA_SHA256, "smime.signature.unknown-algorithm"),
        ("p256", SHA256_RSA, "smime.signature.unknown-algorithm"),
        ("p256", oids.ED25519, "smime.signature.unknown-algorithm"),
        ("rsa", list(oids.RSA_SIGNATURES)[2], "smime.signature.unknown-algorithm"),
        ("rsa", der.oid("1.2.840.113549.1.1.5"), "smime.signature.weak-algorithm"),
        ("rsa", der.oid("1.2.840.10040.4.3"), "smime.signature.weak-algorithm"),
        ("rsa", oids.RSA_PSS, "smime.signature.wrong"),
    ],
)
def test_the_algorithm_agrees_with_key_and_digest(
    kind: str, algorithm: bytes, code: str | None, authority: Authority, pairs: dict[str, Pair]
) -> None:
    """What the signature says of itself must fit, and must not be weak."""
    got = verdict_on(build(pairs[kind], attributes(), algorithm=algorithm), authority)
    assert (got.fault.code if got.fault else None) == code


def test_a_short_rsa_key_is_weak(authority: Authority) -> None:
    """1024 bits of RSA sign nothing."""
    got = verdict_on(build(authority.issue(make_key("weak")), attributes()), authority)
    assert got.fault is not None
    assert got.fault.code == "smime.signature.weak-algorithm"


def test_a_certificate_that_cannot_be_read_is_none(authority: Authority, pairs: dict[str, Pair]) -> None:
    """A certificate of a version that does not exist, or of absurd size, is as if it had not come."""
    made = build(pairs["rsa"], attributes())
    anchors = trust.Anchors([authority.certificate])
    version = made.index(b"\xa0\x03\x02\x01\x02") + 4
    huge = replace(signed.parse(made), certificates=(bytes(certificates.MAX_BYTES + 1),))
    for data in (signed.parse(made[:version] + b"\x03" + made[version + 1 :]), huge):
        got = data.verify(DIGESTS, anchors, AT)
        assert got.fault is not None
        assert got.fault.code == "smime.signature.no-certificate"


def test_a_digest_that_was_not_computed_is_told(authority: Authority, pairs: dict[str, Pair]) -> None:
    """When the mail announced another digest than the signer used, the verdict says so."""
    made = build(pairs["rsa"], attributes())
    got = signed.parse(made).verify({"sha512": DIGESTS["sha512"]}, trust.Anchors([authority.certificate]), AT)
    assert got.fault is not None
    assert got.fault.code == "smime.signature.digest-not-announced"


def fingerprint(pair: Pair, name: str = "sha256") -> bytes:
    """Digest a certificate."""
    return hashlib.new(name, pair.certificate.public_bytes(Encoding.DER)).digest()


def groups(name: str) -> list[dict[str, Any]]:
    """Read a file of Project Wycheproof."""
    folder = shared("vectors/wycheproof/testvectors_v1")
    found: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text())["testGroups"]
    return found


def test_ed25519_vectors() -> None:
    """Every vector of Wycheproof for Ed25519 gives the result that it names."""
    for group in groups("ed25519_test"):
        key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(group["publicKey"]["pk"]))
        for one in group["tests"]:
            info = SignerInfo(
                name=b"", key_identifier=None, digest=oids.SHA512, algorithm=oids.ED25519, parameters=b"",
                signature=bytes.fromhex(one["sig"]), signed=b"", attributes={},
            )  # fmt: skip
            fault = signature.check(key, info, bytes.fromhex(one["msg"]))
            assert (fault is None) == (one["result"] == "valid"), one["comment"]


def test_pkcs1_padding_that_is_wrong_gives_a_random_key(authority: Authority) -> None:
    """Wycheproof's Bleichenbacher vectors: a right padding gives the key, a wrong one some key, no error."""
    for group in groups("rsa_pkcs1_2048_test"):
        key = load_der_private_key(bytes.fromhex(group["privateKeyPkcs8"]), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        identity = content_key.Identity(authority.issue(key).certificate, key)
        for one in group["tests"]:
            wanted, encrypted = bytes.fromhex(one["msg"]), bytes.fromhex(one["ct"])
            info = ber.single(
                der.tlv(
                    der.SEQUENCE, b"\x02\x01\x00", b"\x30\x00", oids.algorithm(oids.RSA, der.NULL),
                    der.tlv(der.OCTETS, encrypted),
                ),
                der.SEQUENCE,
            )  # fmt: skip
            size = len(wanted) or 32
            got = content_key.open_key(identity, encrypted, info, size)
            assert len(got) == size
            if one["result"] == "valid" and wanted:
                assert got == wanted, one["comment"]
            elif one["result"] == "invalid":
                assert got != wanted
