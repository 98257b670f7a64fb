"""A parcel → the mails that carry it.

1. who can be written to, and encrypted how; 2. the entity: the sender's own, or made from documents;
3. our signature around it; 4. encryption around that; 5. the header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography import x509

from hub.domain.ids import DeliveryId
from hub.domain.message import Kind, ReceiptKind
from hub.domain.outcome import Deferred, Outcome, Refused
from hub.ports.connector import Addressee, Parcel
from hub.ports.host import Host
from hub_smtp import entity, outer, pem
from hub_smtp.cms.encrypt import Cipher, Encryption
from hub_smtp.cms.signer import Signer
from hub_smtp.mail_settings import KeyFiles, MailWriting
from hub_smtp.mime.segments import Segments, joined
from hub_smtp.readers import Readers
from hub_smtp.receipts import write as notices
from hub_smtp.revocation.checker import Revocation
from hub_smtp.sealing import Sealing, encrypted
from hub_smtp.wire import Outgoing


@dataclass(slots=True)
class _Sorted:
    """Addressees by what their mail is to be; `refused` get none."""

    plain: list[Addressee] = field(default_factory=list)
    secret: dict[Cipher, list[tuple[Addressee, x509.Certificate]]] = field(default_factory=dict)
    refused: dict[DeliveryId, Outcome] = field(default_factory=dict)


class Composer:
    """Makes mails; safe for any number at a time."""

    def __init__(self, settings: MailWriting, host: Host, revocation: Revocation | None = None) -> None:
        """Load keys and authorities. Raises ConfigError, which names the file.

        `revocation` is needed as soon as the settings ask whether certificates are revoked.
        """
        self._settings = settings
        self._host = host
        self._sealing = None if settings.signing is None else _sealing(settings.signing, host)
        self._readers = Readers(settings, revocation)

    async def mails(self, parcel: Parcel) -> tuple[Sequence[Outgoing], Mapping[DeliveryId, Outcome]]:
        """Return the mails to send, and an outcome for each addressee who gets none.

        Raises InputError when no mail can be made of this message, StoreError when its contents can't
        be read now. Nothing has left then.
        """
        if parcel.sealed.envelope.message.kind is Kind.NOTICE:
            return [await self._notice(parcel)], {}
        by = await self._sort(parcel)
        if not by.plain and not by.secret:
            return (), by.refused
        inner = await entity.inner(parcel, self._settings.format, self._host.hub_name)
        head = outer.header(parcel.sealed.envelope, self._host.address, self._host.hub_name, inner.passed)
        sealed = self._signed(parcel, inner.entity)
        mails = []
        if by.plain:
            mails.append(self._outgoing(parcel, by.plain, head, sealed))
        for cipher, group in by.secret.items():
            encryption = Encryption([one for _, one in group], cipher, self._settings.transport)
            secret = encrypted(sealed, encryption, authenticated=cipher is Cipher.GCM)
            mails.append(self._outgoing(parcel, [one for one, _ in group], head, secret))
        return mails, by.refused

    async def _sort(self, parcel: Parcel) -> _Sorted:
        by, now = _Sorted(), self._host.clock.now()
        for one in parcel.addressees:
            chosen = await self._readers.choose(one.entry, now)
            if chosen is None:
                by.plain.append(one)
            elif isinstance(chosen, Refused | Deferred):
                by.refused[one.delivery] = chosen
            else:
                by.secret.setdefault(chosen.cipher, []).append((one, chosen.certificate))
        return by

    def _signed(self, parcel: Parcel, inner: Segments) -> Segments:
        if self._sealing is None:
            return inner
        boundary = f"=_signed_{parcel.sealed.envelope.id}"
        return self._sealing.signed(inner, boundary, self._host.clock.now())

    def _outgoing(
        self, parcel: Parcel, addressees: Sequence[Addressee], head: bytes, body: Segments
    ) -> Outgoing:
        message = parcel.sealed.envelope.message
        mail = joined((head + b"MIME-Version: 1.0\r\n", body))
        parties = [message.sender, *message.recipients]
        return Outgoing(
            addressees=tuple(addressees),
            mail_from=self._host.address,
            pieces=mail.pieces,
            size=mail.size,
            envid=parcel.sealed.envelope.id,
            notify=("SUCCESS", "FAILURE") if ReceiptKind.DELIVERY in message.receipts else ("FAILURE",),
            smtputf8=outer.is_international([self._host.address, *(one.address for one in parties)]),
            eight_bit=mail.eight_bit,
        )

    async def _notice(self, parcel: Parcel) -> Outgoing:
        mail = await notices.report(parcel, self._host.address, self._host.hub_name)
        return Outgoing(
            addressees=parcel.addressees,
            mail_from=None,
            pieces=mail.pieces,
            size=mail.size,
            envid=parcel.sealed.envelope.id,
            notify=("NEVER",),
            smtputf8=outer.is_international([one.party.address for one in parcel.addressees]),
            eight_bit=mail.eight_bit,
        )


def _sealing(files: KeyFiles, host: Host) -> Sealing:
    key, chain = pem.private_key(files.key), pem.certificates(files.certificate)
    try:
        return Sealing(Signer(key, chain), host.clock.now())
    except ValueError as error:
        raise pem.wrong(
            files.key,
            f"is not the key of the first certificate in {files.certificate}, or not fit to sign ({error})",
            f"n'est pas la clé du premier certificat de {files.certificate}, ou ne peut signer ({error})",
        ) from error
