"""Certificate revocation lists: read, verified and looked into (RFC 5280, 5 and 6.3.3).

A list counts when the authority that issued the certificate signed it, for all reasons and for this kind
of certificate, and its time has not passed. Delta lists, indirect lists and those with a critical
extension that is not known here never count. That a certificate stands in a list which is out of date
counts all the same: a revocation does not end, but for one on hold.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hub_smtp.cms import ber, der
from hub_smtp.revocation import reasons
from hub_smtp.revocation.answer import SKEW, Answer
from hub_smtp.revocation.places import names_of_lists
from hub_smtp.revocation.reasons import UnusableError

_PEM: Final = b"-----BEGIN"
_CRITICAL: Final = b"\x01\x01\xff\x04"
"""How DER writes `critical`, and begins what follows it (RFC 5280, 4.1)."""
_NEVER_ENDS: Final = timedelta(days=1)
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_KNOWN: Final = (
    x509.IssuingDistributionPoint,
    x509.CRLNumber,
    x509.AuthorityKeyIdentifier,
    x509.IssuerAlternativeName,
)


class RevocationList:
    """One list as read. Safe from any thread; remembers who is known to have signed it."""

    def __init__(self, data: bytes) -> None:
        """Read a list in DER or PEM; 200,000 entries take some 400 ms. Raises UnusableError."""
        try:
            load = x509.load_pem_x509_crl if data.lstrip().startswith(_PEM) else x509.load_der_x509_crl
            self._crl = load(data)
            self.issuer = self._crl.issuer
            self.said_at = self._crl.last_update_utc
            until = self._crl.next_update_utc
            self._part = _scope(self._crl.extensions)
            self._entries = _entries(self._crl)
            known = _CRITICAL not in self._entries or all(_is_known(one.extensions) for one in self._crl)
        except UnusableError:
            raise
        except Exception as error:
            # cryptography documents no list of what a hostile list raises.
            raise UnusableError(reasons.MALFORMED) from error
        if not known:
            raise UnusableError(reasons.UNSUPPORTED)
        if until is None:  # RFC 5280, 5.1.2.5: it must be there
            raise UnusableError(reasons.MALFORMED)
        self.until = until
        self._signers: set[bytes] = set()

    def answer(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> Answer:
        """Say what the list says of a certificate of `issuer`'s. Raises UnusableError."""
        # 1. Whose list it is, and of which certificates.
        if not self.issuer == certificate.issuer == issuer.subject:
            raise UnusableError(reasons.OTHER)
        self._check_part(certificate)
        # 2. Its signature.
        self._check_signer(issuer)
        # 3. What it says, and whether that is of today.
        try:
            entry = self._entry(certificate.serial_number)
            reason = None if entry is None else _reason(entry)
        except Exception as error:
            raise UnusableError(reasons.MALFORMED) from error
        if reason is x509.ReasonFlags.remove_from_crl:  # no longer on hold
            entry = None
        current = self.said_at <= at + SKEW and at < self.until
        lasting = entry is not None and reason is not x509.ReasonFlags.certificate_hold
        if not current and not lasting:
            raise UnusableError(reasons.OUT_OF_DATE)
        return Answer(
            said_at=self.said_at,
            until=self.until if current else at + _NEVER_ENDS,
            revoked_at=None if entry is None else entry.revocation_date_utc,
            reason=reason if entry is not None else None,
        )

    def _entry(self, serial: int) -> x509.RevokedCertificate | None:
        encoded = der.tlv(der.INTEGER, serial.to_bytes(serial.bit_length() // 8 + 1))
        if encoded not in self._entries:
            return None
        return self._crl.get_revoked_certificate_by_serial_number(serial)

    def _check_part(self, certificate: x509.Certificate) -> None:
        """Check the issuing distribution point against the certificate (RFC 5280, 6.3.3 (b) (2))."""
        part = self._part
        if part is None:
            return
        authority = _is_authority(certificate)
        if (part.only_contains_user_certs and authority) or (part.only_contains_ca_certs and not authority):
            raise UnusableError(reasons.OTHER_PART)
        if part.full_name is not None and not set(part.full_name) & set(names_of_lists(certificate)):
            raise UnusableError(reasons.OTHER_PART)

    def _check_signer(self, issuer: x509.Certificate) -> None:
        print_of_issuer = issuer.fingerprint(hashes.SHA256())
        if print_of_issuer in self._signers:
            return
        key = issuer.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            raise UnusableError(reasons.WEAK)
        try:
            digest = self._crl.signature_hash_algorithm
            if digest is not None and not isinstance(digest, _HASHES):
                raise UnusableError(reasons.WEAK)
            usage = _usage(issuer)
            holds = self._crl.is_signature_valid(key) and (usage is None or usage.crl_sign)
        except UnusableError:
            raise
        except Exception as error:
            raise UnusableError(reasons.FORGED) from error
        if not holds:
            raise UnusableError(reasons.FORGED)
        self._signers.add(print_of_issuer)


def _scope(extensions: x509.Extensions) -> x509.IssuingDistributionPoint | None:
    """Return the issuing distribution point. Raises UnusableError when the list can't count for anybody."""
    part: x509.IssuingDistributionPoint | None = None
    for one in extensions:
        value = one.value
        if isinstance(value, x509.DeltaCRLIndicator) or (one.critical and not isinstance(value, _KNOWN)):
            raise UnusableError(reasons.UNSUPPORTED)
        if isinstance(value, x509.IssuingDistributionPoint):
            part = value
    if part is not None and (
        part.indirect_crl
        or part.only_contains_attribute_certs
        or part.only_some_reasons
        or part.relative_name is not None
    ):
        raise UnusableError(reasons.UNSUPPORTED)
    return part


def _entries(crl: x509.CertificateRevocationList) -> bytes:
    """Return revokedCertificates as encoded: a list may have a million entries, and bytes are fast to search.

    A serial number that does not occur in them is in no entry; one that does is looked for in earnest.
    """
    fields = ber.single(crl.tbs_certlist_bytes, der.SEQUENCE).children()
    sequences = [one for one in fields if one.tag == der.SEQUENCE]
    # Signature algorithm and issuer come first; times are no sequences.
    return sequences[2].body if len(sequences) > 2 else b""  # noqa: PLR2004 - see above


def _is_known(extensions: x509.Extensions) -> bool:
    return not any(
        isinstance(one.value, x509.CertificateIssuer)
        or (one.critical and not isinstance(one.value, x509.CRLReason | x509.InvalidityDate))
        for one in extensions
    )


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
