"""SignedInfo as services give them, and documents to be signed by others."""

from __future__ import annotations

from hub.ports.signing import Mechanism

DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
METHODS = {
    Mechanism.RSA_PKCS1_SHA1: f"{DS}rsa-sha1",
    Mechanism.RSA_PKCS1_SHA256: f"{_MORE}rsa-sha256",
    Mechanism.ECDSA_SHA256: f"{_MORE}ecdsa-sha256",
}


def signed_info(mechanism: Mechanism, canonical: str = EXCLUSIVE, more: str = "") -> bytes:
    """Write a SignedInfo as EPS gives it."""
    return (
        f'<SignedInfo xmlns="{DS}"><CanonicalizationMethod Algorithm="{canonical}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{METHODS[mechanism]}"></SignatureMethod><Reference><Transforms>'
        f'<Transform Algorithm="{EXCLUSIVE}"></Transform></Transforms><DigestMethod Algorithm="{DS}sha1">'
        f"</DigestMethod><DigestValue>qYnBTLH/3Y1jnM8+kfpGkOYyYBo=</DigestValue></Reference>{more}</SignedInfo>"
    ).encode()


def document(
    *,
    method: Mechanism = Mechanism.RSA_PKCS1_SHA256,
    canonical: str = EXCLUSIVE,
    before: str = "",
    uri: str = "",
    transforms: str | None = None,
    references: str = "",
    inside: str = "",
    digest: str = "http://www.w3.org/2001/04/xmlenc#sha256",
) -> bytes:
    """Write a document with an empty signature, to be filled by xmlsec1."""
    usual = f'<ds:Transform Algorithm="{DS}enveloped-signature"/><ds:Transform Algorithm="{canonical}"/>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{before}<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <!-- a comment --><title>Ordonnance été</title>
  <id xsi:type="II" root="1.2.250"/>
  <ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{canonical}"/>
    <ds:SignatureMethod Algorithm="{METHODS[method]}"/>
    <ds:Reference URI="{uri}"><ds:Transforms>{usual if transforms is None else transforms}</ds:Transforms>
      <ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference>{references}</ds:SignedInfo>
    <ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo>{inside}</ds:Signature>
  <author><name>Camille Lilas</name></author>
</ClinicalDocument>
""".encode()
