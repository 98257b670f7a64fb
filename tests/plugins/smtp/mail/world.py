"""A hospital, a city doctor and a hub between them, as the tests of mail want them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.domain.envelope import Envelope, SealedEnvelope
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
from hub.domain.party import Identifier, Party, PartyKind, Role
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Addressee, Parcel
from hub.ports.content import Content
from hub.ports.host import Host
from hub.ports.intake import Acknowledgement, Part, Peer, Submission, To
from hub.testing.contents import MemoryContent, MemoryStage
from hub.testing.fakes import FixedChance, FixedClock, NullLog, entry
from hub_smtp.cms.signer import Signer
from hub_smtp.composing import Composer
from hub_smtp.mail_settings import Encrypt, Format, KeyFiles, MailReading, MailWriting, OnInvalid
from hub_smtp.mime.segments import Segments
from hub_smtp.reading import Reader
from hub_smtp.sealing import Sealing
from hub_smtp.wire import Arrived, Outgoing, Rcpt
from tests.plugins.smtp.cms.made import AT, Authority, Pair

HOSPITAL = Address.parse("reports@hospital.example")
DOCTOR = Address.parse("dr.martin@city.example")
NURSE = Address.parse("nurse@city.example")
HUB = Address.parse("hub@hub.example")
HUB_NAME = "hub.example"
PEER = Peer(name="operator:hospital", domains=frozenset({"hospital.example"}))
_NUMBERS = itertools.count()


@dataclass(slots=True)
class World:
    """Keys and files in a folder; makes readers, composers, mails and parcels."""

    folder: Path
    authority: Authority = field(default_factory=Authority)
    sender: Pair = field(init=False)
    hub: Pair = field(init=False)

    def __post_init__(self) -> None:
        self.sender = self.authority.issue(addresses=[str(HOSPITAL)])
        self.hub = self.authority.issue(addresses=[str(HUB)])
        self.file("authority.pem", self.authority.pem)
        self.files("hub", self.hub)

    def file(self, name: str, data: bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def files(self, name: str, pair: Pair) -> KeyFiles:
        """Write a certificate and its key."""
        return KeyFiles(
            certificate=self.file(f"{name}.pem", pair.pem), key=self.file(f"{name}.key", pair.key_pem)
        )

    @property
    def host(self) -> Host:
        """What the hub lends."""
        return Host(
            name="smtp",
            hub_name=HUB_NAME,
            address=HUB,
            clock=FixedClock(AT),
            chance=FixedChance(),
            log=NullLog(),
            data=self.folder,
            ledger=EphemeralLedger(),
        )

    def reader(self, invalid: OnInvalid = OnInvalid.REFUSE, *keys: Pair) -> Reader:
        """Make a reader that trusts the authority and holds these keys."""
        held = tuple(self.files(f"held{number}", one) for number, one in enumerate(keys))
        return Reader(
            MailReading(anchors=(self.folder / "authority.pem",), decryption=held, invalid_signature=invalid),
            self.host,
        )

    def composer(
        self, form: Format = Format.PLAIN, encrypt: Encrypt = Encrypt.WHEN_POSSIBLE, *, sign: bool = True
    ) -> Composer:
        """Make a composer that signs as the hub."""
        signing = KeyFiles(certificate=self.folder / "hub.pem", key=self.folder / "hub.key")
        return Composer(
            MailWriting(format=form, signing=signing if sign else None, encrypt=encrypt), self.host
        )

    def signed(self, entity: bytes, pair: Pair | None = None, boundary: str = "outermost") -> bytes:
        """Sign an entity as the hospital, or as somebody else."""
        pair = pair or self.sender
        assert isinstance(pair.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
        sealing = Sealing(Signer(pair.key, [pair.certificate]), AT)
        whole = sealing.signed(Segments((entity,)), boundary, AT).whole()
        assert whole is not None
        return whole


def mail(entity: bytes, **fields: str) -> bytes:
    """Return a mail from the hospital to the doctor; a field named here replaces ours, `""` drops it."""
    head = {
        "From": f"Hospital <{HOSPITAL}>",
        "To": str(DOCTOR),
        "Subject": "Compte rendu",
        "Date": "Tue, 3 Mar 2026 12:00:00 +0100",
        "Message-ID": "<one@hospital.example>",
        "MIME-Version": "1.0",
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
    return lines.encode() + entity


def text(body: str = "Bonjour") -> bytes:
    """Return a text entity."""
    head = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return f"{head}{body}\r\n".encode()


def arrived(data: bytes, *recipients: Address | Rcpt, peer: Peer = PEER) -> Arrived:
    """Return a mail as the server has it."""
    return Arrived(
        peer=peer,
        mail_from=HOSPITAL,
        recipients=tuple(
            one if isinstance(one, Rcpt) else Rcpt(address=one) for one in recipients or (DOCTOR,)
        ),
        content=MemoryContent(data),
        at=AT,
    )


async def submission(reader: Reader, data: bytes, *recipients: Address | Rcpt) -> Submission:
    """Read a mail that is a message."""
    found = await reader.read(arrived(data, *recipients), MemoryStage())
    assert isinstance(found, Submission)
    return found


async def receipts(reader: Reader, data: bytes) -> tuple[Acknowledgement, ...]:
    """Read a mail to the hub itself."""
    found = await reader.read(arrived(data, HUB), MemoryStage())
    assert isinstance(found, tuple)
    return found


def party(address: Address, name: str, role: Role | None = None) -> Party:
    """Return a person."""
    return Party(kind=PartyKind.PERSON, name=name, address=address, role=role)


def parcel(said: Submission, *, certificates: Sequence[Pair] = (), native_id: str | None = None) -> Parcel:
    """Return what the hub hands to the connector for a submission."""
    documents, contents = [], dict[DocumentId, Content]()
    for number, part in enumerate(said.parts, 1):
        contents[DocumentId(f"d{number}")] = part.content
        documents.append(
            Document(
                id=DocumentId(f"d{number}"),
                name=part.name,
                media_type=part.media_type,
                size=part.content.size,
                sha256=part.content.sha256,
                role=part.role,
                code=part.code,
            )
        )
    recipients = tuple(
        party(one.target, "Dr Élodie Aubépine, cardiologue", one.role)
        for one in said.recipients
        if isinstance(one.target, Address)
    )
    message = Message(
        kind=said.kind,
        sender=party(said.sender, "Hôpital de Valbrume"),
        recipients=recipients,
        subject=said.subject,
        documents=tuple(documents),
        origin=Origin(
            connector=said.connector,
            native_id=native_id or said.native_id,
            authenticated_as=said.peer.name,
            signature=said.signature,
        ),
        language=said.language,
        patient=tuple(said.patient),
        in_reply_to=said.in_reply_to,
        references=tuple(said.references),
        receipts=tuple(said.receipts),
    )
    own = uuid7(int(AT.timestamp() * 1000), next(_NUMBERS).to_bytes(10))
    envelope = Envelope(id=EnvelopeId(own), created_at=AT, expires_at=AT + timedelta(days=2), message=message)
    ders = [one.certificate.public_bytes(Encoding.DER) for one in certificates]
    return Parcel(
        sealed=SealedEnvelope(envelope=envelope, jws=b"{}"),
        addressees=tuple(
            Addressee(
                delivery=DeliveryId(f"delivery-{number}"),
                party=one,
                entry=entry(str(one.address), certificates=ders),
            )
            for number, one in enumerate(recipients, 1)
        ),
        contents=contents,
    )


def said(*parts: Part, subject: str = "Compte rendu", patient: Sequence[Identifier] = ()) -> Submission:
    """Return a submission as the API makes one."""
    return Submission(
        connector="api",
        peer=PEER,
        native_id="api-1",
        key="api-1",
        sender=HOSPITAL,
        recipients=(To(target=DOCTOR),),
        subject=subject,
        parts=parts,
        signature=SenderSignature(result=SignatureResult.NONE),
        kind=Kind.MESSAGE,
        patient=patient,
        receipts=(ReceiptKind.FAILURE,),
    )


def part(
    data: bytes,
    name: str = "letter.pdf",
    media_type: str = "application/pdf",
    role: DocumentRole = DocumentRole.ATTACHMENT,
    code: str | None = None,
) -> Part:
    """Return a document."""
    return Part(name=name, media_type=media_type, role=role, content=MemoryContent(data), code=code)


def body(value: str) -> Part:
    """Return a body."""
    return part(value.encode(), "body.txt", "text/plain", DocumentRole.BODY)


async def sent(composer: Composer, what: Parcel) -> bytes:
    """Compose a parcel that makes one mail, and return its bytes."""
    mails, outcomes = await composer.mails(what)
    assert not outcomes
    (one,) = mails
    return await bytes_of(one)


async def bytes_of(one: Outgoing) -> bytes:
    """Return a mail's bytes; they are of the size that was said, and fit for SMTP."""
    data = b"".join([piece async for piece in one.pieces()])
    assert len(data) == one.size
    assert data.endswith(b"\r\n")
    assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
    assert b"\x00" not in data
    assert one.eight_bit or data.isascii() or one.smtputf8
    return data


def digests(said: Submission, *roles: DocumentRole) -> list[tuple[str, str, str]]:
    """Return what identifies documents: name, media type and digest."""
    roles = roles or (DocumentRole.BODY, DocumentRole.ATTACHMENT)
    return [(one.name, one.media_type, one.content.sha256) for one in said.parts if one.role in roles]


def sha256(data: bytes) -> str:
    """Return a digest in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
