"""What XAdES adds to an XML signature (ETSI EN 319 132-1): when it was signed, and by which certificate."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from hub_eprescription.signing import faults, xmlform
from hub_eprescription.signing.markup import DS
from hub_eprescription.signing.xmlform import XADES, Form

MAX_OCSPS: Final = 8
_IDS: Final = ("Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What the signed properties say. `hash` is that of the certificate's digest."""

    signed_at: datetime | None = None
    hash: str = ""


def target(root: etree._Element, form: Form, uri: str) -> etree._Element:
    """Return the part of a signature that a reference names. Raises MalformedError.

    The id must stand once in the whole document, on the signature's KeyInfo or SignedProperties.
    """
    name = uri.removeprefix("#")
    found = [one for one in root.iter(etree.Element) if any(one.get(key) == name for key in _IDS)]
    allowed = {f"{{{DS}}}KeyInfo", f"{{{XADES}}}SignedProperties"}
    if len(found) != 1 or found[0].tag not in allowed or form.element not in found[0].iterancestors():
        raise faults.malformed(
            "a reference names something else than its own KeyInfo or SignedProperties",
            "une référence vise autre chose que ses propres KeyInfo ou SignedProperties",
        )
    return found[0]


def properties(signed: etree._Element, signer: bytes) -> Properties:
    """Read SignedProperties whose digest has been verified. Raises MalformedError, TrustError."""
    inner = signed.find(f"{{{XADES}}}SignedSignatureProperties")
    if inner is None:
        raise faults.malformed("SignedSignatureProperties is missing", "SignedSignatureProperties manque")
    return Properties(signed_at=_moment(inner), hash=_certificate(inner, signer))


def ocsps(signature: etree._Element) -> tuple[bytes, ...]:
    """Return embedded OCSP answers (RevocationValues). Raises MalformedError."""
    found = list(signature.iter(f"{{{XADES}}}EncapsulatedOCSPValue"))
    return tuple(xmlform.decode(one) for one in found[:MAX_OCSPS])


def _moment(inner: etree._Element) -> datetime | None:
    text = inner.findtext(f"{{{XADES}}}SigningTime")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise faults.malformed(
            "SigningTime is no time with a time zone", "SigningTime n'est pas une heure avec son fuseau"
        )
    return moment.astimezone(UTC)


def _certificate(inner: etree._Element, signer: bytes) -> str:
    """Return the hash by which the signer's certificate is named; the first one named is theirs."""
    for name in ("SigningCertificateV2", "SigningCertificate"):
        digest = inner.find(f"{{{XADES}}}{name}/{{{XADES}}}Cert/{{{XADES}}}CertDigest")
        if digest is None:
            continue
        method = digest.find(f"{{{DS}}}DigestMethod")
        value = digest.find(f"{{{DS}}}DigestValue")
        known = None if method is None else xmlform.DIGESTS.get(str(method.get("Algorithm")))
        if known is None or value is None:
            break
        if not hmac.compare_digest(hashlib.new(known, signer).digest(), xmlform.decode(value)):
            raise faults.broken(
                "its SigningCertificate names another certificate than the one in it",
                "son SigningCertificate nomme un autre certificat que celui qu'elle contient",
            )
        return known
    raise faults.malformed(
        "SignedProperties does not name the signer's certificate",
        "SignedProperties ne nomme pas le certificat du signataire",
    )
