"""A mail that came to the service's mailbox → what it says: dispensings, or words for the prescriber.

1. who wrote, in answer to which envelopes; 2. whether a program wrote it; 3. the documents that say
what became of a prescription; 4. the text and the other documents, which are for people.

Which prescription it is about is found by who knows the envelopes; not checked here: that whoever wrote
may speak of it. So a dispensing says by whom it was reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Final

from hub.domain.envelope import Envelope
from hub.domain.ids import EnvelopeId, check_uuid7
from hub.domain.message import Document, DocumentRole, SignatureResult
from hub.domain.outcome import Refused
from hub.domain.party import Party
from hub.errors import InputError, MalformedError, Words
from hub.ports.connector import Parcel
from hub.ports.prescription import Dispensing, ReadsDispensing
from hub_eprescription.mail import writing
from hub_eprescription.mail.writing import Piece

MOST_TEXT: Final = 64 << 10
"""Bytes of a text that are quoted; a longer one is attached whole."""
MOST_READ: Final = 4 << 20
"""Bytes of one document that is looked into for dispensings."""
MOST_HEADER: Final = 64 << 10
"""Bytes of a mail's header that are looked at."""
_SERVICE: Final = "X-KIM-Dienstkennung"
_MESSAGE_ID: Final = re.compile(r"<([^<>@\s]{1,200})@([^<>@\s]{1,255})>")
_PEOPLE: Final = ("application/pdf", "image/", "audio/", "video/", "text/")
"""Media types that are never looked into: nothing of that kind says what was dispensed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a mail to the service's mailbox says.

    `answers` are envelopes that it answers, the nearest first; `thread` is its thread if it has one.
    `service` is the service header it came with. `automatic`: a program wrote it (RFC 3834), and nobody
    should be told. `unreadable` says what could not be read of documents that should be dispensings;
    they are in `attached` too. `signature` is the verdict on the writer's own.
    """

    envelope: EnvelopeId
    sender: Party
    at: datetime
    subject: str = field(repr=False)
    text: str = field(repr=False)
    dispensings: tuple[Dispensing, ...] = field(repr=False)
    attached: tuple[Piece, ...] = field(repr=False)
    answers: tuple[EnvelopeId, ...] = ()
    thread: str | None = None
    service: str | None = None
    automatic: bool = False
    unreadable: tuple[Words, ...] = ()
    signature: SignatureResult = SignatureResult.NONE

    @property
    def says_words(self) -> bool:
        """Whether there is something for people beside what the dispensings carry themselves."""
        return bool(self.text.strip() or self.attached)


async def read(parcel: Parcel, service: object, hub_name: str) -> Answer:
    """Read a mail. `service` is asked for dispensings if it reads any; `hub_name` ends our Message-IDs.

    Raises StoreError when a content can't be read now. Anything a person may have written is an answer.
    """
    envelope = parcel.sealed.envelope
    message = envelope.message
    text, attached = "", list[Piece]()
    dispensings, unreadable = list[Dispensing](), list[Words]()
    for document in message.documents:
        content = parcel.contents[document.id]
        if document.role is DocumentRole.ORIGINAL:
            continue
        if _is_text(document):
            text = (await content.read()).decode("utf-8", "replace")
            continue
        data = await content.read()
        found = _read(service, document, data, unreadable)
        if found:
            dispensings += [_reported(one, message.sender) for one in found]
        else:
            attached.append(Piece(name=document.name, media_type=document.media_type, content=data))
    fields = await _header(parcel)
    automatic = fields.get("auto-submitted", "no").partition(";")[0].strip().lower() != "no"
    return Answer(
        envelope=envelope.id,
        sender=message.sender,
        at=envelope.created_at,
        subject=message.subject,
        text=text,
        dispensings=tuple({one.id: one for one in dispensings}.values()),
        attached=tuple(attached),
        answers=_answers(envelope, hub_name),
        thread=message.thread,
        service=fields.get(_SERVICE.lower()),
        automatic=automatic,
        unreadable=tuple(unreadable),
        signature=message.origin.signature.result,
    )


def unmatched() -> Refused:
    """Refuse a mail that is about no prescription that this hub knows."""
    return Refused(
        code="prescription.answer_unmatched",
        reason=Words(
            en="This is the mailbox of an e-prescription service. It takes answers to the mail that handed a"
            " prescription over, and documents that say what was dispensed; this is neither, or the"
            " prescription is not known here. Answer that mail, or write to the prescriber.",
            fr="Ceci est la boîte d'un service de prescription. Elle prend les réponses au message qui a"
            " remis une ordonnance, et les documents de dispensation ; ceci n'est ni l'un ni l'autre, ou"
            " l'ordonnance est inconnue ici. Répondez à ce message, ou écrivez au prescripteur.",
        ),
    )


def own_prescriber() -> Refused:
    """Refuse what prescribers write to the service's mailbox about their own prescription."""
    return Refused(
        code="prescription.answer_own",
        reason=Words(
            en="Nobody reads the mailbox of an e-prescription service. Write to the pharmacy itself;"
            " to cancel a prescription, use your software.",
            fr="Personne ne lit la boîte d'un service de prescription. Écrivez à la pharmacie elle-même ;"
            " pour annuler une ordonnance, utilisez votre logiciel.",
        ),
    )


def _is_text(document: Document) -> bool:
    return (
        document.role is DocumentRole.BODY
        and document.media_type == "text/plain"
        and document.size <= MOST_TEXT
    )


def _read(service: object, document: Document, data: bytes, unreadable: list[Words]) -> Sequence[Dispensing]:
    if not isinstance(service, ReadsDispensing) or document.size > MOST_READ:
        return ()
    if document.media_type.startswith(_PEOPLE) and document.media_type != "text/xml":
        return ()
    try:
        return service.dispensings(document.media_type, data)
    except InputError as error:
        unreadable.append(error.words)
        return ()


def _reported(event: Dispensing, sender: Party) -> Dispensing:
    """Say whose word it is: the service itself has not said it."""
    who = str(sender.address)
    if sender.name != who:
        who = f"{sender.name} <{who}>"
    en, fr = f"Reported by secure mail by {who}.", f"Selon un message sécurisé de {who}."
    return replace(event, text=Words(en=f"{event.text.en}\n{en}", fr=f"{event.text.fr}\n{fr}"))


def _answers(envelope: Envelope, hub_name: str) -> tuple[EnvelopeId, ...]:
    """Return the envelopes of ours that a mail names, the nearest first (RFC 5322, 3.6.4)."""
    message = envelope.message
    named = [message.in_reply_to, *reversed(message.references), message.thread]
    found = [_envelope(one, hub_name) for one in named if one]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _envelope(name: str, hub_name: str) -> EnvelopeId | None:
    """Return the envelope behind a Message-ID of ours, or an id as it is."""
    match = _MESSAGE_ID.fullmatch(name)
    if match is not None:
        if match[2].lower() != hub_name.lower():
            return None
        name = match[1]
    try:
        return EnvelopeId(check_uuid7(name))
    except MalformedError:
        return None


async def _header(parcel: Parcel) -> dict[str, str]:
    """Return the first of each header field of the mail as it came; none when it did not come as mail."""
    message = parcel.sealed.envelope.message
    for document in message.documents:
        if document.role is DocumentRole.ORIGINAL and document.media_type == "message/rfc822":
            content = parcel.contents[document.id]
            start = await content.read(0, min(content.size, MOST_HEADER))
            fields: dict[str, str] = {}
            for name, value in BytesHeaderParser(policy=compat32).parsebytes(start).items():
                fields.setdefault(name.lower(), writing.line(str(value)))
            return fields
    return {}
