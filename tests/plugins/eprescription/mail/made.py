"""A prescriber, a pharmacy, a prescription and mails about it, as the tests of mail want them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hub.domain.address import Address
from hub.domain.ids import DocumentId, EnvelopeId
from hub.domain.message import Document, DocumentRole, Kind, Message, Origin, SenderSignature, SignatureResult
from hub.domain.party import INS_NIR, Identifier, Party, PartyKind, Role
from hub.domain.prescription import Medicine, PrescriptionState, PrescriptionView
from hub.errors import MalformedError, Words
from hub.ports.prescription import Dispensing, Enclosure, Handover, Record
from hub.testing.fakes import NOON
from hub_eprescription.mail.letter import About, Voice

LILAS = Address.parse("dr.camille.lilas@cabinet-lilas.mssante.example")
PHARMACY = Address.parse("pharmacie@hautmont.example")
MAILBOX = Address.parse("erezept@rezept.hub.example")
ID = EnvelopeId("0190163d-8694-739b-aea5-966c26f8ad91")
HANDED = EnvelopeId("0190163d-8695-739b-aea5-966c26f8ad92")
NUMBER = "169.774.328.939.869.74"
CODE = "777bea0e13cc9c42ceec14aec3ddee2263325dc2c6c699db115f58fe423607ea"
TOKEN = f"Task/{NUMBER}/$accept?ac={CODE}"
SERVICE = ("X-KIM-Dienstkennung", "eRezept;Zuweisung;V1.0")
_TEXT = "text/plain;charset=UTF-8"
PATIENT = "Élodie Martin-Œuvray"
PRESCRIBER = Party(kind=PartyKind.PERSON, name="Dr Camille Lilas", address=LILAS)
INS = Identifier(INS_NIR, "2850263999999")
LETTER = "Madame, Monsieur,\r\n\r\nvoici une ordonnance pour Élodie.\r\n\r\nCordialement\r\nCamille Lilas"


def handover(*more: Enclosure, letter: str = LETTER, service: bool = True) -> Handover:
    """Return what hands the token over."""
    return Handover(
        subject="Ordonnance électronique – attribution",
        enclosures=(
            Enclosure(
                name="letter.txt", media_type="text/plain;charset=UTF-8", content=letter.encode(), body=True
            ),
            Enclosure(name="token.txt", media_type="text/plain;charset=UTF-8", content=TOKEN.encode()),
            *more,
        ),
        service_header=SERVICE if service else None,
        display_receipt=service,
    )


def about(language: str | None = "fr", *, view: bool = True, thread: str | None = None) -> About:
    """Return the prescription that everything here is about."""
    return About(
        record=Record(
            id=ID,
            state=PrescriptionState.ACTIVE,
            changed_at=NOON,
            number=NUMBER,
            secret=CODE,
            code=f'{{"urls":["{TOKEN}"]}}',
        ),
        ordered=Message(
            kind=Kind.PRESCRIPTION,
            sender=PRESCRIBER,
            recipients=(Party(kind=PartyKind.APPLICATION, name="E-Rezept", address=MAILBOX, role=Role.TO),),
            subject="",
            documents=(document(1, "prescription.xml", "application/fhir+xml", b"<Bundle/>"),),
            origin=origin(),
            language=language,
            patient=(INS,),
            references=("<request@cabinet.example>",),
            thread=thread,
        ),
        view=PrescriptionView(
            number=NUMBER,
            authored_on=date(2026, 3, 1),
            valid_until=None,
            patient=PATIENT,
            patient_identifiers=(INS,),
            born=None,
            prescriber="Dr Camille Lilas",
            prescriber_identifiers=(),
            organisation="Cabinet des Lilas",
            medicines=(Medicine(name="Paracétamol 1 g"),),
        )
        if view
        else None,
    )


def voice() -> Voice:
    """Return the service's voice."""
    return Voice(mailbox=MAILBOX, title="E-Rezept", language="fr", at=NOON)


def event(state: PrescriptionState = PrescriptionState.COMPLETED, **more: object) -> Dispensing:
    """Return something that happened."""
    fields: dict[str, object] = {
        "id": "dispense-1",
        "number": NUMBER,
        "state": state,
        "at": NOON - timedelta(hours=2, minutes=55),
        "text": Words(en="Dispensed: paracetamol, 20 tablets.", fr="Délivré : paracétamol, 20 comprimés."),
        **more,
    }
    return Dispensing(**fields)  # type: ignore[arg-type] # the fields of one


def origin() -> Origin:
    """Return where a message came from."""
    return Origin(
        connector="api",
        native_id="order-1",
        authenticated_as="client:cabinet",
        signature=SenderSignature(result=SignatureResult.NONE),
    )


def document(
    number: int, name: str, media_type: str, data: bytes, role: DocumentRole = DocumentRole.ATTACHMENT
) -> Document:
    """Return one of a message's documents."""
    return Document(
        id=DocumentId(f"d{number}"),
        name=name,
        media_type=media_type,
        size=len(data),
        sha256="0" * 64,
        role=role,
    )


class Reads:
    """A service that reads dispensings (`ReadsDispensing`) out of JSON that begins with `{"dispense`."""

    def dispensings(self, media_type: str, content: bytes) -> Sequence[Dispensing]:
        """Read one, refuse one that is broken, say nothing of anything else."""
        if media_type != "application/fhir+json" or not content.startswith(b'{"dispense'):
            return ()
        if not content.endswith(b"}"):
            raise MalformedError("prescription.dispensing", Words(en="It breaks off.", fr="Il s'interrompt."))
        return (event(document=content, media_type=media_type),)
