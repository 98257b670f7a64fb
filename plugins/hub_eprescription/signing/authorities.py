"""Whose certificates count: paths to the configured authorities (RFC 5280), judged at the time of signing.

Checked: signatures, validity, constraints and policies along the path, strength of keys and hashes, key
usage, and an OCSP answer when one is embedded in the signature. Revocation lists are not fetched: an
authority that must take a signer back has its OCSP answers embedded, or leaves `trust`.
Path building is pyhanko-certvalidator's; it takes the Brainpool curves of German cards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.errors import ConfigError, MalformedError, Words
from hub.plugin import reasons
from hub_eprescription.signing import certificates
from hub_eprescription.signing.verdict import Doubt

if TYPE_CHECKING:
    from pyhanko_certvalidator.context import ValidationContext

MAX_CHAIN: Final = 8
"""Certificates that may come with a signature."""
SKEW: Final = timedelta(minutes=5)
"""How far a signer's clock may be ahead of the hub's."""
_MAX_FILE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What speaks against a signer; `confirmed` when an OCSP answer speaks for them."""

    doubts: tuple[Doubt, ...]
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What came with a signature: the signer's certificate, others, OCSP answers (DER of OCSPResponse).

    `weak_hash` says that the signature, or what it is over, uses SHA-1.
    """

    signer: x509.Certificate
    others: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    signed_at: datetime | None = None
    weak_hash: bool = False

    @property
    def der(self) -> bytes:
        """The signer's certificate."""
        return self.signer.public_bytes(Encoding.DER)


class Authorities:
    """The authorities of prescribers' certificates. With none of them, nobody is trusted.

    `anchors` are certificates in DER. An anchor that is itself the signer's certificate is trusted as it
    is, within its validity and usage. `accepts_sha1` is for services that demand SHA-1: then it is a doubt,
    but no reason for distrust.
    """

    def __init__(self, anchors: Sequence[bytes] = (), *, accepts_sha1: bool = False) -> None:
        self.anchors = tuple(anchors)
        self.accepts_sha1 = accepts_sha1
        self._parsed: list[Any] | None = None

    @classmethod
    def load(cls, paths: Sequence[Path], *, accepts_sha1: bool = False) -> Self:
        """Read PEM files. Raises ConfigError, which names the file."""
        return cls([one for path in paths for one in load_certificates(path)], accepts_sha1=accepts_sha1)

    def fatal(self, doubts: Sequence[Doubt]) -> bool:
        """Whether doubts take trust away."""
        return any(one is not Doubt.WEAK_HASH or not self.accepts_sha1 for one in doubts)

    async def judge(self, papers: Papers, at: datetime) -> Judgement:
        """Return what speaks against a signer; never raises for what is in certificates.

        They are judged at the time of signing, when that is given and not yet to come; else `at`.
        """
        moment = min(papers.signed_at or at, at)
        doubts = set(_own(papers, moment))
        if papers.signed_at is not None and papers.signed_at > at + SKEW:
            doubts.add(Doubt.FUTURE)
        path = Judgement(doubts=())
        if papers.der not in self.anchors:
            path = await self._path(papers, moment)
        doubts.update(path.doubts)
        return Judgement(doubts=tuple(one for one in Doubt if one in doubts), confirmed=path.confirmed)

    async def _path(self, papers: Papers, moment: datetime) -> Judgement:
        """Judge the path to an anchor, then what OCSP answers say of the signer."""
        if not self.anchors:
            return Judgement(doubts=(Doubt.UNKNOWN_AUTHORITY,))
        from asn1crypto import x509 as asn1  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy
        from pyhanko_certvalidator import CertificateValidator, errors  # noqa: PLC0415 - heavy
        from pyhanko_certvalidator.revinfo.validate_ocsp import (  # noqa: PLC0415 - heavy
            verify_ocsp_response,
        )

        try:
            context = self._context(papers, moment)
            others = [asn1.Certificate.load(one, strict=True) for one in _above(papers)]
            signer = asn1.Certificate.load(papers.der, strict=True)
            path = await CertificateValidator(signer, others, context).async_validate_path()
            if not papers.ocsps:
                return Judgement(doubts=())
            # Asked for here and not by the path's own rules: those pass over a certificate without a URL.
            await verify_ocsp_response(signer, path, context)
        except errors.OCSPValidationError:
            return Judgement(doubts=())
        except Exception as error:  # noqa: BLE001 - no list of what hostile certificates raise is documented
            known = {
                errors.RevokedError: Doubt.REVOKED,
                errors.ExpiredError: Doubt.EXPIRED,
                errors.NotYetValidError: Doubt.NOT_YET_VALID,
                errors.DisallowedAlgorithmError: Doubt.WEAK_PATH,
            }
            return Judgement(doubts=(known.get(type(error), Doubt.UNKNOWN_AUTHORITY),))
        return Judgement(doubts=(), confirmed=True)

    def _context(self, papers: Papers, moment: datetime) -> ValidationContext:
        from pyhanko_certvalidator.context import ValidationContext  # noqa: PLC0415 - heavy
        from pyhanko_certvalidator.policy_decl import (  # noqa: PLC0415 - heavy
            CertRevTrustPolicy,
            RevocationCheckingPolicy,
            RevocationCheckingRule,
        )

        none = RevocationCheckingRule.NO_CHECK
        return ValidationContext(
            trust_roots=self._roots(),
            moment=moment,
            allow_fetching=False,
            ocsps=papers.ocsps,
            revinfo_policy=CertRevTrustPolicy(
                RevocationCheckingPolicy(ee_certificate_rule=none, intermediate_ca_cert_rule=none),
                retroactive_revinfo=True,  # an answer is asked for after signing, to be embedded
            ),
            weak_hash_algos=("md2", "md5") if self.accepts_sha1 else ("md2", "md5", "sha1"),
        )

    def _roots(self) -> list[Any]:
        from asn1crypto import x509 as asn1  # noqa: PLC0415 - heavy

        if self._parsed is None:
            self._parsed = [asn1.Certificate.load(one, strict=True) for one in self.anchors]
        return self._parsed


def load_certificates(path: Path) -> list[bytes]:
    """Return every certificate in a PEM file, in order (DER). Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
        if len(data) > _MAX_FILE:
            raise _unusable(path, "is larger than 1 MiB", "dépasse 1 Mio")
        return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data)]
    except OSError as error:
        why = reasons.why(error)
        raise _unusable(path, f"can't be read ({why.en})", f"est illisible ({why.fr})") from error
    except ValueError as error:
        raise _unusable(
            path, "holds no certificate in PEM that can be read", "ne contient pas de certificat PEM lisible"
        ) from error


def _above(papers: Papers) -> list[bytes]:
    """Return the certificates that lead on from the signer's, each above the one before, no name twice.

    What is offered beside them may go by the names of others in any order: a path builder would try all.
    """
    offered = [one for der in papers.others if (one := _readable(der)) is not None]
    chain, names = [papers.signer], {papers.signer.subject}
    while len(chain) <= MAX_CHAIN:
        found = next((one for one in offered if one.subject not in names and _issued(chain[-1], one)), None)
        if found is None:
            break
        chain.append(found)
        names.add(found.subject)
    return [one.public_bytes(Encoding.DER) for one in chain[1:]]


def _readable(der: bytes) -> x509.Certificate | None:
    try:
        return certificates.read(der)
    except MalformedError:
        return None


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    if certificate.issuer != by.subject:
        return False
    try:
        certificate.verify_directly_issued_by(by)
    except Exception:  # noqa: BLE001 - no list of what hostile certificates raise is documented
        return False
    return True


def _own(papers: Papers, moment: datetime) -> Iterator[Doubt]:
    """Say what speaks against the certificate itself and the signature's strength."""
    if moment < papers.signer.not_valid_before_utc:
        yield Doubt.NOT_YET_VALID
    if moment > papers.signer.not_valid_after_utc:
        yield Doubt.EXPIRED
    if not certificates.may_sign(papers.signer):
        yield Doubt.USAGE
    if not certificates.is_strong(papers.signer):
        yield Doubt.WEAK_KEY
    if papers.weak_hash:
        yield Doubt.WEAK_HASH


def _unusable(path: Path, en: str, fr: str) -> ConfigError:
    return ConfigError("config.file", Words(en=f"{path} {en}.", fr=f"{path} {fr}."), file=str(path))
