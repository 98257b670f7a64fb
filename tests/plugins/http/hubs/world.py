"""Two hubs that know each other, each with a real key and the real core on a queue in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from hub.adapters.keys.jws import Opener, Seal
from hub.adapters.keys.names import names_of
from hub.core.acknowledge import Acknowledger
from hub.core.normalise import Limits
from hub.core.notice import Action, News, Notifier
from hub.core.operators import Operator, Operators
from hub.core.people import People
from hub.core.receive import Reception
from hub.core.seal import Sealer
from hub.core.submit import Submitter
from hub.core.tell import Teller
from hub.domain.envelope import Envelope, SealedEnvelope, from_bytes, to_bytes
from hub.domain.ids import DeliveryId, OperatorName
from hub.errors import Words
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Addressee, Parcel
from hub.ports.content import Content
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub.testing.contents import MemoryContent
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog, entry
from hub.testing.memory_queue import MemoryQueue
from hub.testing.parcels import Attached, parcel
from hub_http.hooks import Call, Reply
from hub_http.hubs import link
from tests.unit.core.world import EXPIRY, HOSPITAL, MARTIN, OWN, directory, register

BOUNDARY = "a7c3d2"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOperator:
    """The other hub, as one hub has it among its operators (`hub_http.hooks.Operator`)."""

    name: str
    host: Host
    parameters: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)


class Keys:
    """One hub's signing key and its certificate, which is its own authority."""

    def __init__(self, name: str, clock: FixedClock) -> None:
        key = Ed25519PrivateKey.generate()
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(clock.now() - timedelta(days=1))
            .not_valid_after(clock.now() + timedelta(days=365))
            .sign(key, None)
        )
        self.seal = Seal(key, [self.certificate])

    @property
    def name(self) -> str:
        """The certificate as `sealed_by` names it."""
        return f"sha256:{hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()}"


class World:
    """Hub A of the hospitals sends; hub B of the doctors receives."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock()
        self.chance = FixedChance(3)
        self.log = RecordingLog()
        self.a, self.b, self.stranger = (Keys(name, self.clock) for name in ("A", "B", "Nobody"))
        self.queue = MemoryQueue(clock=self.clock, chance=FixedChance(7))
        table = Operators(
            [
                Operator(
                    name=OperatorName("hub_a"),
                    domains=frozenset({"ch-valbrume.example"}),
                    peers=frozenset({"dns:a.example"}),
                ),
                Operator(name=OperatorName("ville"), domains=frozenset({"ville.example"})),
            ]
        )
        sealer = Sealer(self.b.seal, self.clock, FixedChance(5), EXPIRY)
        self.notifier = notifier = Notifier(self.queue, table, sealer, OWN)
        self.intake = Reception(
            submitter=Submitter(
                queue=self.queue,
                register=register(table=table),
                sealer=sealer,
                policies=(),
                limits=Limits(),
                clock=self.clock,
            ),
            catalogue=People([directory()]),
            acknowledger=Acknowledger(self.queue, notifier, self.clock),
            teller=Teller(self.queue, notifier, self.clock),
            names_of=names_of,
            wake=lambda: None,
            log=self.log,
            observe=lambda _: None,
        )
        host = Host(
            name="hub_a",
            hub_name="b.example",
            address=OWN.address,
            clock=self.clock,
            chance=self.chance,
            log=self.log,
            data=folder,
            ledger=EphemeralLedger(),
        )
        both = Opener([self.a.certificate, self.b.certificate, self.stranger.certificate])
        # at B: the hub A; at A: the hub B
        self.at_b = LinkOperator(
            name="hub_a", host=replace(host, opens=both), parameters={"sealed_by": self.a.name}
        )
        self.at_a = LinkOperator(
            name="hub_b",
            host=replace(host, name="hub_b", opens=both, ledger=EphemeralLedger()),
            parameters={"sealed_by": self.b.name},
        )

    async def deliveries(self) -> int:
        """Count the deliveries that hub B has accepted."""
        return len(await self.queue.waiting())

    def parcel(self, *recipients: str, attached: bytes = b"%PDF-1.7 compte rendu", **changes: Any) -> Parcel:
        """Make a parcel of the hospital's as hub A has sealed it; `changes` are to the message."""
        return self.parcel_with(MemoryContent(attached), *recipients, **changes)

    def parcel_with(self, attached: Content, *recipients: str, **changes: Any) -> Parcel:
        """Make one with any content."""
        made = parcel(
            entry(HOSPITAL).address,
            [entry(one) for one in recipients or (MARTIN,)],
            clock=self.clock,
            chance=self.chance,
            attached=[Attached(content=attached)],
        )
        envelope = made.sealed.envelope
        message = replace(envelope.message, **changes)
        return replace(made, sealed=self.sealed(replace(envelope, message=message)))

    def sealed(self, envelope: Envelope, by: Keys | None = None) -> SealedEnvelope:
        """Seal by hub A, unless told otherwise."""
        return SealedEnvelope(envelope=envelope, jws=(by or self.a).seal.seal(to_bytes(envelope)))

    async def notice_of_b(self, theirs: SealedEnvelope, action: Action) -> Parcel:
        """Make the parcel of hub B's own notice about a message that came from hub A."""
        (recipient,) = theirs.envelope.message.recipients
        news = News(
            delivery=DeliveryId("at-b"),
            recipient=recipient,
            action=action,
            code="smtp.5.2.2",
            reason=Words(en="The mailbox is full.", fr="La boîte est pleine."),
            at=self.clock.now(),
        )
        notice = await self.notifier.notice(theirs, "operator:hub_a", news)
        assert notice is not None
        message = notice.sealed.envelope.message
        (to,) = message.recipients
        return Parcel(
            sealed=notice.sealed,
            addressees=(Addressee(delivery=DeliveryId("notice-1"), party=to, entry=entry(str(to.address))),),
            contents={one.id: data for one, data in zip(message.documents, notice.contents, strict=True)},
        )

    async def resealed(self, notice: Parcel, said: bytes) -> Parcel:
        """Return hub B's notice with other data for programs."""
        envelope = notice.sealed.envelope
        data = MemoryContent(said)
        documents = tuple(
            replace(one, size=data.size, sha256=data.sha256) if one.name == "notice.json" else one
            for one in envelope.message.documents
        )
        contents = {
            one.id: data if one.name == "notice.json" else notice.contents[one.id] for one in documents
        }
        envelope = replace(envelope, message=replace(envelope.message, documents=documents))
        return replace(notice, sealed=self.sealed(envelope, by=self.b), contents=contents)

    async def take(self, body: bytes, content_type: str = CONTENT_TYPE, step: int = 1000) -> Reply:
        """Hand a body to hub B, as its door does."""
        return await self.handed(self.at_b, self.intake, body, content_type, step)

    async def handed(
        self,
        operator: LinkOperator,
        intake: Intake,
        body: bytes,
        content_type: str = CONTENT_TYPE,
        step: int = 1000,
    ) -> Reply:
        """Hand a body to either hub."""
        peer = intake.standing_for(OperatorName(operator.name))
        assert peer is not None
        call = Call(
            webhook="envelopes",
            peer=peer,
            headers={"content-type": content_type},
            certificate=None,
            pieces=_pieces(body, step),
        )
        return await link.take(operator, call, intake)

    def envelopes(self, reply: Reply) -> list[Envelope]:
        """Return the envelopes in an answer, verified as anybody could, offline."""
        opener = Opener([self.b.certificate])
        return [
            from_bytes(opener.open(one.encode(), self.clock.now()).payload)
            for one in json.loads(reply.body)["envelopes"]
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, as the sending side reads it (`hub_http.hooks.Answer`)."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


async def body_of(made: Parcel, **instead: bytes) -> bytes:
    """Write what hub A posts; `instead` are other bytes for a part."""
    deliveries = [{"recipient": str(one.party.address), "delivery": one.delivery} for one in made.addressees]
    parts = {"envelope": made.sealed.jws, "deliveries": json.dumps(deliveries).encode()}
    for one in made.sealed.envelope.message.documents:
        parts[one.id] = await made.contents[one.id].read()
    return form({**parts, **instead})


def form(parts: Mapping[str, bytes]) -> bytes:
    """Write a form."""
    body = b""
    for name, data in parts.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def only(made: Parcel, *addressees: Addressee) -> Parcel:
    """Return the parcel for some of its recipients."""
    return replace(made, addressees=addressees)


def again(one: Addressee, number: int) -> Addressee:
    """Return the same recipient under another delivery's id."""
    return replace(one, delivery=DeliveryId(f"again-{number}"))


async def _pieces(body: bytes, step: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), step):
        yield body[at : at + step]
