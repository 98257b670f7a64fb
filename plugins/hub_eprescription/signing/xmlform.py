"""The forms of XML signature that are taken, read strictly (XML-DSig 1.1); nothing is verified here.

One signature in the document. Bare: the document is the signature, with one reference that names nothing
(NHS EPS). Enveloped: it is a child of the root, with one reference to the whole document, and others only
to XAdES' SignedProperties or to its own KeyInfo. No XPath, no XSLT, nothing from elsewhere, no comments.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from hub_eprescription.signing import faults
from hub_eprescription.signing.markup import DS, EXCLUSIVE, INCLUSIVE, Canonical

MAX_CERTIFICATES: Final = 16
MAX_REFERENCES: Final = 4
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
METHODS: Final = {
    f"{DS}rsa-sha1": ("rsa", "sha1"),
    f"{_MORE}rsa-sha256": ("rsa", "sha256"),
    f"{_MORE}rsa-sha384": ("rsa", "sha384"),
    f"{_MORE}rsa-sha512": ("rsa", "sha512"),
    f"{_MORE}ecdsa-sha1": ("ec", "sha1"),
    f"{_MORE}ecdsa-sha256": ("ec", "sha256"),
    f"{_MORE}ecdsa-sha384": ("ec", "sha384"),
    f"{_MORE}ecdsa-sha512": ("ec", "sha512"),
}
DIGESTS: Final = {
    f"{DS}sha1": "sha1",
    f"{_XENC}sha256": "sha256",
    f"{_MORE}sha384": "sha384",
    f"{_XENC}sha512": "sha512",
}
_ENVELOPED: Final = f"{DS}enveloped-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is digested: `uri` None (nothing named), empty (the document), or `#` and an id."""

    uri: str | None
    enveloped: bool
    canonical: Canonical
    hash: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A signature as it stands. `chain` are certificates as they came, the signer's not always first."""

    element: etree._Element
    signed_info: etree._Element
    canonical: Canonical
    key: str
    hash: str
    references: tuple[Reference, ...]
    value: bytes
    chain: tuple[bytes, ...]

    @property
    def bare(self) -> bool:
        """Whether the signature stands alone."""
        return self.element.getparent() is None


def signatures(root: etree._Element) -> list[etree._Element]:
    """Return every signature in a document."""
    return list(root.iter(f"{{{DS}}}Signature"))


def read(root: etree._Element) -> Form:
    """Return the one signature of a document. Raises MalformedError."""
    found = signatures(root)
    if len(found) != 1:
        raise faults.malformed(
            "there is no ds:Signature in it" if not found else "it has several signatures",
            "il ne contient pas de ds:Signature" if not found else "il a plusieurs signatures",
        )
    signature = found[0]
    if signature is not root and signature.getparent() is not root:
        raise faults.malformed(
            "the ds:Signature is not a child of the document's root",
            "la ds:Signature n'est pas un enfant de la racine du document",
        )
    info = _only(signature, "SignedInfo")
    method = _algorithm(_only(info, "SignatureMethod"))
    if method not in METHODS:
        raise faults.malformed(
            "its SignatureMethod is none of RSA or ECDSA with SHA-256, 384 or 512",
            "sa SignatureMethod n'est pas RSA ou ECDSA avec SHA-256, 384 ou 512",
        )
    form = Form(
        element=signature,
        signed_info=info,
        canonical=canonical_of(info),
        key=METHODS[method][0],
        hash=METHODS[method][1],
        references=tuple(_references(info)),
        value=decode(_only(signature, "SignatureValue")),
        chain=tuple(_chain(signature)),
    )
    _check_references(form)
    return form


def canonical_of(signed_info: etree._Element) -> Canonical:
    """Return in which form a SignedInfo is signed. Raises MalformedError."""
    return _canonicalisation(_only(signed_info, "CanonicalizationMethod"))


def decode(element: etree._Element) -> bytes:
    """Return what is in base64 in an element. Raises MalformedError."""
    compact = "".join((element.text or "").split())
    try:
        if not compact or len(element):
            raise ValueError
        return base64.b64decode(compact, validate=True)
    except ValueError as error:
        name = etree.QName(element).localname
        raise faults.malformed(
            f"{name} is empty or not base64", f"{name} est vide ou n'est pas en base64"
        ) from error


def _check_references(form: Form) -> None:
    uris = [one.uri for one in form.references]
    wanted: list[str | None] = [None] if form.bare else [""]
    named = [one for one in uris if one not in wanted]
    if (
        len(uris) - len(named) != 1
        or (form.bare and named)
        or not all((one or "").startswith("#") for one in named)
    ):
        raise faults.malformed(
            "it must refer to the whole document, once, and else to its own parts only",
            "elle doit viser le document entier, une fois, et sinon ses seules parties",
        )
    for one in form.references:
        if one.enveloped != (one.uri == ""):
            raise faults.malformed(
                "the transform enveloped-signature belongs to the document's reference, and only there",
                "la transformation enveloped-signature va à la référence au document, et à elle seule",
            )


def _references(info: etree._Element) -> Iterator[Reference]:
    found = info.findall(f"{{{DS}}}Reference")
    if len(found) > MAX_REFERENCES:
        raise faults.malformed(
            f"it has more than {MAX_REFERENCES} references", f"elle a plus de {MAX_REFERENCES} références"
        )
    for one in found:
        method = _algorithm(_only(one, "DigestMethod"))
        if method not in DIGESTS:
            raise faults.malformed(
                "a DigestMethod is none of SHA-256, 384 or 512",
                "une DigestMethod n'est pas SHA-256, 384 ou 512",
            )
        transforms = list(one.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform"))
        enveloped = bool(transforms) and _algorithm(transforms[0]) == _ENVELOPED
        rest = transforms[1:] if enveloped else transforms
        if len(rest) > 1:
            raise _transform()
        uri = one.get("URI")
        yield Reference(
            uri=None if uri is None else str(uri),
            enveloped=enveloped,
            canonical=_canonicalisation(rest[0]) if rest else Canonical(),
            hash=DIGESTS[method],
            digest=decode(_only(one, "DigestValue")),
        )


def _canonicalisation(one: etree._Element) -> Canonical:
    algorithm = _algorithm(one)
    if algorithm not in {EXCLUSIVE, INCLUSIVE}:
        raise _transform()
    prefixes: tuple[str, ...] = ()
    for child in one:
        if algorithm != EXCLUSIVE or child.tag != f"{{{EXCLUSIVE}}}InclusiveNamespaces":
            raise _transform()
        prefixes = tuple(str(child.get("PrefixList", "")).split())
    return Canonical(exclusive=algorithm == EXCLUSIVE, prefixes=prefixes)


def _chain(signature: etree._Element) -> Iterator[bytes]:
    found = signature.findall(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    if not 0 < len(found) <= MAX_CERTIFICATES:
        raise faults.malformed(
            f"it does not hold the signer's certificate, or more than {MAX_CERTIFICATES}",
            f"elle ne contient pas le certificat du signataire, ou plus de {MAX_CERTIFICATES}",
        )
    for one in found:
        yield decode(one)


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(f"{{{DS}}}{name}")
    if len(found) != 1:
        raise faults.malformed(f"{name} must stand there once", f"{name} doit y figurer une fois")
    return found[0]


def _algorithm(element: etree._Element) -> str:
    return str(element.get("Algorithm", ""))


def _transform() -> Exception:
    return faults.malformed(
        "a transform is none of enveloped-signature and canonical XML 1.0 without comments",
        "une transformation n'est ni enveloped-signature ni XML canonique 1.0 sans commentaires",
    )
