"""Signatures that envelop a prescription: made, verified by us and by OpenSSL, and never in another form."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, core
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import HubError, LimitError, MalformedError, PeerError, TrustError
from hub.ports.signing import Mechanism
from hub_eprescription.signing import cades
from hub_eprescription.signing import cms as forms
from tests.counterparts import program
from tests.plugins.eprescription.prescribers import CAMILLE, NOW, Holder, authority, make_key, prescriber
from tests.plugins.eprescription.signing.forging import Attributes, attribute, forge, reference

CONTENT = "<Bundle xmlns='http://hl7.org/fhir'><!-- été --></Bundle>\r\n".encode()


@pytest.fixture(scope="module")
def root() -> Holder:
    """Make an authority."""
    return authority()


@pytest.fixture(scope="module")
def camille(root: Holder) -> Holder:
    """Make a prescriber of that authority."""
    return prescriber(root)


@pytest.fixture(scope="module")
def signed(camille: Holder) -> bytes:
    """Sign once; a property test wants the same bytes each time."""
    return forge(camille, CONTENT)


@pytest.mark.parametrize("kind", ["ec", "brainpool", "rsa"])
async def test_a_signature_gives_back_what_was_signed(kind: str) -> None:
    """Content, signer, national number and time come out as they went in, through a path of three."""
    root = authority(make_key(kind))
    between = authority(make_key(kind), name="Autorité de Hautmont", by=root)
    camille = prescriber(between, make_key(kind))
    signed = await cades.envelop(CONTENT, camille.signer, NOW + timedelta(microseconds=7))
    verified = await cades.verify(signed, root.trust, NOW)
    assert CONTENT == verified.content == cades.content_of(signed)
    assert (CAMILLE, NOW, camille.der) == (verified.signer, verified.signed_at, verified.certificate)
    assert [CAMILLE] == [one.value for one in verified.identifiers]
    assert (True, ()) == (verified.trusted, verified.doubts)
    assert verified.require() is verified


async def test_it_is_der_with_the_attributes_of_cades(camille: Holder) -> None:
    """What is sent is DER, level B-B: the needed attributes, and the protection of the algorithms."""
    signed = await cades.envelop(CONTENT, camille.signer, NOW)
    info = cms.ContentInfo.load(signed, strict=True)
    assert signed == info.copy().dump(force=True)
    names = {one["type"].native for one in info["content"]["signer_infos"][0]["signed_attrs"]}
    assert {
        "content_type",
        "message_digest",
        "signing_time",
        "signing_certificate_v2",
        "cms_algorithm_protection",
    } == names


@given(content=st.binary(max_size=300))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_content_comes_back(camille: Holder, root: Holder, content: bytes) -> None:
    """Whatever is signed is given back, byte for byte, an empty content too."""
    signed = await cades.envelop(content, camille.signer, NOW)
    assert content == (await cades.verify(signed, root.trust, NOW)).content


@pytest.mark.parametrize("kind", ["ec", "brainpool", "rsa"])
async def test_openssl_takes_what_we_make(tmp_path: Path, kind: str) -> None:
    """`openssl cms -verify` verifies our signature up to the authority, and gives the same content."""
    root = authority(make_key(kind))
    camille = prescriber(authority(make_key(kind), name="Autorité de Hautmont", by=root), make_key(kind))
    (tmp_path / "signed").write_bytes(await cades.envelop(CONTENT, camille.signer, NOW))
    root.write(tmp_path)
    ran = openssl(
        *("cms", "-verify", "-binary", "-cades", "-purpose", "any", "-no_check_time", "-inform", "DER"),
        *("-in", tmp_path / "signed", "-CAfile", tmp_path / "certificate.pem"),
    )
    assert (0, CONTENT) == (ran.returncode, ran.stdout), ran.stderr


@pytest.mark.parametrize("kind", ["ec", "brainpool", "rsa"])
@pytest.mark.parametrize("option", [(), ("-keyid",), ("-md", "sha512"), ("-stream",)])
async def test_we_take_what_openssl_makes(tmp_path: Path, kind: str, option: tuple[str, ...]) -> None:
    """A workstation that signs with OpenSSL is understood: other hashes, key identifiers, streamed BER."""
    root = authority(make_key(kind))
    camille = prescriber(root, make_key(kind))
    camille.write(tmp_path)
    (tmp_path / "content").write_bytes(CONTENT)
    ran = openssl(
        *("cms", "-sign", "-cades", "-binary", "-nodetach", "-outform", "DER", "-in", tmp_path / "content"),
        *("-signer", tmp_path / "certificate.pem", "-inkey", tmp_path / "key.pem", *option),
    )
    assert ran.returncode == 0, ran.stderr
    now = datetime.now(UTC)
    verified = await cades.verify(ran.stdout, root.trust, now)
    assert (CONTENT, True) == (verified.content, verified.trusted)
    assert verified.signed_at is not None
    assert abs(verified.signed_at - now) < timedelta(hours=1)


async def test_a_pss_signature_is_verified(root: Holder, tmp_path: Path) -> None:
    """RSA-PSS, which some cards prefer, is made in the one form that everybody takes."""
    rsa_root = authority(make_key("rsa"))
    camille = prescriber(rsa_root, make_key("rsa"))
    signed = await cades.envelop(CONTENT, OnlyPss(camille), NOW)
    assert (await cades.verify(signed, rsa_root.trust, NOW)).trusted
    (tmp_path / "signed").write_bytes(signed)
    ran = openssl("cms", "-verify", "-binary", "-noverify", "-inform", "DER", "-in", tmp_path / "signed")
    assert (0, CONTENT) == (ran.returncode, ran.stdout), ran.stderr


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_changed_byte_never_verifies(
    signed: bytes, camille: Holder, root: Holder, data: st.DataObject
) -> None:
    """No byte of content, signed attributes, certificate or signature can be changed unnoticed."""
    info = cms.ContentInfo.load(signed)["content"]
    signer = info["signer_infos"][0]
    covered = [
        CONTENT,
        signer["signed_attrs"].contents,
        signer["signature"].contents,
        camille.der,
        signer["sid"].chosen.dump(),
    ]
    part = data.draw(st.sampled_from(covered))
    where = signed.rindex(part) + data.draw(st.integers(0, len(part) - 1))
    changed = bytearray(signed)
    changed[where] ^= data.draw(st.integers(1, 255))
    with pytest.raises((MalformedError, TrustError)):
        await cades.verify(bytes(changed), root.trust, NOW)


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_changed_byte_anywhere_never_changes_what_counts(
    signed: bytes, camille: Holder, root: Holder, data: st.DataObject
) -> None:
    """Wherever a byte is changed, what still verifies says the same as before."""
    changed = bytearray(signed)
    changed[data.draw(st.integers(0, len(signed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        verified = await cades.verify(bytes(changed), root.trust, NOW)
    except HubError:
        return
    assert (CONTENT, NOW, camille.der) == (verified.content, verified.signed_at, verified.certificate)


@given(junk=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
async def test_rubbish_is_one_clear_error(junk: bytes) -> None:
    """Whatever comes instead of a signature is refused as malformed."""
    with pytest.raises(MalformedError, match=r"prescription\.signature_malformed"):
        cades.content_of(junk)


@given(cut=st.integers(0, 1000))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_half_a_signature_is_none(signed: bytes, root: Holder, cut: int) -> None:
    """A signature that was cut off is refused."""
    with pytest.raises(MalformedError):
        await cades.verify(signed[: cut % len(signed)], root.trust, NOW)


async def test_a_signature_made_by_hand_is_taken(camille: Holder, root: Holder) -> None:
    """The forger's good signature verifies: what the next tests change is all that is wrong with it."""
    verified = await cades.verify(forge(camille), root.trust, NOW)
    assert (b"<Bundle/>", True) == (verified.content, verified.trusted)


def without(name: str) -> Callable[[Attributes], Attributes]:
    """Leave one attribute out."""
    return lambda given: [one for one in given if one["type"] != name]


def twice(name: str) -> Callable[[Attributes], Attributes]:
    """Have one attribute twice."""
    return lambda given: [*given, *(one for one in given if one["type"] == name)]


def other(name: str, *values: object) -> Callable[[Attributes], Attributes]:
    """Give one attribute another value."""
    return lambda given: [attribute(name, *values) if one["type"] == name else one for one in given]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("content_type"), "contentType is missing"),
        (without("message_digest"), "messageDigest is missing"),
        (without("signing_time"), "signingTime is missing"),
        (without("signing_certificate_v2"), "signingCertificateV2 is missing"),
        (twice("message_digest"), "stands there twice"),
        (twice("signing_time"), "stands there twice"),
        (other("message_digest", b"\0" * 32, b"\1" * 32), "stands there twice"),
        (lambda _given: None, "no signed attributes"),
    ],
)
async def test_what_must_be_signed_is_asked_for(
    camille: Holder, root: Holder, change: Callable[[Attributes], Attributes | None], words: str
) -> None:
    """An attribute that is missing, or stands twice, makes another form, although its arithmetic is right."""
    with pytest.raises(MalformedError, match=words):
        await cades.verify(forge(camille, change=change), root.trust, NOW)


@pytest.mark.parametrize(
    "change",
    [other("message_digest", b"\0" * 32), other("content_type", "signed_data")],
)
async def test_attributes_must_fit(
    camille: Holder, root: Holder, change: Callable[[Attributes], Attributes | None]
) -> None:
    """A digest of something else, or another content type, does not hold."""
    with pytest.raises(TrustError, match=r"prescription\.signature_broken"):
        await cades.verify(forge(camille, change=change), root.trust, NOW)


async def test_the_certificate_cannot_be_exchanged(camille: Holder, root: Holder) -> None:
    """Another certificate for the same key is not the one that was signed for."""
    again = prescriber(root, camille.key, name="899700218897")
    swapped = Holder(key=camille.key, certificate=again.certificate)
    mismatch = other("signing_certificate_v2", reference(camille.der))
    with pytest.raises(TrustError, match="signed attributes do not fit"):
        await cades.verify(forge(swapped, change=mismatch), root.trust, NOW)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"signers": 2}, "2 signers"),
        ({"signers": 0}, "0 signers"),
        ({"detached": True}, "detached"),
        ({"kind": "1.2.3.4"}, "not of the type id-data"),
        ({"certificates": []}, "the one certificate"),
        ({"listed": "sha512"}, "list of hashes lacks"),
    ],
)
async def test_other_forms_are_refused(
    camille: Holder, root: Holder, more: dict[str, object], words: str
) -> None:
    """Two signers, detached, other content, no certificate: the words say which."""
    with pytest.raises(MalformedError, match=words):
        await cades.verify(forge(camille, **more), root.trust, NOW)  # type: ignore[arg-type]  # one at a time


async def test_bytes_after_the_end_are_refused(camille: Holder, root: Holder) -> None:
    """Nothing may hang on to a signature."""
    with pytest.raises(MalformedError):
        await cades.verify(forge(camille) + b"\0", root.trust, NOW)


async def test_other_cms_is_refused() -> None:
    """CMS that signs nothing is named."""
    data = cms.ContentInfo({"content_type": "data", "content": core.OctetString(b"x")}).dump()
    with pytest.raises(MalformedError, match="another kind than SignedData"):
        cades.content_of(data)


async def test_a_signature_has_a_limit(monkeypatch: pytest.MonkeyPatch, camille: Holder) -> None:
    """What is too large is not read."""
    signed = forge(camille)
    monkeypatch.setattr(forms, "MAX_BYTES", len(signed) - 1)
    with pytest.raises(LimitError, match=r"prescription\.signature_size"):
        cades.content_of(signed)


@pytest.mark.parametrize(
    ("digest", "hashed", "algorithm"),
    [
        ("sha256", "sha1", None),
        ("sha1", "sha256", None),
        ("sha256", "sha512", None),
        ("md5", "md5", "rsassa_pkcs1v15"),
        ("sha256", "sha256", "sha512_rsa"),
    ],
)
async def test_hashes_cannot_be_mixed_or_lowered(digest: str, hashed: str, algorithm: str | None) -> None:
    """One hash throughout, and none that is not known to be strong, whatever a header claims."""
    root = authority(make_key("rsa"))
    camille = prescriber(root, make_key("rsa"))
    with pytest.raises(TrustError, match=r"prescription\.signature_broken"):
        await cades.verify(forge(camille, digest=digest, hashed=hashed, algorithm=algorithm), root.trust, NOW)


async def test_a_key_of_another_kind_does_not_hold(camille: Holder, root: Holder) -> None:
    """An RSA algorithm on an EC key is refused in words."""
    with pytest.raises(TrustError, match=r"prescription\.signature_broken"):
        await cades.verify(forge(camille, algorithm="sha256_rsa"), root.trust, NOW)


class OnlyPss:
    """A card that signs with RSA-PSS only."""

    def __init__(self, holder: Holder) -> None:
        self._signer = holder.signer
        self.chain = self._signer.chain
        self.mechanisms = (Mechanism.RSA_PSS_SHA256,)

    async def sign(self, data: bytes, mechanism: Mechanism) -> bytes:
        """Sign."""
        return await self._signer.sign(data, mechanism)


class Broken(OnlyPss):
    """A card that answers with something else than a signature."""

    async def sign(self, data: bytes, mechanism: Mechanism) -> bytes:
        """Answer."""
        return b"\0" * 256


class OnlySha1(OnlyPss):
    """A card of long ago."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(holder)
        self.mechanisms = (Mechanism.RSA_PKCS1_SHA1,)


@pytest.mark.parametrize(("card", "words"), [(Broken, "does not hold"), (OnlySha1, "SHA-1 only")])
async def test_nothing_bad_is_ever_made(card: type[OnlyPss], words: str) -> None:
    """What a card signs wrongly, or too weakly, never leaves the hub."""
    with pytest.raises(PeerError, match=words) as caught:
        await cades.envelop(CONTENT, card(prescriber(None, make_key("rsa"))), NOW)
    assert caught.value.code == "signer.unavailable"


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run OpenSSL."""
    return subprocess.run([program("openssl"), *arguments], capture_output=True, check=False)
