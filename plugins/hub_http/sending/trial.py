"""One message sent for trial, as `hub operator try` does: everything is told, nothing is kept.

It goes out as any message would, by the same connector; its subject and its text say that it is a test. The
envelope is not signed: an operator that checks the hub's seal refuses it, rightly.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.envelope import Envelope, SealedEnvelope, normal, to_bytes
from hub.domain.ids import DeliveryId, DocumentId, EnvelopeId, uuid7
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
from hub.domain.outcome import Outcome
from hub.domain.party import Party, PartyKind, Role
from hub.errors import HubError, Words
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Addressee, Parcel
from hub.ports.content import PIECE, Content
from hub.ports.directory import Entry, MailboxKind, Standing
from hub.ports.host import Host
from hub_http.description.model import Description
from hub_http.sending import connector, outcomes
from hub_http.sending.classify import Judgement
from hub_http.sending.opening import open_operator
from hub_http.settings import OperatorSettings
from hub_http.wire.transcript import Transcript

SUBJECT: Final = Words(en="Test message of the hub, please ignore", fr="Message de test du hub, à ignorer")
TEXT: Final = Words(
    en="This message was sent to try the connection between two systems. It is about nobody.\n",
    fr="Ce message a été envoyé pour essayer la liaison entre deux systèmes. Il ne concerne personne.\n",
)
_LIFE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it. `judged` names each request with what its answer meant and which row said so."""

    outcome: Outcome
    judged: Sequence[tuple[str, Judgement]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is sent: from whom, to whom, in which language, with which files."""

    sender: Address
    recipient: Address
    language: str
    documents: Sequence[tuple[str, str, bytes]] = field(default=(), repr=False)


async def attempt(
    settings: OperatorSettings,
    letter: Letter,
    *,
    name: str,
    description: Description | None = None,
    tell: Callable[[str], None],
) -> Trial:
    """Send one message, once. `tell` gets the transcript, a line at a time, redacted.

    Raises ConfigError when the description, a parameter or a file can't be used.
    """
    judged: list[tuple[str, Judgement]] = []

    def watch(request: str, judgement: Judgement) -> None:
        judged.append((request, judgement))
        tell(f"= {request}: {judgement.meaning.value} ({judgement.row})")

    host = Host(
        name=name,
        hub_name="hub.invalid",
        address=letter.sender,
        clock=_Clock(),
        chance=_Chance(),
        log=_Log(tell),
        data=Path(),
        ledger=EphemeralLedger(),
    )
    parcel = parcel_of(letter, host)
    async with open_operator(
        settings, host, description=description, transcript=Transcript(tell)
    ) as operator:
        one = connector.Connector(replace(operator, watch=watch))
        try:
            (outcome,) = (await one.deliver(parcel)).values()
        except HubError as error:
            outcome = outcomes.unmade(error)
    return Trial(outcome=outcome, judged=judged)


def parcel_of(letter: Letter, host: Host) -> Parcel:
    """Make the parcel: a text that says what it is, then the files."""
    parts = [("message.txt", "text/plain", TEXT.in_language(letter.language).encode()), *letter.documents]
    recipient = _party(letter.recipient, PartyKind.PERSON, Role.TO)
    documents = tuple(
        Document(
            id=DocumentId(f"d{number}"),
            name=normal(name),
            media_type=media_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            role=DocumentRole.ATTACHMENT if number > 1 else DocumentRole.BODY,
        )
        for number, (name, media_type, data) in enumerate(parts, 1)
    )
    now = host.clock.now().replace(microsecond=0)
    envelope = Envelope(
        id=EnvelopeId(_fresh(host)),
        created_at=now,
        expires_at=now + _LIFE,
        message=Message(
            kind=Kind.MESSAGE,
            sender=_party(letter.sender, PartyKind.ORGANISATION, None),
            recipients=(recipient,),
            subject=SUBJECT.in_language(letter.language),
            language=letter.language,
            documents=documents,
            origin=Origin(
                connector="try",
                native_id="try",
                authenticated_as="client:try",
                signature=SenderSignature(result=SignatureResult.NONE),
            ),
            receipts=(ReceiptKind.FAILURE,),
        ),
    )
    entry = Entry(
        address=letter.recipient,
        mailbox=MailboxKind.PERSONAL,
        name=recipient.name,
        identifiers=(),
        standing=Standing.UNKNOWN,
        source="try",
    )
    contents: dict[DocumentId, Content] = {
        one.id: _Bytes(data) for one, (_, _, data) in zip(documents, parts, strict=True)
    }
    return Parcel(
        sealed=SealedEnvelope(envelope=envelope, jws=_unsigned(to_bytes(envelope))),
        addressees=(Addressee(delivery=DeliveryId(_fresh(host)), party=recipient, entry=entry),),
        contents=contents,
    )


def _party(address: Address, kind: PartyKind, role: Role | None) -> Party:
    return Party(kind=kind, name=str(address), address=address, role=role)


def _fresh(host: Host) -> str:
    return uuid7(int(host.clock.now().timestamp() * 1000), host.chance.bytes(10))


def _unsigned(payload: bytes) -> bytes:
    """Return the form of a JWS without what would make it one."""
    return json.dumps(
        {"payload": base64.urlsafe_b64encode(payload).rstrip(b"=").decode(), "protected": "", "signature": ""}
    ).encode()


class _Bytes:
    """A content in memory (`Content`)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        stretch = self._data[start:end]
        for at in range(0, len(stretch), PIECE):
            yield stretch[at : at + PIECE]

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        return self._data[start:end]


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class _Chance:
    def bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def fraction(self) -> float:
        return secrets.randbelow(1 << 53) / (1 << 53)


class _Log:
    """Shows what would stand in the hub's log (`Log`)."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def info(self, event: str, **fields: object) -> Any:
        self._line(event, fields)

    def warning(self, event: str, **fields: object) -> Any:
        self._line(event, fields)

    def _line(self, event: str, fields: Mapping[str, object]) -> None:
        said = " ".join(f"{key}={value}" for key, value in fields.items() if value is not None)
        self._tell(f"# {event} {said}".rstrip())
