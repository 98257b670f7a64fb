"""CMS signatures as nobody should make them, signed with the right key all the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from asn1crypto import algos, cms, core, ocsp, tsp
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.plugins.eprescription.prescribers import NOW, Holder

Attributes = list[dict[str, Any]]
HASHES: dict[str, hashes.HashAlgorithm] = {
    one.name: one
    for one in (hashes.SHA1(), hashes.SHA256(), hashes.SHA512(), hashes.MD5())  # noqa: S303 - to be refused
}


def attribute(kind: str, *values: Any) -> dict[str, Any]:
    """Make one attribute."""
    return {"type": kind, "values": list(values)}


def reference(certificate: bytes, name: str = "sha256") -> Any:
    """Name a certificate as signingCertificateV2 does."""
    return tsp.SigningCertificateV2(
        {
            "certs": [
                {
                    "hash_algorithm": {"algorithm": name},
                    "cert_hash": hashlib.new(name, certificate).digest(),
                }
            ]
        }
    )


def attributes(holder: Holder, content: bytes, name: str = "sha256", at: datetime = NOW) -> Attributes:
    """Return the signed attributes that a good signature has."""
    return [
        attribute("content_type", "data"),
        attribute("message_digest", hashlib.new(name, content).digest()),
        attribute("signing_time", cms.Time({"utc_time": core.UTCTime(at)})),
        attribute("signing_certificate_v2", reference(holder.der)),
    ]


def forge(
    holder: Holder,
    content: bytes = b"<Bundle/>",
    *,
    change: Callable[[Attributes], Attributes | None] = lambda one: one,
    digest: str = "sha256",
    hashed: str = "sha256",
    algorithm: str | None = None,
    at: datetime = NOW,
    kind: str = "data",
    listed: str | None = None,
    detached: bool = False,
    signers: int = 1,
    certificates: Sequence[bytes] | None = None,
    answers: Sequence[bytes] = (),
    unsigned: Attributes = [],  # noqa: B006 - it is only read
) -> bytes:
    """Make a signature. `change` gets the signed attributes that a good one has; None leaves them out."""
    given = change(attributes(holder, content, digest, at))
    signed = None if given is None else cms.CMSAttributes(given)
    covered = content if signed is None else signed.dump()
    if isinstance(holder.key, ec.EllipticCurvePrivateKey):
        value, usual = holder.key.sign(covered, ec.ECDSA(HASHES[hashed])), f"{hashed}_ecdsa"
    else:
        assert isinstance(holder.key, rsa.RSAPrivateKey)
        value, usual = holder.key.sign(covered, padding.PKCS1v15(), HASHES[hashed]), f"{hashed}_rsa"
    own = asn1.Certificate.load(holder.der)
    info: dict[str, Any] = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                    {"issuer": own.issuer, "serial_number": own.serial_number}
                )
            }
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest}),
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm or usual}),
        "signature": value,
    }
    if signed is not None:
        info["signed_attrs"] = signed
    if unsigned:
        info["unsigned_attrs"] = cms.CMSAttributes(unsigned)
    held = [holder.der] if certificates is None else certificates
    data: dict[str, Any] = {
        "version": "v1" if kind == "data" else "v3",
        "digest_algorithms": cms.DigestAlgorithms([algos.DigestAlgorithm({"algorithm": listed or digest})]),
        "encap_content_info": {"content_type": kind} if detached else _enveloped(kind, content),
        "certificates": [cms.CertificateChoices("certificate", asn1.Certificate.load(one)) for one in held],
        "signer_infos": [info] * signers,
    }
    if answers:
        data["crls"] = [
            cms.RevocationInfoChoice(
                "other",
                cms.OtherRevocationInfoFormat(
                    {
                        "other_rev_info_format": "ocsp_response",
                        "other_rev_info": ocsp.OCSPResponse.load(one),
                    }
                ),
            )
            for one in answers
        ]
    made = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)})
    return bytes(made.dump())


def _enveloped(kind: str, content: bytes) -> dict[str, Any]:
    held = content if kind == "data" else core.ParsableOctetString(content)
    return {"content_type": kind, "content": held}
