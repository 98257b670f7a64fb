"""Certificate paths: whether a signer's certificate leads to a configured authority.

Checked: signatures, validity at a given moment, basic constraints, name constraints, key usage.
Not checked here: revocation, and whether the subject is who the message says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.x509 import verification
from cryptography.x509.verification import Criticality, ExtensionPolicy


def leads_to(anchors: Sequence[x509.Certificate], chain: Sequence[x509.Certificate], at: datetime) -> bool:
    """Whether `chain` (the signer's first) leads to one of `anchors` at the moment `at`.

    An anchor that is itself the signer's certificate is trusted as it is, within its validity: an
    operator may pin one certificate rather than an authority.
    """
    leaf, *others = chain
    if leaf in anchors:
        return leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc
    if not anchors:
        return False
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(list(anchors)))
        .time(at)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=_signer_policy())
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf, others)
    except verification.VerificationError:
        return False
    return True


def _signer_policy() -> ExtensionPolicy:
    """Ask for no DNS name and no TLS purpose; a key usage that is stated must allow signing."""
    return ExtensionPolicy.permit_all().may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)


def _may_sign(_policy: object, _certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ValueError("the certificate's key usage does not allow signing")
