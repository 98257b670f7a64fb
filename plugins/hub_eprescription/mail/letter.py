"""A letter of the service's own to a prescriber, ready to be submitted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.domain.address import Address
from hub.domain.ids import EnvelopeId
from hub.domain.message import DocumentRole, Message, ReceiptKind, SenderSignature, SignatureResult
from hub.domain.party import Identifier
from hub.domain.prescription import PrescriptionView
from hub.ports.intake import Part, Peer, Stage, Submission, To
from hub.ports.prescription import Record
from hub_eprescription.mail import coding, composing, writing
from hub_eprescription.mail.writing import Head, Piece

BODY: Final = "message.txt"
_FOLDERS: Final = str.maketrans("/\\", "__")
_MOST_NAME: Final = 200
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
"""A type as an envelope has it; whatever else a service says of its document, the document is sent."""
_AUTOMATIC: Final = ("Auto-Submitted", "auto-generated")
"""RFC 3834: no program answers this, so that two of them never begin to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The prescription that a letter is about. `ordered` is the message that ordered it.

    `view` is what people read of it, None when that is not known any more.
    """

    record: Record
    ordered: Message
    view: PrescriptionView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks: the service's `mailbox` at this hub and its `title`.

    `language` is for prescribers whose order named none; `at` is now.
    """

    mailbox: Address
    title: str
    language: str
    at: datetime

    def tongue(self, about: About) -> str:
        """Return the prescriber's language."""
        return about.ordered.language or self.language


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is told to the prescriber, in the thread of their order. The same news has the same `key`.

    `parts` are written to the stage that the letter was made with.
    """

    key: str
    sender: Address
    to: Address
    subject: str
    language: str
    in_reply_to: EnvelopeId
    references: tuple[str, ...]
    thread: str
    patient: tuple[Identifier, ...] = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)

    def submission(self, connector: str, peer: Peer) -> Submission:
        """Return it as it is submitted by `peer`, who may send as the service's mailbox."""
        return Submission(
            connector=connector,
            peer=peer,
            native_id=self.key,
            key=self.key,
            sender=self.sender,
            recipients=(To(target=self.to),),
            subject=self.subject,
            parts=self.parts,
            signature=SenderSignature(result=SignatureResult.NONE),
            language=self.language,
            patient=self.patient,
            in_reply_to=self.in_reply_to,
            references=self.references,
            thread=self.thread,
            receipts=(ReceiptKind.FAILURE,),
        )


async def write(
    about: About, voice: Voice, stage: Stage, *, key: str, subject: str, text: str, attached: Sequence[Piece]
) -> Letter:
    """Write a letter to the stage.

    `key` names the news. The thread is that of the order: its own if it has one, else the order's id.
    """
    ordered, prescription = about.ordered, about.record.id
    body = Piece(name=BODY, media_type="text/plain", content=_crlf(text).encode(), body=True)
    pieces = (body, *_distinct(attached))
    head = Head(
        author=voice.mailbox,
        author_name=voice.title,
        to=ordered.sender.address,
        subject=subject,
        at=voice.at,
        fields=(_AUTOMATIC,),
    )
    parts = [
        Part(
            name=one.name,
            media_type=writing.bare(one.media_type),
            role=DocumentRole.BODY if one.body else DocumentRole.ATTACHMENT,
            content=await stage.keep(one.content),
            code=None if one.body else coding.code_of(writing.bare(one.media_type), one.content),
        )
        for one in pieces
    ]
    parts.append(await composing.original(stage, writing.written(head, pieces)))
    return Letter(
        key=f"prescription:{hashlib.sha256(f'{prescription}{key}'.encode()).hexdigest()}",
        sender=voice.mailbox,
        to=ordered.sender.address,
        subject=writing.line(subject),
        language=voice.tongue(about),
        in_reply_to=prescription,
        references=tuple(dict.fromkeys((*ordered.references, prescription))),
        thread=ordered.thread or prescription,
        patient=ordered.patient,
        parts=tuple(parts),
    )


def _crlf(text: str) -> str:
    return "\r\n".join(writing.lines_of(text.rstrip("\r\n"))) + "\r\n"


def _distinct(pieces: Sequence[Piece]) -> list[Piece]:
    """Give each file a name and a type that can be kept, and a name of its own."""
    found: dict[str, Piece] = {}
    for one in pieces:
        given = writing.line(one.name.translate(_FOLDERS)).strip(".")[:_MOST_NAME] or "document"
        name, number = given, 1
        while name in found or name == BODY:
            number += 1
            stem, dot, ending = given.rpartition(".")
            name = f"{stem}-{number}.{ending}" if dot and stem else f"{given}-{number}"
        media_type = writing.bare(one.media_type)
        if not _MEDIA_TYPE.fullmatch(media_type):
            media_type = "application/octet-stream"
        found[name] = Piece(name=name, media_type=media_type, content=one.content)
    return list(found.values())
