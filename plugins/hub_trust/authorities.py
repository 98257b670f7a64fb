"""Who may sign a list: certificate paths to the configured authorities (RFC 5280), and the one signer.

Checked: signatures, validity at a given moment, basic and name constraints, key usage, extended key
usage, strength of the key. Not checked here: revocation. An authority that must take a signer back has
its certificate removed from `anchors`, or another named in `signer`.
The path building is cryptography's; it takes authorities with RSA and NIST curve keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import ExtensionPolicy

from hub.errors import TrustError
from hub.plugin.issuers import ISSUER
from hub_trust import certificates
from hub_trust.faults import Place

MAX_CHAIN: Final = 8
"""Certificates that may come with a signature."""
_MIN_RSA_BITS: Final = 2048
_TLS_ONLY: Final = frozenset({ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH})


class Authorities:
    """A set of authorities, and the name that the signer's certificate must have (None: any).

    An anchor that is itself the signer's certificate is trusted as it is, within its validity.
    """

    def __init__(self, anchors: Sequence[x509.Certificate], signer: str | None = None) -> None:
        self._anchors = tuple(anchors)
        self._signer = signer
        self._store = verification.Store(list(self._anchors))

    def judge(self, chain: Sequence[x509.Certificate], at: datetime, place: Place) -> None:
        """Return when the first of `chain` may sign at this moment. Raises TrustError."""
        try:
            self._judge(chain, at, place)
        except TrustError:
            raise
        except Exception as error:  # cryptography documents no list of what a hostile certificate raises
            raise place.untrusted(
                "signer_unreadable",
                "the signer's certificate can't be read",
                "le certificat du signataire est illisible",
            ) from error

    def _judge(self, chain: Sequence[x509.Certificate], at: datetime, place: Place) -> None:
        signer, *others = chain
        # 1. The certificate itself.
        first, last = signer.not_valid_before_utc, signer.not_valid_after_utc
        if not first <= at <= last:
            raise place.untrusted(
                "signer_ended",
                f"the signer's certificate is valid from {first:%Y-%m-%d %H:%M} "
                f"to {last:%Y-%m-%d %H:%M} only",
                f"le certificat du signataire n'est valable que du {first:%Y-%m-%d %H:%M} au "
                f"{last:%Y-%m-%d %H:%M}",
            )
        if not _may_sign(signer):
            raise place.untrusted(
                "signer_usage",
                "the signer's certificate is not for signing documents: digitalSignature is missing, the "
                "key is too short, or it is a TLS certificate",
                "le certificat du signataire ne permet pas de signer : digitalSignature manque, "
                "la clé est trop courte, ou c'est un certificat TLS",
            )
        # 2. Its path.
        if signer not in self._anchors and not self._leads_here(signer, others, at):
            raise place.untrusted(
                "foreign_signer",
                "the signer's certificate comes from none of the configured authorities (anchors)",
                "le certificat du signataire ne vient d'aucune autorité configurée (anchors)",
            )
        # 3. Its name.
        if self._signer is not None and self._signer not in certificates.names(signer):
            raise place.untrusted(
                "other_signer",
                "the list is signed by somebody else than the configured signer",
                "la liste est signée par un autre que le signataire configuré",
            )

    def _leads_here(self, signer: x509.Certificate, others: Sequence[x509.Certificate], at: datetime) -> bool:
        verifier = (
            verification.PolicyBuilder()
            .store(self._store)
            .time(at)
            .extension_policies(ca_policy=ISSUER, ee_policy=ExtensionPolicy.permit_all())
            .build_client_verifier()
        )
        try:
            verifier.verify(signer, list(others))
        except verification.VerificationError:
            return False
        return True


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate, in hexadecimal."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _may_sign(certificate: x509.Certificate) -> bool:
    """Whether key and usages allow it. A server's certificate of the same authority must not do."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        return False
    extensions = certificate.extensions
    try:
        if _TLS_ONLY.issuperset(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value):
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature
