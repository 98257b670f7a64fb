"""What checking a signature gives: valid, or the one reason why not.

A bad signature is a value, not an error: whoever asked decides whether to refuse or to record it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509

from hub.domain.address import Address
from hub.domain.message import SenderSignature, SignatureResult
from hub.domain.party import Identifier
from hub.errors import Words


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a signature does not count. `code` is stable; the words hold nothing from the mail."""

    code: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to one check; `fault` None means that the signature is valid and its signer trusted.

    `certificate` (DER), `signer` (the subject's common name, or the whole subject) and `signed_at` say
    whose signature it claims to be whenever that could be read. `addresses` and `identifiers` are
    what the certificate vouches for, and are empty unless the verdict is valid.
    `signed_at` is the signer's own word. That the sender is one of `addresses` is not checked here.

    `path` leads from the certificate to a trusted one, when the verdict is valid. `others` are the
    certificates that came along, in DER, and `preference` is the signed SMIMEEncryptionKeyPreference
    (RFC 8551, 2.5.3), encoded: what the signer wants to be written to with.
    """

    fault: Fault | None
    certificate: bytes | None = field(default=None, repr=False)
    signer: str | None = field(default=None, repr=False)
    signed_at: datetime | None = None
    addresses: tuple[Address, ...] = field(default=(), repr=False)
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    path: tuple[x509.Certificate, ...] = field(default=(), repr=False)
    others: tuple[bytes, ...] = field(default=(), repr=False)
    preference: bytes | None = field(default=None, repr=False)

    @property
    def valid(self) -> bool:
        """Whether the signature holds and its signer is trusted."""
        return self.fault is None

    @property
    def certificate_sha256(self) -> str | None:
        """Digest of the signer's certificate in lower-case hexadecimal."""
        return None if self.certificate is None else hashlib.sha256(self.certificate).hexdigest()

    def spoilt(self, fault: Fault) -> Verdict:
        """Return the verdict with a fault that was found later."""
        return replace(self, fault=fault, addresses=(), identifiers=(), path=())

    def for_envelope(self) -> SenderSignature:
        """Return the verdict in the envelope's words."""
        return SenderSignature(
            result=SignatureResult.VALID if self.valid else SignatureResult.INVALID,
            certificate_sha256=self.certificate_sha256,
            signer=self.signer,
        )


def _fault(code: str, en: str, fr: str) -> Fault:
    return Fault(f"smime.{code}", Words(en=en, fr=fr))


NO_SIGNER = _fault(
    "signature.no-signer",
    "The signature names no signer; it must name exactly one.",
    "La signature ne nomme aucun signataire ; elle doit en nommer un et un seul.",
)
SEVERAL_SIGNERS = _fault(
    "signature.several-signers",
    "The signature names several signers; it must name exactly one.",
    "La signature nomme plusieurs signataires ; elle doit en nommer un et un seul.",
)
NO_CERTIFICATE = _fault(
    "signature.no-certificate",
    "The signer's certificate is not in the signature; send it along.",
    "Le certificat du signataire n'est pas dans la signature ; joignez-le.",
)
WRONG_CONTENT_TYPE = _fault(
    "signature.content-type",
    "The signature says that it signs something else than plain data (id-data).",
    "La signature dit porter sur autre chose que des données simples (id-data).",
)
CONTENT_INSIDE = _fault(
    "signature.content-inside",
    "The detached signature holds a content of its own beside the one that it is said to sign.",
    "La signature détachée contient un contenu à elle, à côté de celui qu'elle est censée signer.",
)
NO_ATTRIBUTES = _fault(
    "signature.no-attributes",
    "The signature has no signed attributes; S/MIME needs content type and message digest signed.",
    "La signature n'a pas d'attributs signés ; S/MIME demande d'y signer le type et l'empreinte du contenu.",
)
WEAK_DIGEST = _fault(
    "signature.weak-digest",
    "The signature uses a broken digest (MD5 or SHA-1); SHA-256, SHA-384 or SHA-512 are taken.",
    "La signature emploie une empreinte cassée (MD5 ou SHA-1) ; SHA-256, SHA-384 ou SHA-512 sont admis.",
)
UNKNOWN_DIGEST = _fault(
    "signature.unknown-digest",
    "The signature uses a digest other than SHA-256, SHA-384 and SHA-512.",
    "La signature emploie une autre empreinte que SHA-256, SHA-384 et SHA-512.",
)
DIGEST_NOT_ANNOUNCED = _fault(
    "signature.digest-not-announced",
    "The signature uses a digest that was not announced before the content.",
    "La signature emploie une empreinte qui n'était pas annoncée avant le contenu.",
)
WEAK_SIGNATURE = _fault(
    "signature.weak-algorithm",
    "The signature is made with a broken algorithm (MD5, SHA-1 or DSA) or an RSA key under 2048 bits.",
    "La signature est faite avec un algorithme cassé (MD5, SHA-1, DSA) ou une clé RSA sous 2048 bits.",
)
UNKNOWN_SIGNATURE = _fault(
    "signature.unknown-algorithm",
    "The signature algorithm is none of RSA, RSA-PSS, ECDSA on P-256, P-384, P-521, and Ed25519,"
    " or does not agree with the digest or the signer's key.",
    "L'algorithme de signature n'est ni RSA, ni RSA-PSS, ni ECDSA sur P-256, P-384, P-521, ni Ed25519,"
    " ou ne s'accorde pas avec l'empreinte ou la clé du signataire.",
)
ALTERED = _fault(
    "signature.altered",
    "The content is not what was signed: it was altered on the way.",
    "Le contenu n'est pas celui qui a été signé : il a été altéré en route.",
)
WRONG_SIGNATURE = _fault(
    "signature.wrong",
    "The signature was not made with the key of the signer's certificate, or was altered.",
    "La signature n'a pas été faite avec la clé du certificat du signataire, ou a été altérée.",
)
WRONG_CERTIFICATE = _fault(
    "signature.wrong-certificate",
    "The certificate is not the one that the signature was made for (ESSCertIDv2).",
    "Le certificat n'est pas celui pour lequel la signature a été faite (ESSCertIDv2).",
)
UNREADABLE_CERTIFICATE = _fault(
    "certificate.unreadable",
    "The certificate can't be read.",
    "Le certificat n'est pas lisible.",
)
AUTHORITY_EXPIRED = _fault(
    "certificate.authority-expired",
    "A certificate of the authority that issued this certificate is not valid at this time.",
    "Un certificat de l'autorité qui a émis ce certificat n'est pas valide à ce moment.",
)
UNKNOWN_AUTHORITY = _fault(
    "certificate.unknown-authority",
    "The certificate does not lead to an authority that this hub knows.",
    "Le certificat ne mène à aucune autorité connue de ce hub.",
)
WRONG_USAGE = _fault(
    "certificate.wrong-usage",
    "The certificate was not issued for this use of mail (key usage or extended key usage).",
    "Le certificat n'a pas été émis pour cet usage du courrier (usage de la clé, simple ou étendu).",
)
OTHER_ADDRESS = _fault(
    "certificate.other-address",
    "The certificate is not for this address.",
    "Le certificat n'est pas celui de cette adresse.",
)


def expired(on: datetime) -> Fault:
    """Return the fault of a certificate whose time has passed."""
    return _fault(
        "certificate.expired",
        f"The certificate expired on {on:%Y-%m-%d}.",
        f"Le certificat a expiré le {on:%Y-%m-%d}.",
    )


def not_yet_valid(on: datetime) -> Fault:
    """Return the fault of a certificate whose time has not come."""
    return _fault(
        "certificate.not-yet-valid",
        f"The certificate is not valid before {on:%Y-%m-%d}.",
        f"Le certificat n'est pas valide avant le {on:%Y-%m-%d}.",
    )


def revoked(words: Words) -> Fault:
    """Return the fault of a certificate that its authority has revoked, in words that say when and why."""
    return Fault("smime.certificate.revoked", words)
