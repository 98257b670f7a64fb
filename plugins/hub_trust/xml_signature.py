"""The XML signature of a list: enveloped, over the whole document, in one profile (XML-DSig 1.1).

1. The text: UTF-8, no document type, no entities, no comments, no processing instructions.
2. The form of the signature: the root's last child and the only one anywhere; one reference, to the whole
   document, with the transforms `enveloped-signature` and exclusive canonicalisation and no other;
   RSA or ECDSA with SHA-256; certificates in X509Data and nothing else about keys.
3. The signer's certificate (`authorities`).
4. Digest and signature, by signxml. What is read afterwards is what it says was signed, parsed anew from
   the signed bytes: the document itself only gives line numbers.

So there is nothing to wrap: no identifiers are followed, and no element is outside of what is signed but
the signature. Not covered, and without a meaning: blanks in base64, and certificates that lead nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from lxml import etree

from hub.errors import ConfigError, Words
from hub_trust import certificates, xml_profile
from hub_trust.authorities import MAX_CHAIN, Authorities
from hub_trust.faults import Place
from hub_trust.xml_profile import DS, line_of


@dataclass(frozen=True, slots=True)
class Verified:
    """What was signed, and by whom. `lines` has the line of each element, in document order."""

    root: etree._Element
    lines: tuple[int | None, ...]
    signer: x509.Certificate


def parse(data: bytes, place: Place, *, draft: bool = False) -> etree._Element:
    """Return the root of a document that has nothing active in it. Raises MalformedError.

    A draft may hold comments and processing instructions; they are left out.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=draft,
        remove_pis=draft,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise place.at(line).malformed(
            "xml", "this is not well-formed XML", "ce n'est pas du XML bien formé"
        ) from error
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise place.malformed(
            "doctype",
            "a list declares no document type and no entities",
            "une liste ne déclare ni type de document ni entités",
        )
    if (info.encoding or "UTF-8").upper() != "UTF-8":
        raise place.malformed("encoding", "a list is written in UTF-8", "une liste est écrite en UTF-8")
    beside = [*root.itersiblings(), *root.itersiblings(preceding=True)]
    for one in (*beside, *root.iter()):
        if not isinstance(one.tag, str):
            raise place.at(line_of(one)).malformed(
                "comment",
                "a list holds no comments and no processing instructions",
                "une liste ne contient ni commentaires ni instructions de traitement",
            )
    return root


def verify(data: bytes, authorities: Authorities | None, at: datetime, place: Place) -> Verified:
    """Return what was signed. Raises MalformedError and TrustError.

    Without authorities any signer will do: then it is only known that nothing was changed.
    """
    # 1. The text.
    root = parse(data, place)
    # 2. The form of the signature.
    signature = _only_signature(root, place)
    xml_profile.compare(signature, place)
    encoded = [one.text or "" for one in signature.iter(f"{{{DS}}}X509Certificate")]
    if len(encoded) > MAX_CHAIN:
        raise place.untrusted(
            "chain", f"more than {MAX_CHAIN} certificates", f"plus de {MAX_CHAIN} certificats"
        )
    chain = [certificates.decode(one, place) for one in encoded]
    # 3. The signer.
    if authorities is not None:
        authorities.judge(chain, at, place)
    # 4. Digest and signature.
    signed = _signed(root, chain[0], place)
    lines = tuple(line_of(one) for one in root.iter() if not _in_signature(one))
    return Verified(root=signed, lines=lines, signer=chain[0])


def sign(root: etree._Element, key: certificates.PrivateKey, chain: list[x509.Certificate]) -> etree._Element:
    """Return the document with our signature as its last child. Raises ConfigError for an Ed25519 key."""
    from signxml import methods  # noqa: PLC0415 - heavy, and not needed by who reads TOML
    from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod  # noqa: PLC0415
    from signxml.signer import XMLSigner  # noqa: PLC0415 - the same

    if isinstance(key, ed25519.Ed25519PrivateKey):
        raise ConfigError(
            "trust.key",
            Words(
                en="An XML list is signed with an RSA or an EC key; Ed25519 goes with TOML.",
                fr="Une liste XML se signe avec une clé RSA ou EC ; Ed25519 va avec le TOML.",
            ),
        )
    elliptic = isinstance(key, ec.EllipticCurvePrivateKey)
    signer = XMLSigner(
        method=methods.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256 if elliptic else SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed: etree._Element = signer.sign(root, key=key, cert=chain)
    return signed


def _signed(root: etree._Element, signer: x509.Certificate, place: Place) -> etree._Element:
    from signxml.algorithms import DigestAlgorithm, SignatureMethod  # noqa: PLC0415 - as in `sign`
    from signxml.verifier import SignatureConfiguration, XMLVerifier  # noqa: PLC0415 - the same

    expected = SignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=1,
        signature_methods=frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.ECDSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        # Whether it is valid was judged by the hub's clock; here only the arithmetic is asked for.
        verification_time=signer.not_valid_before_utc,
    )
    try:
        result = XMLVerifier().verify(root, x509_cert=signer, expect_config=expected)
    except Exception as error:  # signxml documents no list of what a hostile document raises
        raise place.untrusted(
            "signature",
            "the signature does not hold: the list or the signature was changed",
            "la signature ne tient pas : la liste ou la signature a été modifiée",
        ) from error
    signed = None if isinstance(result, list) else result.signed_xml
    if signed is None or signed.tag != root.tag or len(signed) != len(root) - 1:
        raise place.untrusted(
            "signature",
            "the signature is not over the whole list",
            "la signature ne couvre pas toute la liste",
        )
    return signed


def _only_signature(root: etree._Element, place: Place) -> etree._Element:
    found = list(root.iter(f"{{{DS}}}Signature"))
    if not found:
        raise place.untrusted(
            "not_signed",
            "the list is not signed: a ds:Signature must be the last child of the root",
            "la liste n'est pas signée : une ds:Signature doit être le dernier enfant de la racine",
        )
    if len(found) > 1 or found[0].getparent() is not root or found[0].getnext() is not None:
        raise place.at(line_of(found[-1])).untrusted(
            "signature_place",
            "there must be one signature, as the last child of the root",
            "il faut une seule signature, dernier enfant de la racine",
        )
    return found[0]


def _in_signature(element: etree._Element) -> bool:
    return str(element.tag).startswith(f"{{{DS}}}")
