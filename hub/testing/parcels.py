"""Parcels made out of little, and contents that insist on being read in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hub.domain.address import Address
from hub.domain.envelope import Envelope, SealedEnvelope, to_bytes
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
from hub.domain.party import Party, PartyKind, Role
from hub.errors import StoreError, Words
from hub.ports.clock import Chance, Clock
from hub.ports.connector import Addressee, Parcel
from hub.ports.content import PIECE, Content
from hub.ports.directory import Entry
from hub.testing.contents import MemoryContent
from hub.testing.fakes import UnsafeSeals

BODY = "Cher confrère,\r\nvoici le compte rendu.\r\n"
WHOLE_LIMIT = 1 << 20
"""Bytes that `GeneratedContent.read` gives at once; larger contents are read in pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A document to be put into a parcel."""

    content: Content = field(repr=False)
    name: str = "compte-rendu.pdf"
    media_type: str = "application/pdf"


class GeneratedContent:
    """Any number of bytes that no process holds at once (`Content`).

    `read` of more than `WHOLE_LIMIT` bytes fails the test that asks for it. With `breaks_at`, reading
    raises StoreError there, as a damaged disk does.
    """

    def __init__(self, size: int, *, breaks_at: int | None = None) -> None:
        self._size = size
        self._breaks_at = size + PIECE if breaks_at is None else breaks_at
        digest = hashlib.sha256()
        for at in range(0, size, PIECE):
            digest.update(_stretch(at, min(at + PIECE, size)))
        self._sha256 = digest.hexdigest()

    @property
    def size(self) -> int:
        """How many bytes."""
        return self._size

    @property
    def sha256(self) -> str:
        """Digest in lower-case hexadecimal."""
        return self._sha256

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces."""
        last = self._size if end is None else min(end, self._size)
        for at in range(start, last, PIECE):
            if at + PIECE > self._breaks_at:
                raise StoreError(
                    "content.unreadable",
                    Words(en="The content can't be read.", fr="Le contenu est illisible."),
                )
            yield _stretch(at, min(at + PIECE, last))

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return a small stretch."""
        last = self._size if end is None else min(end, self._size)
        if last - start > WHOLE_LIMIT:
            raise AssertionError("a large content was read as a whole instead of in pieces")
        return b"".join([piece async for piece in self.pieces(start, last)])


def _stretch(start: int, end: int) -> bytes:
    """Return bytes that depend on their place, so that a swapped or lost piece shows."""
    first, count = start // 8, (end - start) // 8 + 2
    data = b"".join(
        (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8) for number in range(first, first + count)
    )
    return data[start - first * 8 :][: end - start]


def parcel(
    sender: Address,
    recipients: Sequence[Entry],
    *,
    clock: Clock,
    chance: Chance,
    subject: str = "Compte rendu",
    attached: Sequence[Attached] = (),
) -> Parcel:
    """Make a parcel: a text body, then what is attached, to everybody in `recipients`."""
    body = Attached(content=MemoryContent(BODY.encode()), name="lettre.txt", media_type="text/plain")
    documents = {DocumentId(f"d{number}"): one for number, one in enumerate([body, *attached], 1)}
    envelope = Envelope(
        id=EnvelopeId(_fresh(clock, chance)),
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=2),
        message=_message(sender, recipients, subject, documents),
    )
    return Parcel(
        sealed=SealedEnvelope(envelope=envelope, jws=UnsafeSeals().seal(to_bytes(envelope))),
        addressees=tuple(
            Addressee(delivery=DeliveryId(_fresh(clock, chance)), party=party, entry=entry)
            for party, entry in zip(envelope.message.recipients, recipients, strict=True)
        ),
        contents={document: one.content for document, one in documents.items()},
    )


def _fresh(clock: Clock, chance: Chance) -> str:
    return uuid7(int(clock.now().timestamp() * 1000), chance.bytes(10))


def _message(
    sender: Address, recipients: Sequence[Entry], subject: str, documents: Mapping[DocumentId, Attached]
) -> Message:
    return Message(
        kind=Kind.REPORT,
        sender=Party(kind=PartyKind.ORGANISATION, name="Centre hospitalier de Valbrume", address=sender),
        recipients=tuple(
            Party(
                kind=one.kind,
                name=one.name,
                address=one.address,
                identifiers=one.identifiers,
                role=Role.CC if number else Role.TO,
            )
            for number, one in enumerate(recipients)
        ),
        subject=subject,
        language="fr",
        documents=tuple(
            Document(
                id=document,
                name=one.name,
                media_type=one.media_type,
                size=one.content.size,
                sha256=one.content.sha256,
                role=DocumentRole.ATTACHMENT if number else DocumentRole.BODY,
            )
            for number, (document, one) in enumerate(documents.items())
        ),
        origin=Origin(
            connector="contract",
            native_id=f"<contract@{sender.domain}>",
            authenticated_as="operator:contract",
            signature=SenderSignature(result=SignatureResult.NONE),
        ),
        receipts=(ReceiptKind.FAILURE,),
    )
