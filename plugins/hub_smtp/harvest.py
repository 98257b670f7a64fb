"""Keeping the certificates that came with validly signed mail, to encrypt to their holders later.

Only what the author's own signature vouches for: it is valid, its certificate leads to an authority and
names the address in From. Of the certificates that came along, the first of these is kept that names the
same address, leads to an authority, may be encrypted to and is not revoked: the one that the signer
prefers (SMIMEEncryptionKeyPreference, RFC 8551, 2.5.3), the signer's own, any other.

A newer one replaces an older one, never the other way round: an old mail that comes again changes nothing.
When the folder is full, no mailbox is added, and none loses its certificate: that would be plain text.
Failing to keep one never fails the mail.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.errors import InputError
from hub.ports.host import Host
from hub_smtp.cms import ber, certificates, der, trust
from hub_smtp.cms.certificates import Known
from hub_smtp.cms.encrypt import Encryption
from hub_smtp.cms.trust import Anchors, Purpose
from hub_smtp.cms.verdict import Fault, Verdict
from hub_smtp.folders import MAX_BYTES, file_name, open_folder
from hub_smtp.mail_settings import MailReading
from hub_smtp.revocation.checker import Revocation, State
from hub_smtp.revocation.remembered import Remembered
from hub_smtp.revocation.settings import OnNoAnswer

_REMEMBERED: Final = 4096
_Seen = tuple[str, bytes | None, bytes | None, tuple[bytes, ...]]


class Harvest:
    """One folder; safe for any number at a time. Files are written whole or not at all."""

    def __init__(
        self, settings: MailReading, anchors: Anchors, revocation: Revocation | None, host: Host
    ) -> None:
        """Raise ConfigError when the folder is none."""
        assert settings.harvest is not None  # noqa: S101 - asked by those who know
        self._folder = open_folder(settings.harvest)
        self._most = settings.harvest_most
        self._recheck = settings.revocation.recheck
        self._anchors = anchors
        self._revocation = revocation
        self._host = host
        self._seen: Remembered[_Seen, bool] = Remembered(_REMEMBERED)
        self._writing = asyncio.Lock()

    async def take(self, author: Verdict, address: Address, at: datetime) -> None:
        """Keep a certificate of the author's, if there is one to keep. Never raises for the mail's sake."""
        seen = (address.key, author.certificate, author.preference, author.others)
        now = self._host.clock.now()
        if self._seen.get(seen, now):
            return
        self._seen.put(seen, True, now, now + self._recheck)
        path = await self._find(author, address, at)
        if path is None:
            return
        try:
            async with self._writing:
                done = await asyncio.to_thread(self._keep, address, path, at)
        except OSError as error:
            self._host.log.warning("smime.harvest.failed", part=self._host.name, error=type(error).__name__)
            return
        if not done:
            self._host.log.warning("smime.harvest.full", part=self._host.name, count=self._most)

    async def _find(self, author: Verdict, address: Address, at: datetime) -> trust.Path | None:
        """Return the path from the certificate to keep, the first that will do."""
        known = [one for one in map(certificates.read, author.others) if one is not None]
        for one in _in_order(known, author):
            if address.key not in {mine.key for mine in one.addresses}:
                continue
            others = [mine.certificate for mine in known if mine is not one]
            path = self._anchors.path(one.certificate, others, at, Purpose.ENCRYPT)
            if isinstance(path, Fault) or not _is_fit(one.certificate):
                continue
            if self._revocation is not None:
                status = await self._revocation.check(path)
                unanswered = status.state is State.UNANSWERED
                waits = unanswered and self._revocation.settings.policy is OnNoAnswer.REQUIRE
                if status.state is State.REVOKED or waits:
                    continue
            return path
        return None

    def _keep(self, address: Address, path: trust.Path, at: datetime) -> bool:
        """Write a file unless there is a newer one; False when the folder is full."""
        file = self._folder / file_name(address)
        before = _first(file)
        if before is None and not file.exists():
            if sum(1 for _ in os.scandir(self._folder)) >= self._most:
                return False
        elif before is not None and not _replaces(path[0], before, at):
            return True
        chain = path if len(path) == 1 else path[:-1]
        temporary = self._folder / f".{secrets.token_hex(8)}"
        try:
            with temporary.open("xb") as out:
                out.write(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
        return True


def _in_order(known: Sequence[Known], author: Verdict) -> list[Known]:
    """Return the preferred one, the signer's own, then the others as they came."""
    preferred = [one for one in known if author.preference and _is_preferred(one, author.preference)]
    own = [one for one in known if one.der == author.certificate]
    return list({one.der: one for one in (*preferred, *own, *known)}.values())


def _is_preferred(one: Known, preference: bytes) -> bool:
    """Whether SMIMEEncryptionKeyPreference names this certificate, in any of its three ways."""
    try:
        (choice,) = ber.elements(preference)
        if choice.tag == der.EXPLICIT | 0:
            return der.tlv(der.SEQUENCE, choice.body) == one.name
        if choice.tag == der.EXPLICIT | 1:
            return ber.octets(choice.children()[0]) == one.key_identifier
        return ber.octets(choice, der.CONTEXT | 2) == one.key_identifier
    except (ValueError, IndexError):
        return False


def _is_fit(certificate: x509.Certificate) -> bool:
    """Whether its key can be encrypted to."""
    try:
        Encryption((certificate,))
    except InputError:
        return False
    return True


def _first(file: Path) -> x509.Certificate | None:
    """Return the certificate in a file; None when there is none that can be read."""
    try:
        with file.open("rb") as stream:
            return x509.load_pem_x509_certificates(stream.read(MAX_BYTES))[0]
    except (FileNotFoundError, ValueError):
        return None


def _replaces(new: x509.Certificate, old: x509.Certificate, at: datetime) -> bool:
    """Whether a certificate is the newer one, or the old one is of no use any more."""
    return new != old and (
        new.not_valid_before_utc > old.not_valid_before_utc or old.not_valid_after_utc < at
    )
