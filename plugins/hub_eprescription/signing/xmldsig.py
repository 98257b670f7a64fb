"""XML signatures (XML-DSig 1.1, XAdES): made over a SignedInfo that a service gives, and verified.

What verifying checks, in this order:
1. the text and the form (`markup`, `xmlform`): nothing is followed that is not in the signature itself;
2. the signature over SignedInfo, then every digest in it; SHA-1 is flagged;
3. XAdES, when it is there: signing time and the signer's certificate (`xades`);
4. the signer: certificate path, usage, strength, embedded OCSP (`authorities`).
The arithmetic is cryptography's, canonical forms are libxml2's. signxml is not used: it leaves out what
stands before a document's root, such as the style sheet that French CDA documents name there.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from hub.errors import HubError
from hub.ports.signing import Mechanism, Signer
from hub_eprescription.signing import certificates, faults, markup, xades, xmlform
from hub_eprescription.signing.authorities import Authorities, Papers
from hub_eprescription.signing.markup import DS
from hub_eprescription.signing.ready import make_ready
from hub_eprescription.signing.verdict import Verified
from hub_eprescription.signing.xmlform import Form, Reference

_MECHANISMS: Final = {
    ("rsa", "sha1"): Mechanism.RSA_PKCS1_SHA1,
    ("rsa", "sha256"): Mechanism.RSA_PKCS1_SHA256,
    ("ec", "sha256"): Mechanism.ECDSA_SHA256,
}
_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


async def sign_info(signed_info: bytes, signer: Signer, mechanism: Mechanism) -> bytes:
    """Return a `ds:Signature` element (UTF-8) around a `ds:SignedInfo`, signed in its canonical form.

    The SignedInfo must name `mechanism` and one reference. The certificate of the signer goes along, as
    the only one. Raises MalformedError, and what the signer raises.
    """
    await make_ready(signer)
    info = markup.parse(signed_info)
    method = info.find(f"{{{DS}}}SignatureMethod")
    named = xmlform.METHODS.get("" if method is None else str(method.get("Algorithm")))
    if info.tag != f"{{{DS}}}SignedInfo" or named is None or _MECHANISMS.get(named) is not mechanism:
        raise faults.malformed(
            f"what is to be signed is no ds:SignedInfo with the method {mechanism.value}",
            f"ce qui est à signer n'est pas un ds:SignedInfo de méthode {mechanism.value}",
        )
    value = await signer.sign(markup.element(info, xmlform.canonical_of(info)), mechanism)
    made = _assemble(info, _plain(value, signer) if named[0] == "ec" else value, signer.chain[0])
    # A card may answer with anything: what it signed is looked at before anybody sees it.
    try:
        await asyncio.to_thread(_hold, made)
    except HubError as error:
        if error.code == "prescription.signature_malformed":
            raise
        raise faults.unavailable(
            "what it signed does not hold by its own certificate",
            "ce qu'elle a signé ne tient pas avec son propre certificat",
        ) from error
    return made


async def verify(data: bytes, trust: Authorities, at: datetime) -> Verified:
    """Return what was signed and by whom. `at` is now.

    `data` is a bare `ds:Signature` as `sign_info` makes them: then `content` is the SignedInfo in its
    canonical form, and it is the caller's to compare its digest with that of what should be signed.
    Or it is a document with one signature in it over the whole document (enveloped): then `content` is
    the document as it was digested, canonical and without its signature.

    Raises MalformedError for what is neither, TrustError (`prescription.signature_broken`) for a signature
    that does not hold. One that holds, by a certificate that does not count, is returned with
    `trusted=False`.
    """
    content, papers = await asyncio.to_thread(_hold, data)
    judgement = await trust.judge(papers, at)
    return Verified(
        content=content,
        certificate=papers.der,
        signer=certificates.name(papers.signer),
        signed_at=papers.signed_at,
        trusted=not trust.fatal(judgement.doubts),
        identifiers=certificates.identifiers(papers.signer),
        addresses=certificates.addresses(papers.signer),
        doubts=judgement.doubts,
        confirmed=judgement.confirmed,
    )


def is_signed(data: bytes) -> bool:
    """Whether a document holds a `ds:Signature`. Raises MalformedError for what is no XML."""
    return bool(xmlform.signatures(markup.parse(data)))


def _hold(data: bytes) -> tuple[bytes, Papers]:
    """Return what was signed, when the arithmetic holds, and what speaks of the signer."""
    # 1. The form.
    root = markup.parse(data)
    form = xmlform.read(root)
    signer, others = _signer(form)
    # 2. The signature, then what it is over.
    signed_info = markup.element(form.signed_info, form.canonical)
    if not _holds(form, signer, signed_info):
        raise faults.changed()
    used, seen = {form.hash, *(one.hash for one in form.references)}, xades.Properties()
    for one in form.references:
        if not one.uri:
            continue
        part = xades.target(root, form, one.uri)
        _compare(one, markup.element(part, one.canonical))
        # 3. XAdES.
        if part.tag == f"{{{xmlform.XADES}}}SignedProperties":
            seen = xades.properties(part, signer.public_bytes(Encoding.DER))
            used.add(seen.hash)
    papers = Papers(
        signer=signer,
        others=others,
        ocsps=xades.ocsps(form.element),
        signed_at=seen.signed_at,
        weak_hash="sha1" in used,
    )
    return (signed_info if form.bare else _document(root, form)), papers


def _document(root: etree._Element, form: Form) -> bytes:
    """Return the document as it was digested, when the digest is right. The signature is taken out."""
    markup.without(root, form.element)
    whole = next(one for one in form.references if not one.uri)
    content = markup.document(root, whole.canonical)
    _compare(whole, content)
    return content


def _compare(reference: Reference, content: bytes) -> None:
    if not hmac.compare_digest(hashlib.new(reference.hash, content).digest(), reference.digest):
        raise faults.changed()


def _signer(form: Form) -> tuple[x509.Certificate, tuple[bytes, ...]]:
    """Return the signer's certificate, which is above none of the others, and the others."""
    chain = [certificates.read(one) for one in form.chain]
    above = [one.issuer for one in chain if one.issuer != one.subject]
    own = [one for one in chain if one.subject not in above] or chain
    others = tuple(der for der, one in zip(form.chain, chain, strict=True) if one is not own[0])
    return own[0], others


def _holds(form: Form, signer: x509.Certificate, signed_info: bytes) -> bool:
    key, hashed = certificates.public_key(signer), _HASHES[form.hash]()
    try:
        if isinstance(key, rsa.RSAPublicKey) and form.key == "rsa":
            key.verify(form.value, signed_info, padding.PKCS1v15(), hashed)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and form.key == "ec":
            size = (key.key_size + 7) // 8
            if len(form.value) != 2 * size:
                return False
            numbers = (int.from_bytes(one, "big") for one in (form.value[:size], form.value[size:]))
            key.verify(encode_dss_signature(*numbers), signed_info, ec.ECDSA(hashed))
            return True
    except InvalidSignature:
        return False
    return False


def _plain(value: bytes, signer: Signer) -> bytes:
    """Return an ECDSA signature as two numbers of the key's length (RFC 6931, 2.3.6)."""
    size = (certificates.public_key(certificates.read(signer.chain[0])).key_size + 7) // 8
    r, s = decode_dss_signature(value)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _assemble(info: etree._Element, value: bytes, certificate: bytes) -> bytes:
    signature = etree.Element(f"{{{DS}}}Signature", nsmap={None: DS})  # type: ignore[dict-item]  # None: no prefix
    info.tail = None
    signature.append(info)
    etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()
    key_info = etree.SubElement(signature, f"{{{DS}}}KeyInfo")
    data = etree.SubElement(key_info, f"{{{DS}}}X509Data")
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(certificate).decode()
    return markup.document(signature, markup.Canonical(exclusive=True))
