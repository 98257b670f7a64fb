"""New envelopes made out of little, for the tests of a queue."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from hub.domain.address import Address
from hub.domain.envelope import Envelope, SealedEnvelope, to_bytes
from hub.domain.ids import DeliveryId, DocumentId, EnvelopeId, OperatorName, uuid7
from hub.domain.message import Document, DocumentRole, Kind, Message, Origin, SenderSignature, SignatureResult
from hub.domain.outcome import Refused
from hub.domain.party import Party, PartyKind, Role
from hub.ports.clock import Chance, Clock
from hub.ports.content import Content
from hub.ports.intake import Stage
from hub.ports.queue import Acceptance, NewDelivery, NewEnvelope
from hub.ports.records import Step
from hub.testing.fakes import UnsafeSeals

PEER: Final = "operator:valbrume"
VILLE: Final = OperatorName("ville")
MER: Final = OperatorName("mer")
MARTIN: Final = "dr.martin@ville.example"
PETIT: Final = "dr.petit@ville.example"
MARIN: Final = "dr.marin@mer.example"
_OPERATORS: Final = {"ville.example": VILLE, "mer.example": MER}


@dataclass(slots=True, kw_only=True)
class Letters:
    """Writes letters of a hospital's. `life` is how long their envelopes last."""

    clock: Clock
    chance: Chance
    life: timedelta = timedelta(days=2)

    async def letter(
        self,
        stage: Stage,
        *recipients: str,
        documents: Sequence[bytes] = (b"Cher confr\xc3\xa8re,",),
        correlation: str | None = None,
        subject: str = "Compte rendu",
        contents: Sequence[Content] | None = None,
    ) -> NewEnvelope:
        """Write one to `recipients` (by default Dr Martin), with contents put into `stage`.

        `contents` are taken as they are when given: a blind copy shares those of the open letter.
        """
        contents = contents or [await stage.keep(one) for one in documents]
        now = self.clock.now()
        envelope = Envelope(
            id=EnvelopeId(self.fresh()),
            created_at=now,
            expires_at=now + self.life,
            message=_message(
                recipients or (MARTIN,), contents, correlation or "<letter@valbrume.example>", subject
            ),
        )
        return NewEnvelope(
            sealed=SealedEnvelope(envelope=envelope, jws=UnsafeSeals().seal(to_bytes(envelope))),
            peer=PEER,
            contents=contents,
            deliveries=[
                NewDelivery(
                    id=DeliveryId(self.fresh()), position=position, operator=_OPERATORS[party.address.domain]
                )
                for position, party in enumerate(envelope.message.recipients)
            ],
            steps=(Step(at=now, event="message.accepted", detail=PEER),),
            correlation=correlation,
        )

    def fresh(self) -> str:
        """Make an id."""
        return uuid7(int(self.clock.now().timestamp() * 1000), self.chance.bytes(10))


def acceptance(
    *envelopes: NewEnvelope,
    key: str = "key-1",
    keys: Mapping[str, Sequence[EnvelopeId]] | None = None,
    said: bytes = b"what it stands for",
    peer: str = PEER,
    refused: Mapping[str, Refused] | None = None,
) -> Acceptance:
    """Make what is put: `said` stands for the contents of the fingerprint."""
    return Acceptance(
        peer=peer,
        keys=keys or {key: [one.sealed.envelope.id for one in envelopes]},
        fingerprint=hashlib.sha256(said).digest(),
        envelopes=[replace(one, peer=peer) for one in envelopes],
        refused=refused or {},
    )


def _message(recipients: Sequence[str], contents: Sequence[Content], native_id: str, subject: str) -> Message:
    return Message(
        kind=Kind.MESSAGE,
        sender=Party(
            kind=PartyKind.ORGANISATION,
            name="Centre hospitalier de Valbrume",
            address=Address.parse("chirurgie@ch-valbrume.example"),
        ),
        recipients=tuple(
            Party(kind=PartyKind.PERSON, name=f"Dr {one}", address=Address.parse(one), role=Role.TO)
            for one in recipients
        ),
        subject=subject,
        documents=tuple(
            Document(
                id=DocumentId(f"d{number}"),
                name=f"document-{number}.txt",
                media_type="text/plain",
                size=one.size,
                sha256=one.sha256,
                role=DocumentRole.ATTACHMENT if number else DocumentRole.BODY,
            )
            for number, one in enumerate(contents)
        ),
        origin=Origin(
            connector="contract",
            native_id=native_id,
            authenticated_as=PEER,
            signature=SenderSignature(result=SignatureResult.NONE),
        ),
    )
