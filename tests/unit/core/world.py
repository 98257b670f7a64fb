"""A small world for the core's tests: a hospital at one operator, doctors at another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hub.core.operators import Operator, Operators
from hub.core.register import Register
from hub.core.seal import Sealer
from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.message import DocumentRole, ReceiptKind, SenderSignature, SignatureResult
from hub.domain.party import FINESS, RPPS, Identifier, Party, PartyKind
from hub.ports.connector import Delivers
from hub.ports.directory import Directory, MailboxKind, Standing
from hub.ports.intake import Part, Peer, Submission, To
from hub.testing.contents import MemoryContent
from hub.testing.fakes import FixedChance, FixedClock, TinyDirectory, UnsafeSeals, entry

HOSPITAL = "chirurgie@ch-valbrume.example"
MARTIN = "dr.martin@ville.example"
PETIT = "dr.petit@ville.example"
STRUCK = "dr.radie@ville.example"
ABROAD = "dr.loin@ailleurs.example"
NOBODY = "nobody@ville.example"
MARTIN_RPPS = Identifier(RPPS, "899900000011")
HOSPITAL_FINESS = Identifier(FINESS, "990000017")
OWN = Party(kind=PartyKind.APPLICATION, name="Caducée", address=Address.parse("hub@hub.valbrume.example"))
EXPIRY = timedelta(hours=48)
VALBRUME, VILLE = OperatorName("valbrume"), OperatorName("ville")
PEER = Peer(name="operator:valbrume", operator=VALBRUME, domains=frozenset({"ch-valbrume.example"}))
CLIENT = Peer(name="client:cabinet", addresses=frozenset({MARTIN}))


def directory() -> TinyDirectory:
    """Everybody who is listed."""
    return TinyDirectory(
        entry(
            HOSPITAL, name="CH de Valbrume", mailbox=MailboxKind.ORGANISATIONAL, identifiers=[HOSPITAL_FINESS]
        ),
        entry(MARTIN, identifiers=[MARTIN_RPPS]),
        entry(PETIT, name="Dr Paul Petit"),
        entry(STRUCK, standing=Standing.STRUCK_OFF),
        entry(ABROAD),
    )


def operators(ville: Delivers | None = None, valbrume: Delivers | None = None, **settings: Any) -> Operators:
    """Two operators; `settings` are the doctors' operator's."""
    return Operators(
        [
            Operator(
                name=VALBRUME,
                domains=frozenset({"ch-valbrume.example"}),
                peers=frozenset({"dns:mx.ch-valbrume.example"}),
                connector=valbrume,
            ),
            Operator(
                name=VILLE,
                domains=frozenset({"ville.example"}),
                peers=frozenset({"dns:mx.ville.example", "sha256:00"}),
                connector=ville,
                **settings,
            ),
        ]
    )


def register(people: Directory | None = None, table: Operators | None = None, **more: Any) -> Register:
    """Return everybody, and who serves them, unless told otherwise."""
    return Register(directory=people or directory(), operators=table or operators(), **more)


def sealer(clock: FixedClock, seed: int = 1) -> Sealer:
    """Make a sealer that proves nothing."""
    return Sealer(UnsafeSeals(), clock, FixedChance(seed), EXPIRY)


def part(data: bytes = b"Bonjour.", **fields: Any) -> Part:
    """Make a document."""
    given = {"name": "lettre.txt", "media_type": "text/plain", "role": DocumentRole.BODY} | fields
    return Part(content=MemoryContent(data), **given)


def submission(*recipients: str | To, **fields: Any) -> Submission:
    """Make a submission of the hospital's, unless `fields` say otherwise."""
    to = [one if isinstance(one, To) else To(target=Address.parse(one)) for one in recipients or (MARTIN,)]
    parts: Sequence[Part] = (part(),)
    given: dict[str, Any] = {
        "connector": "test",
        "peer": PEER,
        "native_id": "<1@ch-valbrume.example>",
        "key": "<1@ch-valbrume.example>",
        "sender": Address.parse(HOSPITAL),
        "recipients": to,
        "subject": "Compte rendu",
        "parts": parts,
        "signature": SenderSignature(result=SignatureResult.NONE),
        "receipts": (ReceiptKind.FAILURE,),
    }
    return Submission(**given | fields)
