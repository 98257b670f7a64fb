"""Mail bytes → a submission, or the receipts that a mail to the hub's own address holds.

1. find the parts; 2. read the header; 3. take off and judge signatures and encryption;
4. write the documents to the stage. Whether the peer may send as the author is the core's to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.message import DocumentRole, ReceiptKind
from hub.domain.party import Role
from hub.errors import InputError, Words
from hub.ports.host import Host
from hub.ports.intake import Acknowledgement, Part, Stage, Submission, To
from hub_smtp import documents, heading, pem, smime
from hub_smtp.cms.decrypt import Identity, Keys
from hub_smtp.cms.trust import Anchors
from hub_smtp.documents import Collected
from hub_smtp.harvest import Harvest
from hub_smtp.heading import Heading
from hub_smtp.mail_settings import MailReading, OnInvalid
from hub_smtp.mime.source import hold
from hub_smtp.mime.structure import scan
from hub_smtp.receipts import read as receipts
from hub_smtp.revocation.checker import Revocation
from hub_smtp.revocation.settings import OnNoAnswer
from hub_smtp.smime import Opened
from hub_smtp.wire import Arrived, Rcpt


class Reader:
    """Reads mails; safe for any number at a time."""

    def __init__(self, settings: MailReading, host: Host, revocation: Revocation | None = None) -> None:
        """Load keys and authorities. Raises ConfigError, which names the file.

        `revocation` is needed as soon as the settings ask whether certificates are revoked.
        """
        asked = settings.revocation.policy is not OnNoAnswer.OFF
        if asked and revocation is None:
            raise ValueError("the settings ask whether certificates are revoked, and nobody can answer")
        revocation = revocation if asked else None
        self._settings = settings
        self._connector = host.name
        self._own = host.address
        self._hub_name = host.hub_name
        self._log = host.log
        anchors = Anchors(one for path in settings.anchors for one in pem.certificates(path))
        self._opener = smime.Opener(anchors, _keys(settings), settings.limits, revocation)
        self._harvest = None if settings.harvest is None else Harvest(settings, anchors, revocation, host)

    async def read(self, arrived: Arrived, stage: Stage) -> Submission | tuple[Acknowledgement, ...]:
        """Read one mail; its documents are written to `stage`.

        Raises InputError (the mail can't be taken as it is) and TrustError (its signature does not
        hold, or it can't be decrypted), with words for the sender; StoreError.
        """
        limits = self._settings.limits
        source = await hold(arrived.content)
        mail = await scan(source, limits)
        if any(one.address.key == self._own.key for one in arrived.recipients):
            if len(arrived.recipients) > 1:
                raise _receipt_and_more()
            return await receipts.read(source, mail, self._hub_name, limits)
        head = heading.read(mail.headers, limits)
        opened = await self._opener.open(source, mail, head, arrived.at, stage)
        if opened.fault is not None and self._settings.invalid_signature is OnInvalid.REFUSE:
            raise smime.refuse(opened.fault)
        if opened.fault is not None:
            self._log.info("smime.signature.invalid", connector=self._connector, code=opened.fault.code)
        if self._harvest is not None and opened.author is not None:
            await self._harvest.take(opened.author, head.author, arrived.at)
        collected = await documents.collect(opened.source, opened.entity, self._settings.xdm, stage)
        return self._submission(arrived, head, opened, collected)

    def _submission(
        self, arrived: Arrived, head: Heading, opened: Opened, collected: Collected
    ) -> Submission:
        native_id = head.message_id or f"sha256:{arrived.content.sha256}"
        return Submission(
            connector=self._connector,
            peer=arrived.peer,
            native_id=native_id,
            key=native_id,
            sender=head.author,
            recipients=tuple(_to(one, head) for one in arrived.recipients),
            subject=head.subject,
            parts=(*collected.parts, *_originals(arrived, opened)),
            signature=opened.signature,
            signer_identifiers=opened.identifiers,
            kind=collected.kind,
            language=head.language,
            patient=collected.patient,
            in_reply_to=head.in_reply_to,
            references=head.references,
            receipts=_receipts(arrived.recipients, head),
        )


def _keys(settings: MailReading) -> Keys:
    identities = []
    for one in settings.decryption:
        try:
            identity = Identity(pem.certificates(one.certificate)[0], pem.private_key(one.key))
            Keys((identity,))
        except ValueError as error:
            raise pem.wrong(
                one.key,
                f"is not the key of {one.certificate}, or not one that decrypts",
                f"n'est pas la clé de {one.certificate}, ou n'est pas une clé qui déchiffre",
            ) from error
        identities.append(identity)
    return Keys(identities)


def _to(rcpt: Rcpt, head: Heading) -> To:
    key = rcpt.address.key
    if key in head.to:
        return To(target=rcpt.address)
    if key in head.cc:
        return To(target=rcpt.address, role=Role.CC)
    return To(target=rcpt.address, blind=True)


def _originals(arrived: Arrived, opened: Opened) -> list[Part]:
    """Return the mail as it came and, when it came encrypted to us, as it would have come unencrypted."""
    contents = [("original.eml", arrived.content)]
    if opened.decrypted is not None:
        contents.append(("decrypted.eml", opened.decrypted))
    return [
        Part(name=name, media_type="message/rfc822", role=DocumentRole.ORIGINAL, content=content)
        for name, content in contents
    ]


def _receipts(recipients: Sequence[Rcpt], head: Heading) -> tuple[ReceiptKind, ...]:
    """Return what is asked for any recipient; without NOTIFY, failures (RFC 3461, 4.1)."""
    wanted = []
    if any("SUCCESS" in one.notify for one in recipients):
        wanted.append(ReceiptKind.DELIVERY)
    if any(not one.notify or "FAILURE" in one.notify for one in recipients):
        wanted.append(ReceiptKind.FAILURE)
    if head.wants_display:
        wanted.append(ReceiptKind.DISPLAY)
    return tuple(wanted)


def _receipt_and_more() -> InputError:
    return InputError(
        "mail.hub_address",
        Words(
            en="The hub's own address takes receipts, and nobody can be written to beside it.",
            fr="L'adresse propre du hub ne reçoit que des accusés, sans autre destinataire à ses côtés.",
        ),
        field="recipients",
    )
