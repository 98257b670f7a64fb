"""Sealed envelopes: golden bytes, an outsider's check, and no slack in any byte."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from joserfc import jws as joserfc_jws
from joserfc.jwk import OKPKey

from hub.adapters.keys import algorithms
from hub.adapters.keys.jws import Opener, Seal
from hub.domain import envelope
from hub.errors import HubError, MalformedError, TrustError
from tests import build_assets

ASSETS = Path(__file__).parents[3] / "assets"
AT = build_assets.CREATED
ANCHOR = build_assets.certificate(build_assets.ED25519)
NAMES = list(build_assets.MESSAGES)


@pytest.mark.parametrize("name", NAMES)
def test_golden_envelopes_have_not_moved(name: str) -> None:
    """Version 1 gives these bytes for ever, sealed and bare."""
    golden = build_assets.FOLDER / f"{name}.json"
    data = envelope.to_bytes(build_assets.envelopes()[name])
    assert data == golden.read_bytes()
    assert Seal(build_assets.ED25519, [ANCHOR]).seal(data) == golden.with_suffix(".jws").read_bytes()
    assert envelope.from_bytes(data) == build_assets.envelopes()[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_short_script_outside_the_package_verifies_them(name: str) -> None:
    """Nothing but `cryptography` is needed, and the script has at most 30 lines of code."""
    folder = build_assets.FOLDER
    script = folder / "verify.py"
    assert len([line for line in script.read_text().splitlines() if line.strip()]) <= 35
    done = subprocess.run(
        [sys.executable, "-I", script, folder / f"{name}.jws", folder / "anchor.pem"],
        capture_output=True,
        check=True,
    )
    assert done.stdout == (folder / f"{name}.json").read_bytes()


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
@pytest.mark.parametrize("name", NAMES)
def test_another_library_agrees(name: str) -> None:
    """The JOSE library joserfc verifies the same bytes with the same key."""
    sealed = json.loads((build_assets.FOLDER / f"{name}.jws").read_bytes())
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}
    )
    seen = joserfc_jws.deserialize_json(sealed, key, algorithms=["EdDSA", "Ed25519"])
    assert seen.payload == (build_assets.FOLDER / f"{name}.json").read_bytes()


@pytest.mark.filterwarnings("ignore:Parsed a:cryptography.utils.CryptographyDeprecationWarning")
def test_no_byte_of_a_sealed_envelope_is_slack() -> None:
    """Every byte, changed in its lowest or a high bit, makes it refused."""
    sealed = (build_assets.FOLDER / "smallest.jws").read_bytes()
    opener = Opener([ANCHOR])
    assert opener.open(sealed, AT).trusted
    for place in range(len(sealed)):
        for bit in (1, 32):
            altered = bytearray(sealed)
            altered[place] ^= bit
            with pytest.raises(HubError):
                opener.open(bytes(altered), AT)


@pytest.mark.parametrize("more", [b" ", b"\n\n", b"{}", b"\0"])
def test_nothing_may_follow(more: bytes) -> None:
    """One final line feed is an editor's; anything else is refused."""
    sealed = (build_assets.FOLDER / "smallest.jws").read_bytes()
    assert Opener([ANCHOR]).open(sealed + b"\n", AT).trusted
    with pytest.raises(MalformedError):
        Opener([ANCHOR]).open(sealed + more, AT)


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())]
)
def test_an_envelope_sealed_under_an_authority_is_trusted_in_its_time(
    key: algorithms.SigningKey,
) -> None:
    """The chain travels along; the moment asked decides."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority", authority_key, "authority", authority_key, ca=True)
    leaf = _certificate("hub", key, "authority", authority_key, ca=False)
    sealed = Seal(key, [leaf]).seal(b'{"a":1}')
    seen = Opener([authority]).open(sealed, AT)
    assert (seen.payload, seen.signer, seen.trusted) == (b'{"a":1}', "CN=hub", True)
    assert not Opener([authority]).open(sealed, datetime(2050, 1, 1, tzinfo=UTC)).trusted
    assert not Opener([ANCHOR]).open(sealed, AT).trusted
    assert not Opener([]).open(sealed, AT).trusted


def test_a_certificate_of_another_key_is_refused_at_both_ends() -> None:
    """Neither does the hub start with it, nor does anyone accept it."""
    other = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(ValueError, match="must be the signing key's"):
        Seal(other, [ANCHOR])
    seal = Seal(build_assets.ED25519, [ANCHOR])
    seal._key = other
    with pytest.raises(TrustError, match="does not hold"):
        Opener([ANCHOR]).open(seal.seal(b"{}"), AT)


@pytest.mark.parametrize(
    ("file", "algorithm"), [("ecdsa_secp256r1_sha256_p1363", "ES256"), ("ed25519", "EdDSA")]
)
def test_wycheproof_verdicts(file: str, algorithm: str) -> None:
    """Every case gets the verdict that Wycheproof gives it."""
    groups = json.loads((ASSETS / "wycheproof" / f"{file}_test.json").read_bytes())["testGroups"]
    count = 0
    for group in groups:
        key = _public_key(group["publicKey"])
        for case in group["tests"]:
            signature, data = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            verdict = algorithms.verify(algorithm, key, signature, data)
            assert verdict == (case["result"] == "valid"), case
            count += 1
    assert count > 100


def test_an_algorithm_goes_with_its_own_kind_of_key() -> None:
    """No confusion between algorithms, and none that isn't listed."""
    key = ec.generate_private_key(ec.SECP256R1())
    r_s = algorithms.sign(key, b"data")
    assert algorithms.verify("ES256", key.public_key(), r_s, b"data")
    for algorithm in ("EdDSA", "RS256", "PS256", "none", "HS256", ""):
        assert not algorithms.verify(algorithm, key.public_key(), r_s, b"data")
    der = encode_dss_signature(int.from_bytes(r_s[:32]), int.from_bytes(r_s[32:]))
    assert not algorithms.verify("ES256", key.public_key(), der, b"data")
    key.public_key().verify(der, b"data", ec.ECDSA(SHA256()))


def _public_key(fields: dict[str, str]) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey:
    if fields["type"] == "EDDSAPublicKey" or "wx" not in fields:
        return ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(fields["pk"]))
    numbers = ec.EllipticCurvePublicNumbers(int(fields["wx"], 16), int(fields["wy"], 16), ec.SECP256R1())
    return numbers.public_key()


def _certificate(
    name: str,
    key: algorithms.SigningKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    usage = dict.fromkeys(
        [
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ],
        False,
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(issuer_key, SHA256())
    )
