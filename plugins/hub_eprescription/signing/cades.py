"""CAdES (ETSI EN 319 122-1), enveloping: made at level B-B, and verified; CMS is RFC 5652.

What verifying checks, in this order:
1. the form: one signer, enveloped content of the type id-data, every needed signed attribute once (`cms`);
2. the algorithms: RSA or ECDSA with SHA-256, 384 or 512, the same hash throughout; SHA-1 is flagged;
3. the arithmetic (pyHanko): messageDigest, contentType, signingCertificateV2, the algorithm protection
   of RFC 6211 when it is there, and the signature over the signed attributes as they came;
4. the signer: certificate path, usage, strength, embedded OCSP (`authorities`).
Not checked: time-stamps and signature policies. So the time of signing is the signer's word.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hub.errors import HubError
from hub.ports.signing import Mechanism, Signer
from hub_eprescription.signing import certificates, faults
from hub_eprescription.signing.authorities import Authorities, Papers
from hub_eprescription.signing.ready import make_ready
from hub_eprescription.signing.verdict import Verified

if TYPE_CHECKING:
    from hub_eprescription.signing.cms import Parts

_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})
_SHA1: Final = "sha1"
_PADDINGS: Final = frozenset({"rsassa_pkcs1v15", "rsassa_pss", "ecdsa"})
_MADE: Final = (Mechanism.ECDSA_SHA256, Mechanism.RSA_PSS_SHA256, Mechanism.RSA_PKCS1_SHA256)


async def envelop(content: bytes, signer: Signer, at: datetime) -> bytes:
    """Return `content` in a signature of level B-B, in DER.

    Signed attributes: contentType, messageDigest, signingTime (whole seconds), signingCertificateV2,
    and the algorithm protection of RFC 6211. Raises PeerError and ConfigError of the signer's.
    """
    from hub_eprescription.signing import making  # noqa: PLC0415 - it loads asn1crypto

    await make_ready(signer)
    mechanism = next((one for one in signer.mechanisms if one in _MADE), None)
    if mechanism is None:
        raise faults.unavailable(
            "it can sign with SHA-1 only, which is too weak",
            "elle ne peut signer qu'avec SHA-1, trop faible",
        )
    signed = await making.make(content, signer, mechanism, at.astimezone(UTC).replace(microsecond=0))
    # A card may answer with anything: what it signed is looked at before anybody sees it.
    try:
        await asyncio.to_thread(_hold, signed)
    except HubError as error:
        raise faults.unavailable(
            "what it signed does not hold by its own certificate",
            "ce qu'elle a signé ne tient pas avec son propre certificat",
        ) from error
    return signed


def content_of(signed: bytes) -> bytes:
    """Return what a signature envelops, without verifying it. Raises MalformedError, LimitError."""
    from hub_eprescription.signing import cms  # noqa: PLC0415 - it loads asn1crypto

    return cms.content_of(signed)


async def verify(signed: bytes, trust: Authorities, at: datetime) -> Verified:
    """Return what was signed and by whom. `at` is now.

    Raises MalformedError for what is not one enveloping CAdES signature, TrustError
    (`prescription.signature_broken`) for one that does not hold. One that holds, by a certificate that
    does not count, is returned with `trusted=False`.
    """
    parts, papers = await asyncio.to_thread(_hold, signed)
    judgement = await trust.judge(papers, at)
    return Verified(
        content=parts.content,
        certificate=parts.certificate.dump(),
        signer=certificates.name(papers.signer),
        signed_at=parts.signed_at,
        trusted=not trust.fatal(judgement.doubts),
        identifiers=certificates.identifiers(papers.signer),
        addresses=certificates.addresses(papers.signer),
        doubts=judgement.doubts,
        confirmed=judgement.confirmed,
    )


def _hold(signed: bytes) -> tuple[Parts, Papers]:
    """Return the parts of a signature whose arithmetic holds."""
    from hub_eprescription.signing import cms  # noqa: PLC0415 - it loads asn1crypto

    parts = cms.take_apart(signed)
    signer = certificates.read(parts.certificate.dump())
    _check_algorithms(parts)
    _check_arithmetic(parts)
    weak = _SHA1 in {parts.hash, parts.reference_hash}
    return parts, Papers(
        signer=signer,
        others=parts.others,
        ocsps=parts.ocsps,
        signed_at=parts.signed_at,
        weak_hash=weak,
    )


def _check_algorithms(parts: Parts) -> None:
    algorithm = parts.signer_info["signature_algorithm"]
    try:
        kind = algorithm.signature_algo
        implied = None if algorithm["algorithm"].native == "rsassa_pkcs1v15" else algorithm.hash_algo
    except ValueError:
        kind, implied = "", ""
    known = {*_HASHES, _SHA1}
    if kind not in _PADDINGS or parts.hash not in known or parts.reference_hash not in known:
        raise faults.broken(
            "its algorithms are none of RSA or ECDSA with SHA-256, SHA-384 or SHA-512",
            "ses algorithmes ne sont pas RSA ou ECDSA avec SHA-256, SHA-384 ou SHA-512",
        )
    if implied not in {None, parts.hash}:
        raise faults.broken(
            "it mixes two hashes, one for the content and one for the signature",
            "elle mélange deux empreintes, l'une pour le contenu, l'autre pour la signature",
        )


def _check_arithmetic(parts: Parts) -> None:
    from pyhanko.sign.validation import errors, generic_cms  # noqa: PLC0415 - heavy

    digest = hashlib.new(parts.hash, parts.content).digest()
    try:
        same, holds = generic_cms.validate_sig_integrity(parts.signer_info, parts.certificate, "data", digest)
    except errors.SignatureValidationError as error:
        raise faults.broken(
            "its signed attributes do not fit the signer's certificate or the content",
            "ses attributs signés ne concordent pas avec le certificat du signataire ou le contenu",
        ) from error
    except Exception as error:  # no list of what hostile values raise is documented
        raise faults.changed() from error
    if not (same and holds):
        raise faults.changed()
