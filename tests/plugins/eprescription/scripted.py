"""An e-prescription service in memory, and a connector to it, for the tests of what all services share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from hub.domain import prescription_order
from hub.domain.address import Address
from hub.domain.envelope import Envelope, SealedEnvelope, to_bytes
from hub.domain.ids import DeliveryId, DocumentId, EnvelopeId, OperatorName, uuid7
from hub.domain.message import Document, DocumentRole, Kind, Message, Origin, SenderSignature, SignatureResult
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.party import Party, PartyKind, Role
from hub.domain.prescription import CancelResult, Handing, Medicine, PrescriptionState, PrescriptionView
from hub.domain.prescription_order import HandOrder, Wishes
from hub.errors import InputError, PeerError, TrustError, Words
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Addressee, Parcel
from hub.ports.directory import MailboxKind
from hub.ports.host import Host
from hub.ports.intake import Peer
from hub.ports.ledger import Ledger
from hub.ports.prescription import (
    Abilities,
    Cancellation,
    Code2D,
    Dispensing,
    Enclosure,
    Handover,
    Journal,
    News,
    Order,
    Reason,
    Record,
    Signing,
)
from hub.testing.contents import MemoryContent
from hub.testing.fakes import FixedChance, FixedClock, RecordingIntake, RecordingLog, UnsafeSeals, entry
from hub_eprescription.connector import Connector
from hub_eprescription.settings import Common

MAILBOX = Address.parse("erezept@rezept.hub.example")
LILAS = Address.parse("dr.camille.lilas@cabinet-lilas.mssante.example")
PHARMACY = Address.parse("pharmacie.du.lac@valbrume.mssante.example")
TYPE = "application/fhir+json"
SECRET = "a7" * 32
LOST = PeerError("wire.lost", Words(en="No answer.", fr="Pas de réponse."))


@dataclass
class ScriptedService:
    """Issues, cancels and tells in memory. `held` are its prescriptions by number, with their states.

    `down` makes every call fail; `loses` lets the next issue act and its answer be lost; `news` are what
    happened, told once the cursor has not passed them.
    """

    signing: Signing = Signing.HUB
    down: bool = False
    loses: bool = False
    held: dict[str, PrescriptionState] = field(default_factory=dict)
    news: list[Dispensing] = field(default_factory=list)
    settled: int = 0
    reasons: list[Reason] = field(default_factory=list)
    tracks: bool = True
    cancels: bool = True

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        return Abilities(
            mailbox=MAILBOX,
            media_types=frozenset({TYPE}),
            professions=frozenset({"10"}),
            signing=self.signing,
            tracks=self.tracks,
            cancels=self.cancels,
        )

    def read(self, media_type: str, content: bytes) -> PrescriptionView:
        """Read the medicine's name, which is all that it says."""
        try:
            name = json.loads(content)["medicine"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                "prescription.malformed", Words(en="Not one.", fr="Ce n'en est pas une.")
            ) from error
        return PrescriptionView(
            number=None,
            authored_on=None,
            valid_until=None,
            patient="Théo Rivage",
            patient_identifiers=(),
            born=None,
            prescriber="Dr Camille Lilas",
            prescriber_identifiers=(),
            organisation="Cabinet des Lilas",
            medicines=(Medicine(name=name, dosage="1-0-1"),),
        )

    def check(self, order: Order) -> None:
        """Accept whatever can be read."""
        self.read(order.media_type, order.content)

    async def issue(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Give a number, sign, activate."""
        self.check(order)
        record = journal.record
        if record.state.issued:
            return Delivered(receipt="issued before")
        if self.down:
            return Deferred(code="wire.down", reason=LOST.words, operator_failed=True)
        if record.number is None:
            number = f"160.{len(self.held) + 1}"
            self.held[number] = PrescriptionState.DRAFT
            record = await journal.keep(
                replace(record, number=number, secret=SECRET, code=f"Task/{number}?ac={SECRET}")
            )
        if await journal.signed() is None:
            if self.signing is Signing.WORKSTATION:
                record = replace(record, signed_type=TYPE)
                if await journal.to_sign() is None:
                    await journal.keep_to_sign(record, order.content)
                return Deferred(code="prescription.awaits_signature", reason=LOST.words)
            record = await journal.keep_signed(
                replace(record, state=PrescriptionState.SIGNED, signed_type=TYPE), order.content
            )
        return await self.settle(order, journal)

    async def take_signed(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Take the very bytes back."""
        if signed == await journal.signed():
            return
        if await journal.to_sign() is None:
            raise InputError("prescription.nothing_to_sign", Words(en="Nothing.", fr="Rien."))
        if signed != await journal.to_sign():
            raise TrustError("prescription.signature", Words(en="Other bytes.", fr="D'autres octets."))
        await journal.keep_signed(replace(journal.record, state=PrescriptionState.SIGNED), signed)

    async def settle(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Activate what is signed; the same again is the same."""
        self.settled += 1
        record = journal.record
        assert record.number is not None
        self.held[record.number] = PrescriptionState.ACTIVE
        if self.loses:
            self.loses = False
            return Uncertain(code="wire.lost", reason=LOST.words)
        await journal.keep(replace(record, state=PrescriptionState.ACTIVE, issued_at=record.changed_at))
        return Delivered(receipt="issued")

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Cancel what no pharmacy has."""
        if self.down:
            raise LOST
        self.reasons.append(reason)
        assert record.number is not None
        state = self.held[record.number]
        words = Words(en="So.", fr="Ainsi.")
        if state is PrescriptionState.CLAIMED:
            return Cancellation(result=CancelResult.WITH_DISPENSER, state=state, words=words, detail={"a": 1})
        self.held[record.number] = PrescriptionState.CANCELLED
        return Cancellation(result=CancelResult.CANCELLED, state=PrescriptionState.CANCELLED, words=words)

    async def status(self, record: Record) -> Record:
        """Say how it stands."""
        if self.down:
            raise LOST
        return replace(record, state=self.held[record.number or ""])

    async def events(self, cursor: str | None) -> News:
        """Tell two things at a time."""
        if self.down:
            raise LOST
        start = int(cursor or 0)
        told = self.news[start : start + 2]
        return News(events=told, cursor=str(start + len(told)), more=start + len(told) < len(self.news))

    def code(self, record: Record, signed: bytes | None) -> Code2D | None:
        """Return the code."""
        return None if record.code is None else Code2D(text=record.code)

    async def hand_over(
        self, record: Record, signed: bytes | None, order: Order, form: Handing, language: str
    ) -> Handover:
        """Write the token."""
        token = f"Task/{record.number}/$accept?ac={record.secret}".encode()
        return Handover(
            subject="E-Rezept",
            enclosures=(
                Enclosure(name="message.txt", media_type="text/plain", content=b"Bonjour.", body=True),
                Enclosure(name="token.txt", media_type="text/plain", content=token),
            ),
            service_header=("X-KIM-Dienstkennung", "eRezept;Zuweisung;V1.0"),
            display_receipt=True,
        )

    def dispensings(self, media_type: str, content: bytes) -> Sequence[Dispensing]:
        """Read events as a list of numbers."""
        if media_type != "application/x-dispensed":
            return ()
        return [dispensed(one) for one in content.decode().split()]

    async def probe(self) -> None:
        """Answer."""
        if self.down:
            raise LOST


def dispensed(
    number: str, state: PrescriptionState = PrescriptionState.COMPLETED, name: str = ""
) -> Dispensing:
    """Make an event."""
    return Dispensing(
        id=f"event-{number}-{state}",
        number=number,
        state=state,
        at=FixedClock().now(),
        text=Words(en="Dispensed.", fr="Délivrée."),
        document=b"<dispensed/>",
        media_type="application/fhir+xml",
    )


class Bench:
    """A connector, its service and the hub that it sees."""

    def __init__(
        self, tmp_path: Path, service: ScriptedService | None = None, ledger: Ledger | None = None
    ) -> None:
        self.service = service or ScriptedService()
        self.clock, self.log = FixedClock(), RecordingLog()
        self.ledger = ledger or EphemeralLedger()
        self.seals: dict[EnvelopeId, SealedEnvelope] = {}
        self.intake = RecordingIntake(
            operators={
                "erezept": Peer(
                    name="operator:erezept",
                    operator=OperatorName("erezept"),
                    domains=frozenset({MAILBOX.domain}),
                )
            },
            seals=self.seals,
        )
        self._path = tmp_path
        self.connector = self._open()

    def _open(self) -> Connector:
        host = Host(
            name="erezept",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(1),
            log=self.log,
            data=self._path,
            ledger=self.ledger,
        )
        common = Common(
            mailbox=MAILBOX,
            title="E-Rezept",
            answers_for="Cabinet des Lilas",
            professions=frozenset({"10"}),
            signing=self.service.signing,
            poll=None,
            language="fr",
        )
        connector = Connector(self.service, common, host)
        connector._bureau.intake = self.intake
        return connector

    def restart(self) -> None:
        """Begin again with what the ledger holds."""
        self.connector = self._open()

    def order(
        self, medicine: str = "Doliprane", hand_over: Sequence[HandOrder] = (), number: int = 1
    ) -> Parcel:
        """Make the parcel of an order."""
        content = json.dumps({"medicine": medicine}).encode()
        wishes = prescription_order.spell(Wishes(hand_over=hand_over))
        return self.parcel(
            Kind.PRESCRIPTION,
            [
                ("prescription.json", TYPE, DocumentRole.ATTACHMENT, content),
                (prescription_order.NAME, prescription_order.MEDIA_TYPE, DocumentRole.ATTACHMENT, wishes),
            ],
            number=number,
        )

    def parcel(
        self,
        kind: Kind,
        documents: Sequence[tuple[str, str, DocumentRole, bytes]],
        *,
        sender: Address = LILAS,
        in_reply_to: str | None = None,
        number: int = 1,
    ) -> Parcel:
        """Make a parcel to the service's mailbox; its envelope is one of the hub's."""
        contents = {
            DocumentId(f"d{at}"): MemoryContent(data) for at, (_, _, _, data) in enumerate(documents, 1)
        }
        service = entry(str(MAILBOX), name="E-Rezept", mailbox=MailboxKind.APPLICATION, answers_for="L")
        message = Message(
            kind=kind,
            sender=Party(kind=PartyKind.PERSON, name="Dr Camille Lilas", address=sender),
            recipients=(Party(kind=PartyKind.APPLICATION, name="E-Rezept", address=MAILBOX, role=Role.TO),),
            subject="" if kind is Kind.PRESCRIPTION else "Question",
            documents=tuple(
                Document(
                    id=DocumentId(f"d{at}"),
                    name=name,
                    media_type=media_type,
                    size=len(data),
                    sha256=contents[DocumentId(f"d{at}")].sha256,
                    role=role,
                )
                for at, (name, media_type, role, data) in enumerate(documents, 1)
            ),
            origin=Origin(
                connector="api",
                native_id=f"k{number}",
                authenticated_as="client:lilas",
                signature=SenderSignature(result=SignatureResult.NONE),
            ),
            language="fr",
            in_reply_to=in_reply_to,
        )
        now = self.clock.now()
        envelope = Envelope(
            id=EnvelopeId(uuid7(number, bytes(10))), created_at=now, expires_at=now, message=message
        )
        sealed = SealedEnvelope(envelope=envelope, jws=UnsafeSeals().seal(to_bytes(envelope)))
        self.seals[envelope.id] = sealed
        return Parcel(
            sealed=sealed,
            addressees=(
                Addressee(
                    delivery=DeliveryId(uuid7(number, b"d" * 10)), party=message.recipients[0], entry=service
                ),
            ),
            contents=contents,
            sender=entry(str(sender)),
        )

    async def work(self) -> None:
        """Do everything that is owed now, as the running hub would."""
        self.clock.advance(timedelta(seconds=1))
        while due := await self.connector._bureau.agenda.due():
            for one in due:
                await self.connector._working._try(one)

    async def issued(self, *hand_over: HandOrder, number: int = 1) -> EnvelopeId:
        """Issue a prescription; returns its order's id."""
        parcel = self.order(hand_over=hand_over, number=number)
        (outcome,) = (await self.connector.deliver(parcel)).values()
        assert isinstance(outcome, Delivered), outcome
        return parcel.sealed.envelope.id
