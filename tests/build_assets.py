"""Make again what `tests/assets/envelope/` holds; running it twice leaves no difference.

The keys are fixed and worthless: they are in this file for everyone to read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hub.adapters.keys.jws import Seal
from hub.domain.address import Address
from hub.domain.envelope import Envelope, to_bytes
from hub.domain.ids import DocumentId, EnvelopeId, OperatorName
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
from hub.domain.party import FINESS, RPPS, Identifier, Party, PartyKind, Role

FOLDER = Path(__file__).parent / "assets" / "envelope"
CREATED = datetime(2026, 3, 3, 14, 0, 0, 123000, tzinfo=UTC)
EXPIRES = datetime(2026, 3, 5, 14, 0, 0, 123000, tzinfo=UTC)
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

HOSPITAL = Party(
    kind=PartyKind.ORGANISATION,
    name="Centre hospitalier de Valbrume",
    address=Address.parse("chirurgie@ch-valbrume.mssante.example"),
    identifiers=(Identifier(FINESS, "990000017"),),
    operator=OperatorName("valbrume"),
)
DOCTOR = Party(
    kind=PartyKind.PERSON,
    name="Dr Élodie Aubépine",
    address=Address.parse("elodie.aubepine@medecin.mssante.example"),
    identifiers=(Identifier(RPPS, "899900000017"),),
    operator=OperatorName("ville"),
    role=Role.TO,
)
LETTER = Document(
    id=DocumentId("1"),
    name="lettre.txt",
    media_type="text/plain",
    size=11,
    sha256="64ec88ca00b268e5ba1a35678a1b5316d212f4f366b2477232534a8aeca37f3c",
    role=DocumentRole.BODY,
)


def _origin(connector: str, result: SignatureResult = SignatureResult.NONE) -> Origin:
    return Origin(
        connector=connector,
        native_id="<1@ch-valbrume.mssante.example>",
        authenticated_as="operator:valbrume",
        signature=SenderSignature(
            result=result, certificate_sha256=None if result is SignatureResult.NONE else "5" * 64
        ),
    )


MESSAGES = {
    "smallest": Message(
        kind=Kind.MESSAGE,
        sender=HOSPITAL,
        recipients=(DOCTOR,),
        subject="",
        documents=(LETTER,),
        origin=_origin("api"),
    ),
    "report": Message(
        kind=Kind.REPORT,
        sender=HOSPITAL,
        recipients=(
            DOCTOR,
            Party(
                kind=PartyKind.PATIENT,
                name="Patient",
                address=Address.parse("279035121518989@patient.mssante.example"),
                role=Role.CC,
            ),
        ),
        subject="Compte rendu d'hospitalisation",
        language="fr-FR",
        patient=(Identifier("urn:oid:1.2.250.1.213.1.4.10", "279035121518989"),),
        documents=(
            LETTER,
            Document(
                id=DocumentId("2"),
                name="CR.XML",
                media_type="application/cda+xml",
                size=9_007_199_254_740_991,
                sha256="0" * 64,
                role=DocumentRole.ATTACHMENT,
                code="34112-3",
            ),
        ),
        in_reply_to="<0@medecin.mssante.example>",
        references=("<-1@medecin.mssante.example>", "<0@medecin.mssante.example>"),
        thread="suivi-1",
        origin=_origin("smtp", SignatureResult.VALID),
        receipts=(ReceiptKind.DELIVERY, ReceiptKind.FAILURE, ReceiptKind.DISPLAY),
    ),
    "awkward-text": Message(
        kind=Kind.MESSAGE,
        sender=HOSPITAL,
        recipients=(DOCTOR,),
        subject='Œdème — "\\" \u2028 \u007f \t 😀 e\u0301'.replace("e\u0301", "é"),
        documents=(LETTER,),
        origin=_origin("api"),
    ),
}


def envelopes() -> dict[str, Envelope]:
    """Return the vectors by name."""
    return {
        name: Envelope(
            id=EnvelopeId(f"0195a1b2-c3d4-7000-8000-00000000000{number}"),
            created_at=CREATED,
            expires_at=EXPIRES,
            message=message,
        )
        for number, (name, message) in enumerate(MESSAGES.items())
    }


def certificate(key: ed25519.Ed25519PrivateKey) -> x509.Certificate:
    """Return a certificate for `key`, signed by itself; Ed25519 gives the same bytes every time."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Caducée test vectors")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
        .sign(key, None)
    )


def main() -> None:
    """Write the vectors."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    anchor = certificate(ED25519)
    (FOLDER / "anchor.pem").write_bytes(anchor.public_bytes(Encoding.PEM))
    seal = Seal(ED25519, [anchor])
    for name, envelope in envelopes().items():
        data = to_bytes(envelope)
        (FOLDER / f"{name}.json").write_bytes(data)
        (FOLDER / f"{name}.jws").write_bytes(seal.seal(data))


if __name__ == "__main__":
    main()
