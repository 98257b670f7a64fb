"""Whether a recipient's mail is encrypted, and to which of their certificates.

A certificate that can't be used is a refusal, never a reason to send plain text: the directory says
that this mailbox reads encrypted mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from hub.domain.outcome import Refused
from hub.errors import InputError, Words
from hub.ports.directory import Entry
from hub_smtp import pem
from hub_smtp.cms import verdict
from hub_smtp.cms.encrypt import Cipher, Encryption, stated_cipher
from hub_smtp.cms.trust import Anchors, Purpose
from hub_smtp.cms.verdict import Fault
from hub_smtp.mail_settings import Encrypt, MailWriting


@dataclass(frozen=True, slots=True)
class Reading:
    """A certificate to encrypt to, and the cipher that its holder can read."""

    certificate: x509.Certificate
    cipher: Cipher


class Readers:
    """Chooses by the configuration and the directory's word."""

    def __init__(self, settings: MailWriting) -> None:
        """Load the authorities of recipients' certificates. Raises ConfigError."""
        self._settings = settings
        found = [one for path in settings.anchors for one in pem.certificates(path)]
        self._anchors = Anchors(found) if found else None

    def choose(self, entry: Entry, at: datetime) -> Reading | Refused | None:
        """Return how to encrypt to a mailbox; None to send unencrypted."""
        policy = self._settings.encrypt
        if policy is Encrypt.NEVER or (policy is Encrypt.WHEN_POSSIBLE and not entry.certificates):
            return None
        if not entry.certificates:
            return _refused(
                entry,
                "The directory holds no certificate, and this operator takes encrypted mail only.",
                "L'annuaire n'a pas de certificat, et cet opérateur ne prend que du courrier chiffré.",
            )
        first: Fault | None = None
        for data in entry.certificates:
            judged = self._judge(data, at)
            if isinstance(judged, Reading):
                return judged
            first = first or judged
        words = first.words if first else verdict.UNREADABLE_CERTIFICATE.words
        return _refused(entry, words.en, words.fr)

    def _judge(self, data: bytes, at: datetime) -> Reading | Fault:
        try:
            certificate = x509.load_der_x509_certificate(data)
        except ValueError:
            return verdict.UNREADABLE_CERTIFICATE
        # Without authorities the directory's word stands; dates and usage are held against it all the same.
        anchors = self._anchors or Anchors((certificate,))
        fault = anchors.judge(certificate, (), at, Purpose.ENCRYPT)
        if fault is not None:
            return fault
        cipher = stated_cipher(certificate) or self._settings.cipher
        try:
            Encryption((certificate,), cipher, self._settings.transport)
        except InputError as error:
            return Fault(error.code, error.words)
        return Reading(certificate, cipher)


def _refused(entry: Entry, en: str, fr: str) -> Refused:
    return Refused(
        code="recipient.certificate",
        reason=Words(
            en=f"{entry.address} can't be written to: {en}",
            fr=f"{entry.address} ne peut recevoir de courrier : {fr}",
        ),
    )
