"""The authorities whose certificates count in mail, and certificate paths to them (RFC 5280, RFC 8550).

Checked: signatures, validity at a given moment, basic and name constraints, key usage, extended key
usage. Not checked here: revocation (see `hub_smtp.revocation`), and whether the subject is who the message
says.
The path building is cryptography's; it takes authorities with RSA and NIST curve keys.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy

from hub.plugin.issuers import ISSUER
from hub_smtp.cms import verdict
from hub_smtp.cms.verdict import Fault

_REMEMBERED: Final = 4096
_MAIL: Final = frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})

Path = tuple[x509.Certificate, ...]
"""A certificate, those that lead on, and last one that is trusted; that one alone when it is pinned."""


class Purpose(Enum):
    """What a certificate is to be used for."""

    SIGN = "sign"
    ENCRYPT = "encrypt"


class Anchors:
    """A set of authorities. Safe from any thread; remembers the paths that it has found."""

    def __init__(self, certificates: Iterable[x509.Certificate]) -> None:
        """Trust these: authorities, or single end certificates that are pinned as they are."""
        self._certificates = tuple(certificates)
        self._store = verification.Store(list(self._certificates)) if self._certificates else None
        self._found: OrderedDict[bytes, tuple[datetime, datetime, Path]] = OrderedDict()

    def judge(
        self,
        certificate: x509.Certificate,
        others: Sequence[x509.Certificate],
        at: datetime,
        purpose: Purpose = Purpose.SIGN,
    ) -> Fault | None:
        """Return why `certificate` may not serve this purpose at this moment; None when it may.

        `others` are certificates that may lead to an authority, in any order.
        """
        found = self.path(certificate, others, at, purpose)
        return found if isinstance(found, Fault) else None

    def path(
        self,
        certificate: x509.Certificate,
        others: Sequence[x509.Certificate],
        at: datetime,
        purpose: Purpose = Purpose.SIGN,
    ) -> Path | Fault:
        """Return the path from `certificate` to a trusted one, or why it may not serve; see `judge`."""
        try:
            return self._judge(certificate, others, at, purpose)
        except Exception:  # noqa: BLE001 - cryptography documents no list of what a hostile certificate raises
            return verdict.UNREADABLE_CERTIFICATE

    def _judge(
        self,
        certificate: x509.Certificate,
        others: Sequence[x509.Certificate],
        at: datetime,
        purpose: Purpose,
    ) -> Path | Fault:
        # 1. A path that was found holds as long as all of its certificates are valid.
        key = _key(certificate, others, purpose)
        if (found := self._found.get(key)) and found[0] <= at <= found[1]:
            return found[2]
        # 2. The certificate itself.
        if at > certificate.not_valid_after_utc:
            return verdict.expired(certificate.not_valid_after_utc)
        if at < certificate.not_valid_before_utc:
            return verdict.not_yet_valid(certificate.not_valid_before_utc)
        if not may(certificate, purpose):
            return verdict.WRONG_USAGE
        # 3. One that is pinned needs no path.
        path: Path | None = (certificate,)
        if certificate not in self._certificates:
            path = self._path(certificate, others, at)
        if path is None:
            return self._why_no_path(certificate, others, at)
        self._found[key] = (
            max(one.not_valid_before_utc for one in path),
            min(one.not_valid_after_utc for one in path),
            path,
        )
        if len(self._found) > _REMEMBERED:
            self._found.popitem(last=False)
        return path

    def _path(
        self, certificate: x509.Certificate, others: Sequence[x509.Certificate], at: datetime
    ) -> Path | None:
        if self._store is None:
            return None
        verifier = (
            verification.PolicyBuilder()
            .store(self._store)
            .time(at)
            .extension_policies(ca_policy=_AUTHORITY, ee_policy=ExtensionPolicy.permit_all())
            .build_client_verifier()
        )
        try:
            return tuple(verifier.verify(certificate, list(others)).chain)
        except verification.VerificationError:
            return None

    def _why_no_path(
        self, certificate: x509.Certificate, others: Sequence[x509.Certificate], at: datetime
    ) -> Fault:
        """Tell an authority out of date from one that is not ours."""
        path = (*others, *self._certificates)
        if all(one.not_valid_before_utc <= at <= one.not_valid_after_utc for one in path):
            return verdict.UNKNOWN_AUTHORITY
        moments = {certificate.not_valid_before_utc, certificate.not_valid_after_utc}
        if any(self._path(certificate, others, moment) for moment in moments):
            return verdict.AUTHORITY_EXPIRED
        return verdict.UNKNOWN_AUTHORITY


def _key(certificate: x509.Certificate, others: Sequence[x509.Certificate], purpose: Purpose) -> bytes:
    digest = hashlib.sha256(purpose.value.encode())
    for one in (certificate, *others):
        digest.update(one.public_bytes(Encoding.DER))  # each says its own length
    return digest.digest()


def may(certificate: x509.Certificate, purpose: Purpose) -> bool:
    """Whether key usage and extended key usage allow it; both may be absent (RFC 8550, 4.4).

    Raises ValueError when the certificate's extensions can't be read.
    """
    extensions = certificate.extensions
    try:
        if _MAIL.isdisjoint(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value):
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    if purpose is Purpose.SIGN:
        return usage.digital_signature or usage.content_commitment
    if isinstance(certificate.public_key(), rsa.RSAPublicKey):
        return usage.key_encipherment
    return usage.key_agreement


def _issues_for_mail(
    _policy: object, _certificate: x509.Certificate, usages: x509.ExtendedKeyUsage | None
) -> None:
    if usages is not None and _MAIL.isdisjoint(usages):
        raise ValueError("the authority does not issue for mail")


_AUTHORITY: Final = ISSUER.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _issues_for_mail)
