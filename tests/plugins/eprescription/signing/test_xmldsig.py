"""XML signatures: made as EPS wants them, verified in documents, compared with xmlsec1 and signxml."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.xades import XAdESSigner

from hub.errors import HubError, LimitError, MalformedError, PeerError, TrustError
from hub.ports.signing import Mechanism
from hub_eprescription.signing import markup, xmldsig
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.verdict import Doubt
from tests.counterparts import program
from tests.plugins.eprescription.prescribers import CAMILLE, NOW, Holder, authority, make_key, prescriber
from tests.plugins.eprescription.signing.xml import DS, EXCLUSIVE, INCLUSIVE, document, signed_info

SHEET = '<?xml-stylesheet type="text/xsl" href="cda.xsl"?>\n'


@pytest.fixture(scope="module")
def root() -> Holder:
    """Make an authority."""
    return authority(make_key("rsa"))


@pytest.fixture(scope="module")
def camille(root: Holder) -> Holder:
    """Make a prescriber of that authority."""
    return prescriber(root, make_key("rsa"))


@pytest.mark.parametrize(
    "mechanism", [Mechanism.RSA_PKCS1_SHA1, Mechanism.RSA_PKCS1_SHA256, Mechanism.ECDSA_SHA256]
)
@pytest.mark.parametrize("canonical", [EXCLUSIVE, INCLUSIVE])
async def test_what_is_to_be_signed_is_signed(mechanism: Mechanism, canonical: str) -> None:
    """A SignedInfo comes back in a Signature with value and certificate, and verifies."""
    kind = "ec" if mechanism is Mechanism.ECDSA_SHA256 else "rsa"
    root = authority(make_key(kind))
    camille = prescriber(root, make_key(kind))
    info = signed_info(mechanism, canonical)
    signed = await xmldsig.sign_info(info, camille.signer, mechanism)
    verified = await xmldsig.verify(signed, Authorities([root.der], accepts_sha1=True), NOW)
    assert (info, True, None) == (verified.content, verified.trusted, verified.signed_at)
    assert (CAMILLE, camille.der) == (verified.signer, verified.certificate)
    # SHA-1 is in it, at least in the digest that EPS gives.
    assert (Doubt.WEAK_HASH,) == verified.doubts
    assert not (await xmldsig.verify(signed, root.trust, NOW)).trusted


async def test_xmlsec_takes_what_we_make(tmp_path: Path, camille: Holder, root: Holder) -> None:
    """xmlsec1 verifies value and digest of a signature over an object of its own."""
    inside = f'<Object xmlns="{DS}" Id="o">Ordonnance</Object>'
    digest = base64.b64encode(hashlib.sha256(_canonical(inside)).digest()).decode()
    info = (
        signed_info(Mechanism.RSA_PKCS1_SHA256)
        .decode()
        .replace("<Reference>", '<Reference URI="#o">')
        .replace(f"{DS}sha1", "http://www.w3.org/2001/04/xmlenc#sha256")
        .replace("qYnBTLH/3Y1jnM8+kfpGkOYyYBo=", digest)
    )
    # What EPS gives names nothing; xmlsec1 wants to find what is digested: put there what it names.
    element = etree.fromstring(info.encode())
    value = await camille.signer.sign(
        markup.element(element, markup.Canonical(exclusive=True)), Mechanism.RSA_PKCS1_SHA256
    )
    made = xmldsig._assemble(element, value, camille.der).decode()
    (tmp_path / "signed.xml").write_text(made.replace("</Signature>", f"{inside}</Signature>"))
    root.write(tmp_path)
    ran = verify(tmp_path)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("before", ["", SHEET], ids=["plain", "sheet"])
@pytest.mark.parametrize("canonical", [EXCLUSIVE, INCLUSIVE], ids=["exclusive", "inclusive"])
async def test_we_take_what_xmlsec_makes(tmp_path: Path, kind: str, before: str, canonical: str) -> None:
    """A document that xmlsec1 signed is verified whole, with what stands before its root."""
    root = authority(make_key(kind))
    camille = prescriber(root, make_key(kind))
    method = Mechanism.ECDSA_SHA256 if kind == "ec" else Mechanism.RSA_PKCS1_SHA256
    signed = xmlsec(tmp_path, camille, document(method=method, before=before, canonical=canonical))
    verified = await xmldsig.verify(signed, root.trust, NOW)
    assert verified.trusted
    assert before.strip().encode() in verified.content
    assert b"Camille Lilas" in verified.content
    assert b"Signature" not in verified.content
    assert b"a comment" not in verified.content
    assert xmldsig.is_signed(signed)


@pytest.fixture(scope="module")
def signed(camille: Holder, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Have a document signed once."""
    return xmlsec(tmp_path_factory.mktemp("signed"), camille, document())


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_changed_byte_never_changes_what_counts(
    signed: bytes, camille: Holder, root: Holder, data: st.DataObject
) -> None:
    """Wherever a byte is changed, the signature no longer holds, or says exactly what it said."""
    before = await xmldsig.verify(signed, root.trust, NOW)
    changed = bytearray(signed)
    changed[data.draw(st.integers(0, len(signed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        after = await xmldsig.verify(bytes(changed), root.trust, NOW)
    except HubError:
        return
    assert before.content == after.content
    # Plain XML-DSig does not cover the certificate: its own signature does, so that it leads nowhere.
    assert after.certificate == before.certificate or not after.trusted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Ordonnance", b"Ordinance!"),
        (b'root="1.2.250"', b'root="1.2.251"'),
        (b"Camille Lilas", b"Camille Lilac"),
        (b"<author>", b"<author> "),
    ],
)
async def test_changed_content_does_not_hold(signed: bytes, root: Holder, old: bytes, new: bytes) -> None:
    """A changed letter, attribute, name or blank is noticed."""
    assert old in signed
    with pytest.raises(TrustError, match=r"prescription\.signature_broken"):
        await xmldsig.verify(signed.replace(old, new), root.trust, NOW)


async def test_a_signature_with_xades_says_when(camille: Holder, root: Holder) -> None:
    """XAdES by signxml: signing time and certificate are in what is signed."""
    signed = xades(camille)
    now = datetime.now(UTC)
    verified = await xmldsig.verify(signed, root.trust, now)
    assert verified.trusted
    assert verified.signed_at is not None
    assert abs((verified.signed_at - now).total_seconds()) < 3600


@pytest.mark.parametrize("part", ["SigningTime", "DigestValue", "X509Certificate"])
async def test_what_xades_signs_cannot_be_changed(camille: Holder, root: Holder, part: str) -> None:
    """Another signing time, another digest of the certificate, another certificate: nothing holds."""
    tree = etree.fromstring(xades(camille))
    found = [one for one in tree.iter(etree.Element) if etree.QName(one).localname == part]
    inner = found[-1]
    inner.text = {
        "SigningTime": "2026-03-28T09:30:00+00:00",
        "DigestValue": base64.b64encode(b"\0" * 32).decode(),
        "X509Certificate": base64.b64encode(prescriber(root, camille.key).der).decode(),
    }[part]
    with pytest.raises(TrustError, match=r"prescription\.signature_broken"):
        await xmldsig.verify(etree.tostring(tree), root.trust, datetime.now(UTC))


def wrapped(signed: bytes) -> bytes:
    """Put the signed document into another, with a forged one beside it."""
    inner = signed.split(b"?>", 1)[1]
    return b"<ClinicalDocument><title>Autre</title>" + inner + b"</ClinicalDocument>"


def doubled(signed: bytes) -> bytes:
    """Sign twice."""
    start, end = signed.index(b"<ds:Signature "), signed.index(b"</ds:Signature>") + len("</ds:Signature>")
    return signed[:end] + signed[start:end] + signed[end:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (wrapped, "not a child of the document's root"),
        (doubled, "several signatures"),
        (lambda one: one.replace(b'URI=""', b'URI="#x"'), "whole document, once"),
        (lambda one: one.replace(b'URI=""', b""), "whole document, once"),
        (lambda one: one.replace(b'URI=""', b'URI="http://rezept.example/"'), "whole document, once"),
        (lambda one: one.replace(b"xmldsig-more#rsa-sha256", b"xmldsig-more#rsa-md5"), "SignatureMethod"),
        (lambda one: one.replace(b"xmldsig-more#rsa-sha256", b"xmldsig#hmac-sha1"), "SignatureMethod"),
        (lambda one: one.replace(b"xmlenc#sha256", b"xmldsig-more#md5"), "DigestMethod"),
        (lambda one: one.replace(b"enveloped-signature", b"base64"), "transform"),
        (lambda one: one.replace(EXCLUSIVE.encode(), f"{EXCLUSIVE}WithComments".encode()), "transform"),
        (
            lambda one: one.replace(b"<ds:X509Certificate>", b"<ds:X509CRL>").replace(
                b"</ds:X509Certificate>", b"</ds:X509CRL>"
            ),
            "signer's certificate",
        ),
        (
            lambda one: one.replace(b"ds:SignatureValue>", b"ds:Value>"),
            "SignatureValue must stand there once",
        ),
        (lambda one: one.replace(b"<ClinicalDocument", b"<!DOCTYPE x><ClinicalDocument"), "document type"),
        (lambda one: one[:-20], "well-formed"),
        (lambda _one: b"<ClinicalDocument/>", "no ds:Signature"),
    ],
)
async def test_other_forms_are_refused(signed: bytes, root: Holder, change: object, words: str) -> None:
    """Wrapping, second signatures, references elsewhere, weak or unknown algorithms: the words say which."""
    assert callable(change)
    changed = change(signed)
    assert changed != signed
    with pytest.raises(MalformedError, match=words):
        await xmldsig.verify(changed, root.trust, NOW)


def by_hand(holder: Holder, unsigned: bytes, parts: Sequence[str] = ()) -> bytes:
    """Sign a document with lxml alone: the document itself, and elements that have these ids."""
    tree = etree.fromstring(unsigned)
    signature = tree.find(f"{{{DS}}}Signature")
    assert signature is not None
    info = signature[0]
    references = info.findall(f"{{{DS}}}Reference")
    for reference, name in zip(references[1:], parts, strict=True):
        (target, *_) = (one for one in tree.iter(etree.Element) if one.get("Id") == name)
        alone = etree.fromstring(etree.tostring(target, with_tail=False))
        _fill(reference, bytes(etree.tostring(alone, method="c14n")))
    bare = etree.fromstring(unsigned)
    markup.without(bare, bare.find(f"{{{DS}}}Signature"))
    _fill(references[0], bytes(etree.tostring(bare, method="c14n", exclusive=True, with_comments=False)))
    assert isinstance(holder.key, rsa.RSAPrivateKey)
    alone = etree.fromstring(etree.tostring(info, with_tail=False))
    data = bytes(etree.tostring(alone, method="c14n", exclusive=True))
    value = holder.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    signature[1].text = base64.b64encode(value).decode()
    certificate = etree.SubElement(signature[2][0], f"{{{DS}}}X509Certificate")
    certificate.text = base64.b64encode(holder.der).decode()
    return bytes(etree.tostring(tree))


def _fill(reference: etree._Element, content: bytes) -> None:
    value = reference.find(f"{{{DS}}}DigestValue")
    assert value is not None
    value.text = base64.b64encode(hashlib.sha256(content).digest()).decode()


PART = (
    '<ds:Reference URI="#p"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    "<ds:DigestValue/></ds:Reference>"
)


def properties(certificate: bytes) -> str:
    """Write XAdES' properties that name a certificate."""
    digest = base64.b64encode(hashlib.sha256(certificate).digest()).decode()
    xades = "http://uri.etsi.org/01903/v1.3.2#"
    return (
        f'<ds:Object><x:QualifyingProperties xmlns:x="{xades}"><x:SignedProperties Id="p">'
        "<x:SignedSignatureProperties><x:SigningTime>2026-03-28T10:30:00+01:00</x:SigningTime>"
        "<x:SigningCertificateV2><x:Cert><x:CertDigest>"
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></x:CertDigest></x:Cert></x:SigningCertificateV2>"
        "</x:SignedSignatureProperties></x:SignedProperties></x:QualifyingProperties></ds:Object>"
    )


async def test_the_signing_time_of_xades_is_read(camille: Holder, root: Holder) -> None:
    """A signing time with another time zone is the same moment."""
    signed = by_hand(camille, document(references=PART, inside=properties(camille.der)), ["p"])
    verified = await xmldsig.verify(signed, root.trust, NOW)
    assert (True, NOW) == (verified.trusted, verified.signed_at)


async def test_a_certificate_that_xades_does_not_name_does_not_hold(camille: Holder, root: Holder) -> None:
    """Another certificate for the same key is not the one that was signed for."""
    other = prescriber(root, camille.key)
    signed = by_hand(camille, document(references=PART, inside=properties(other.der)), ["p"])
    with pytest.raises(TrustError, match="names another certificate"):
        await xmldsig.verify(signed, root.trust, NOW)


@pytest.mark.parametrize(
    ("inside", "old", "new"),
    [
        ("", b"<title>", b'<title Id="p">'),
        ('<ds:Object Id="p"/>', b"", b""),
        ("", b"<title>", f'<ds:KeyInfo xmlns:ds="{DS}" Id="p"/><title>'.encode()),
        ("twice", b"<author>", b'<author ID="p">'),
    ],
    ids=["outside", "object", "foreign", "twice"],
)
async def test_only_its_own_parts_may_be_named(
    camille: Holder, root: Holder, inside: str, old: bytes, new: bytes
) -> None:
    """An id elsewhere, on another kind of element, or on two, is refused although every digest is right."""
    inside = properties(camille.der) if inside == "twice" else inside
    unsigned = document(references=PART, inside=inside).replace(old, new)
    with pytest.raises(MalformedError, match="something else than its own KeyInfo"):
        await xmldsig.verify(by_hand(camille, unsigned, ["p"]), root.trust, NOW)


@pytest.mark.parametrize(
    ("transforms", "words"),
    [
        (f'<ds:Transform Algorithm="{EXCLUSIVE}"/>', "enveloped-signature belongs"),
        (f'<ds:Transform Algorithm="{EXCLUSIVE}"/>' * 2, "a transform is none of"),
        (f'<ds:Transform Algorithm="{DS}base64"/>', "a transform is none of"),
        (f'<ds:Transform Algorithm="{DS}enveloped-signature"/>' * 2, "a transform is none of"),
    ],
)
async def test_other_transforms_are_refused(
    camille: Holder, root: Holder, transforms: str, words: str
) -> None:
    """What would digest something else than the document without its signature is not tried."""
    with pytest.raises(MalformedError, match=words):
        await xmldsig.verify(by_hand(camille, document(transforms=transforms)), root.trust, NOW)


@given(junk=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
async def test_rubbish_is_one_clear_error(junk: bytes) -> None:
    """Whatever comes instead of a signature is refused as malformed."""
    with pytest.raises(MalformedError, match=r"prescription\.signature_malformed"):
        await xmldsig.verify(junk, Authorities(), NOW)


@pytest.mark.parametrize(
    "info",
    [
        b"<SignedInfo/>",
        b"not XML",
        signed_info(Mechanism.RSA_PKCS1_SHA256),
        signed_info(Mechanism.RSA_PKCS1_SHA1).replace(b"SignedInfo", b"SignedOther"),
        signed_info(Mechanism.RSA_PKCS1_SHA1, more="<Reference/>"),
        signed_info(Mechanism.RSA_PKCS1_SHA1).replace(b"<Reference>", b'<Reference URI="">'),
        signed_info(Mechanism.RSA_PKCS1_SHA1).replace(b"20001", b"2001").replace(EXCLUSIVE.encode(), b"x"),
    ],
)
async def test_only_a_signed_info_is_signed(camille: Holder, info: bytes) -> None:
    """A service that asks to sign something else, or by another method, is not obeyed."""
    with pytest.raises(MalformedError):
        await xmldsig.sign_info(info, camille.signer, Mechanism.RSA_PKCS1_SHA1)


async def test_a_card_that_signs_nonsense_is_noticed(camille: Holder) -> None:
    """What a card signs wrongly never leaves the hub."""

    class Broken:
        chain = camille.signer.chain
        mechanisms = camille.signer.mechanisms

        async def sign(self, data: bytes, mechanism: Mechanism) -> bytes:
            return b"\0" * 256

    with pytest.raises(PeerError, match=r"signer\.unavailable"):
        await xmldsig.sign_info(signed_info(Mechanism.RSA_PKCS1_SHA1), Broken(), Mechanism.RSA_PKCS1_SHA1)


async def test_a_document_has_a_limit(monkeypatch: pytest.MonkeyPatch, signed: bytes) -> None:
    """What is too large is not read."""
    monkeypatch.setattr(markup, "MAX_BYTES", len(signed) - 1)
    with pytest.raises(LimitError, match=r"prescription\.signature_size"):
        await xmldsig.verify(signed, Authorities(), NOW)


async def test_entities_and_depth_are_harmless() -> None:
    """Entities are refused with their document type, and towers of elements by the parser."""
    bomb = b'<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>'
    tower = b"<a>" * 10_000 + b"</a>" * 10_000
    for one in (bomb, tower):
        with pytest.raises(MalformedError):
            xmldsig.is_signed(one)


def xmlsec(folder: Path, holder: Holder, unsigned: bytes) -> bytes:
    """Have xmlsec1 sign a document."""
    key, certificate = holder.write(folder)
    (folder / "unsigned.xml").write_bytes(unsigned)
    subprocess.run(
        [
            *(program("xmlsec1"), "--sign", "--privkey-pem", f"{key},{certificate}"),
            *("--output", folder / "signed.xml", folder / "unsigned.xml"),
        ],
        capture_output=True,
        check=True,
    )
    return (folder / "signed.xml").read_bytes()


def verify(folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Have xmlsec1 verify what is signed."""
    return subprocess.run(
        [
            *(program("xmlsec1"), "--verify", "--trusted-pem", folder / "certificate.pem"),
            folder / "signed.xml",
        ],
        capture_output=True,
        check=False,
    )


def xades(holder: Holder) -> bytes:
    """Have signxml sign a document, with XAdES' properties."""
    signer = XAdESSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        # Its references to its own parts name no transform: that is inclusive C14N (XML-DSig 1.1, 4.4.3.2).
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    tree = etree.fromstring(
        b"<ClinicalDocument xmlns='urn:hl7-org:v3'><title>Ordonnance</title></ClinicalDocument>"
    )
    signed = signer.sign(tree, key=holder.key, cert=[holder.certificate], always_add_key_value=False)
    return bytes(etree.tostring(signed))


def _canonical(text: str) -> bytes:
    return bytes(etree.tostring(etree.fromstring(text), method="c14n", exclusive=True))
