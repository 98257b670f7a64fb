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
