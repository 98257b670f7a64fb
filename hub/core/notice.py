"""What the hub itself tells a sender: a message of kind `notice`, through the way theirs came.

A notice is an envelope like any other, with a text for people and `notice.json` for programs.
Notices never cause notices. A sender who came through the API reads the state there: no mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.core.operators import Operators
from hub.core.seal import Sealer
from hub.domain import canonical
from hub.domain.envelope import Envelope, SealedEnvelope
from hub.domain.ids import DeliveryId, DocumentId
from hub.domain.message import (
    Document,
    DocumentRole,
    Kind,
    Message,
    Origin,
    ReceiptKind,
    SenderSignature,
    SignatureResult,
)
from hub.domain.party import Party, Role
from hub.errors import Words, spoken
from hub.ports.queue import NewDelivery, NewEnvelope, Queue
from hub.ports.records import Step

NOTICE_JSON: Final = "notice.json"
NOTICE_TYPE: Final = "application/vnd.caducee.notice+json"


class Action(StrEnum):
    """What became of a delivery, in the words of RFC 3464, 2.3.3; `displayed` is RFC 8098's."""

    FAILED = "failed"
    DELIVERED = "delivered"
    DISPLAYED = "displayed"


_WANTED: Final = {
    Action.FAILED: ReceiptKind.FAILURE,
    Action.DELIVERED: ReceiptKind.DELIVERY,
    Action.DISPLAYED: ReceiptKind.DISPLAY,
}
_SUBJECTS: Final = {
    Action.FAILED: Words(en="Your message was not delivered", fr="Votre message n'a pas été remis"),
    Action.DELIVERED: Words(en="Your message was delivered", fr="Votre message a été remis"),
    Action.DISPLAYED: Words(en="Your message was displayed", fr="Votre message a été affiché"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is to be told about one delivery, or about a recipient for whom there is none.

    `recipient` is a text, as the sender wrote it, when the hub knows nobody by it.
    """

    delivery: DeliveryId | None
    recipient: Party | str
    action: Action
    code: str
    reason: Words
    at: datetime


class Notifier:
    """Writes notices in the hub's own name."""

    def __init__(self, queue: Queue, operators: Operators, sealer: Sealer, own: Party) -> None:
        self._queue = queue
        self._operators = operators
        self._sealer = sealer
        self._own = own

    async def notice(self, sealed: SealedEnvelope, peer: str, news: News) -> NewEnvelope | None:
        """Write to the sender of `sealed`; None when they did not ask, or read it another way."""
        about = sealed.envelope
        if about.message.kind is Kind.NOTICE or _WANTED[news.action] not in about.message.receipts:
            return None
        operator = self._operators.serving(about.message.sender.address)
        if operator is None or not peer.startswith("operator:"):
            return None
        stage = self._queue.stage()
        body, data = _text(about, news).encode(), _data(about, news)
        contents = (await stage.keep(body), await stage.keep(data))
        documents = (
            Document(
                id=DocumentId("d1"),
                name="notice.txt",
                media_type="text/plain",
                size=contents[0].size,
                sha256=contents[0].sha256,
                role=DocumentRole.BODY,
            ),
            Document(
                id=DocumentId("d2"),
                name=NOTICE_JSON,
                media_type=NOTICE_TYPE,
                size=contents[1].size,
                sha256=contents[1].sha256,
                role=DocumentRole.ATTACHMENT,
            ),
        )
        notice = self._sealer.seal(self._message(about, news, documents))
        return NewEnvelope(
            sealed=notice,
            peer="hub",
            contents=contents,
            deliveries=(NewDelivery(id=self._sealer.new_delivery(), position=0, operator=operator.name),),
            steps=(Step(at=news.at, event="notice.written", code=news.code, detail=about.id),),
        )

    def _message(self, about: Envelope, news: News, documents: tuple[Document, ...]) -> Message:
        said = about.message
        sender = said.sender
        return Message(
            kind=Kind.NOTICE,
            sender=self._own,
            recipients=(
                Party(
                    kind=sender.kind,
                    name=sender.name,
                    address=sender.address,
                    identifiers=sender.identifiers,
                    operator=sender.operator,
                    role=Role.TO,
                ),
            ),
            subject=_SUBJECTS[news.action].in_language(_language(said)),
            documents=documents,
            origin=Origin(
                connector="hub",
                native_id=f"{news.delivery or about.id}.{news.action}",
                authenticated_as="hub",
                signature=SenderSignature(result=SignatureResult.NONE),
            ),
            language=_language(said),
            in_reply_to=said.origin.native_id,
        )


def _language(message: Message) -> str:
    """Return the sender's own language; French when the message does not say."""
    return message.language or "fr"


def _text(about: Envelope, news: News) -> str:
    """Write the notice in both languages, the sender's first. The subject stays in the envelope."""
    who, when, end = (
        _who(news.recipient),
        f"{about.created_at:%Y-%m-%d %H:%M} UTC",
        f"{news.at:%Y-%m-%d %H:%M} UTC",
    )
    french = (
        f"{_SUBJECTS[news.action].fr}.\n\n"
        f"Destinataire : {who}\n"
        f"Accepté le : {when}\nConstaté le : {end}\n"
        f"Motif : {news.reason.fr}\n"
        f"Enveloppe : {about.id}\n"
    )
    english = (
        f"{_SUBJECTS[news.action].en}.\n\n"
        f"Recipient: {who}\n"
        f"Accepted: {when}\nEstablished: {end}\n"
        f"Reason: {news.reason.en}\n"
        f"Envelope: {about.id}\n"
    )
    first, second = (french, english) if spoken(_language(about.message)) == "fr" else (english, french)
    return f"{first}\n--\n\n{second}"


def _who(recipient: Party | str) -> str:
    return recipient if isinstance(recipient, str) else f"{recipient.name} <{recipient.address}>"


def _data(about: Envelope, news: News) -> bytes:
    who = news.recipient
    return canonical.encode(
        {
            "v": 1,
            "envelope": about.id,
            "native_id": about.message.origin.native_id,
            **({"delivery": news.delivery} if news.delivery is not None else {}),
            "recipient": who if isinstance(who, str) else str(who.address),
            "action": news.action.value,
            "code": news.code,
            "reason": {"en": news.reason.en, "fr": news.reason.fr},
            "accepted_at": f"{about.created_at:%Y-%m-%dT%H:%M:%SZ}",
            "at": f"{news.at:%Y-%m-%dT%H:%M:%SZ}",
        }
    )
