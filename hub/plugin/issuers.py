"""What a certificate path asks of the authorities in it, when they are not the Web's."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy


def _is_authority(
    _policy: object, _certificate: x509.Certificate, constraints: x509.BasicConstraints | None
) -> None:
    if constraints is None or not constraints.ca:
        raise ValueError("the certificate is not an authority's")


def _may_issue(_policy: object, _certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("the authority's key usage does not allow issuing")


ISSUER: Final = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue)
)
"""The Web's rules for authorities (key identifiers, criticality) are not those of health authorities:
what RFC 5280 needs is asked, however it is marked. A plugin adds its own with `may_be_present`."""
