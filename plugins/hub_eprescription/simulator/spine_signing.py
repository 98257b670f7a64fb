"""What EPS has signed: a SignedInfo over the digest of a prescription, and the signature that comes back.

The service makes the digest over a form of its own, which no other software can make: here, the message's
JSON in canonical order, without its Provenance, and the time of signing. Verified by hand with cryptography,
not by the code that signs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Resource

if TYPE_CHECKING:
    from lxml.etree import _Element

_DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_METHODS: Final = {
    "RS256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "RS1": f"{_DS}rsa-sha1",
}
_DIGESTS: Final = {"RS256": "http://www.w3.org/2001/04/xmlenc#sha256", "RS1": f"{_DS}sha1"}


class SealError(ValueError):
    """The signature does not hold; the text says why."""


def digest(bundle: Resource, timestamp: str, algorithm: str) -> str:
    """Return the digest of a prescription, in base64."""
    entries = [
        one for one in bundle.get("entry") or () if fhir.text(one, "resource", "resourceType") != "Provenance"
    ]
    form = json.dumps([dict(bundle, entry=entries), timestamp], sort_keys=True, ensure_ascii=False)
    made = hashlib.new("sha256" if algorithm == "RS256" else "sha1", form.encode(), usedforsecurity=False)
    return base64.b64encode(made.digest()).decode("ascii")


def signed_info(value: str, algorithm: str) -> bytes:
    """Return the SignedInfo (XML Signature 1.1, 4.4) over a digest, in canonical form."""
    return (
        f'<SignedInfo xmlns="{_DS}"><CanonicalizationMethod Algorithm="{_C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{_METHODS[algorithm]}"></SignatureMethod><Reference><Transforms>'
        f'<Transform Algorithm="{_C14N}"></Transform></Transforms>'
        f'<DigestMethod Algorithm="{_DIGESTS[algorithm]}"></DigestMethod>'
        f"<DigestValue>{value}</DigestValue></Reference></SignedInfo>"
    ).encode()


def verify(signature: bytes, expected: str, algorithm: str) -> None:
    """Verify an XML signature over a digest. Raises SealError."""
    from lxml import etree  # noqa: PLC0415 - heavy

    try:
        root = etree.fromstring(signature, etree.XMLParser(resolve_entities=False, no_network=True))
        info = _only(root, "SignedInfo")
        value = base64.b64decode("".join((_only(root, "SignatureValue").text or "").split()), validate=True)
        der = base64.b64decode("".join((_only(root, "X509Certificate").text or "").split()), validate=True)
        key = x509.load_der_x509_certificate(der).public_key()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SealError("the signature can't be read") from error
    if _only(info, "SignatureMethod").get("Algorithm") != _METHODS[algorithm]:
        raise SealError("the signature is not of the algorithm that was asked for")
    if (_only(info, "DigestValue").text or "").strip() != expected:
        raise SealError("what was signed is another prescription")
    if not isinstance(key, rsa.RSAPublicKey):
        raise SealError("the certificate has no RSA key")
    signed = etree.tostring(info, method="c14n", exclusive=True, with_comments=False)
    kind: hashes.HashAlgorithm = hashes.SHA256()
    if algorithm == "RS1":
        kind = hashes.SHA1()  # noqa: S303 - what EPS demands for R1
    try:
        key.verify(value, signed, padding.PKCS1v15(), kind)
    except InvalidSignature as error:
        raise SealError("the signature does not hold") from error


def _only(element: _Element, name: str) -> _Element:
    found = list(element.iter(f"{{{_DS}}}{name}"))
    if len(found) != 1:
        raise SealError(f"the signature has not one {name}")
    return found[0]
