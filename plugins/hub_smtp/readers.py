"""Whether a recipient's mail is encrypted, and to which of their certificates.

1. the certificates that the configured places hold for the mailbox; 2. each in turn: its path to an
authority, its dates, what it may be used for, its address, its key; 3. whether it has been revoked.
The first that passes is used.

A certificate that can't be used is a refusal, never a reason to send plain text: its being there says
that this mailbox reads encrypted mail. When there is none at all, the configuration decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from hub.domain.address import Address
from hub.domain.outcome import Deferred, Refused
from hub.errors import InputError, StoreError, Words
from hub.ports.directory import Entry
from hub_smtp import pem
from hub_smtp.candidates import Candidate, Found, Places, candidates
from hub_smtp.cms import certificates, verdict
from hub_smtp.cms.certificates import Known
from hub_smtp.cms.encrypt import Cipher, Encryption, stated_cipher
from hub_smtp.cms.trust import Anchors, Path, Purpose
from hub_smtp.cms.verdict import Fault
from hub_smtp.mail_settings import Encrypt, MailWriting
from hub_smtp.revocation import judging
from hub_smtp.revocation.checker import Revocation, State
from hub_smtp.revocation.reasons import Reason
from hub_smtp.revocation.remembered import Remembered
from hub_smtp.revocation.settings import OnNoAnswer

_REMEMBERED: Final = 8192
_NAMED: Final = 3
"""Certificates that a refusal speaks of."""
_MOST: Final = 10
"""Certificates that are judged for one mailbox."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A certificate to encrypt to, and the cipher that its holder can read."""

    certificate: x509.Certificate
    cipher: Cipher


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Nobody says whether a certificate is revoked, and the policy is to wait."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found of one certificate, and until when that may be used."""

    result: Reading | Fault | _Waiting
    until: datetime


Choice = Reading | Refused | Deferred | None


class Readers:
    """Chooses by the configuration, the directory's word and the folders'; remembers what it chose."""

    def __init__(self, settings: MailWriting, revocation: Revocation | None) -> None:
        """Load the authorities of recipients' certificates. Raises ConfigError.

        `revocation` may be None only where the settings ask nobody.
        """
        if revocation is None and settings.revocation.policy is not OnNoAnswer.OFF:
            raise ValueError("the settings ask whether certificates are revoked, and nobody can answer")
        self._settings = settings
        self._revocation = None if settings.revocation.policy is OnNoAnswer.OFF else revocation
        self._places = Places(settings.certificates, settings.directory_certificates)
        found = [one for path in settings.anchors for one in pem.certificates(path)]
        self._anchors = Anchors(found) if found else None
        self._chosen: Remembered[tuple[str, Found], Reading | Refused | Deferred] = Remembered(_REMEMBERED)

    async def choose(self, entry: Entry, at: datetime) -> Choice:
        """Return how to encrypt to a mailbox; None to send unencrypted."""
        if self._settings.encrypt is Encrypt.NEVER:
            return None
        try:
            found = await self._places.find(entry)
        except StoreError as error:
            return Deferred(code=error.code, reason=error.words)
        if not found:
            return None if self._settings.encrypt is Encrypt.WHEN_POSSIBLE else _without(entry)
        key = (entry.address.key, found)
        if (chosen := self._chosen.get(key, at)) is None:
            chosen, until = await self._choose(entry, candidates(found)[:_MOST], at)
            self._chosen.put(key, chosen, at, until)
        return chosen

    async def _choose(
        self, entry: Entry, found: list[Candidate], at: datetime
    ) -> tuple[Reading | Refused | Deferred, datetime]:
        faults: list[Words] = []
        waiting: Words | None = None
        until = at + self._settings.revocation.recheck
        for one in found:
            known = certificates.read(one.data)
            judged = await self._judge(known, one, entry.address, at)
            until = min(until, judged.until)
            match judged.result:
                case Reading():
                    return judged.result, until
                case _Waiting(reason):
                    waiting = waiting or _about(known, reason.words)
                case Fault():
                    faults.append(_about(known, judged.result.words))
        if waiting is not None:
            return _deferred(entry, waiting, self._settings.revocation.again), until
        return _refused(entry, faults[:_NAMED]), until

    async def _judge(self, known: Known | None, one: Candidate, address: Address, at: datetime) -> _Judged:
        later = at + self._settings.revocation.recheck
        fit = verdict.UNREADABLE_CERTIFICATE if known is None else self._fit(known, one, address, at)
        if isinstance(fit, Fault):
            return _Judged(fit, later)
        good, path = fit
        until = min(later, *(mine.not_valid_after_utc for mine in path))
        if self._revocation is None:
            return _Judged(good, until)
        status = await self._revocation.check(path)
        until = min(until, status.until)
        if status.state is State.REVOKED:
            return _Judged(judging.revoked(status, good.certificate), until)
        if status.state is State.UNANSWERED and self._settings.revocation.policy is OnNoAnswer.REQUIRE:
            return _Judged(_Waiting(status.reason), until)
        return _Judged(good, until)

    def _fit(
        self, known: Known, one: Candidate, address: Address, at: datetime
    ) -> tuple[Reading, Path] | Fault:
        """Return how a certificate can be encrypted to and its path; revocation is not looked at."""
        certificate = known.certificate
        # Without authorities its place is believed; dates, usage and address are held against it still.
        anchors = self._anchors or Anchors((certificate,))
        path = anchors.path(certificate, one.others, at, Purpose.ENCRYPT)
        if isinstance(path, Fault):
            return path
        if address.key not in {mine.key for mine in known.addresses}:
            return verdict.OTHER_ADDRESS
        cipher = stated_cipher(certificate) or self._settings.cipher
        try:
            Encryption((certificate,), cipher, self._settings.transport)
        except InputError as error:
            return Fault(error.code, error.words)
        return Reading(certificate, cipher), path


def _about(known: Known | None, why: Words) -> Words:
    """Say which certificate it is, and what is wrong with it."""
    if known is None:
        return why
    serial = f"{known.certificate.serial_number:X}"
    return Words(
        en=f"Certificate of {known.subject}, serial number {serial}: {why.en}",
        fr=f"Certificat de {known.subject}, numéro de série {serial} : {why.fr}",
    )


def _refused(entry: Entry, faults: list[Words]) -> Refused:
    en, fr = " ".join(one.en for one in faults), " ".join(one.fr for one in faults)
    return Refused(
        code="recipient.certificate",
        reason=Words(
            en=f"{entry.address} can't be written to: no certificate can be encrypted to. {en}",
            fr=f"{entry.address} ne peut recevoir de courrier : aucun certificat n'est utilisable. {fr}",
        ),
    )


def _without(entry: Entry) -> Refused:
    return Refused(
        code="recipient.certificate",
        reason=Words(
            en=f"{entry.address} can't be written to: no certificate of theirs is known,"
            " and this operator takes encrypted mail only.",
            fr=f"{entry.address} ne peut recevoir de courrier : aucun certificat n'est connu,"
            " et cet opérateur ne prend que du courrier chiffré.",
        ),
    )


def _deferred(entry: Entry, why: Words, again: timedelta) -> Deferred:
    return Deferred(
        code="recipient.certificate-unchecked",
        reason=Words(
            en=f"Whether the certificate of {entry.address} is revoked can't be known now. {why.en}.",
            fr=f"On ne peut savoir maintenant si le certificat de {entry.address} est révoqué. {why.fr}.",
        ),
        retry_after=again,
    )
