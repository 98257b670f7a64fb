"""A CDA service as the hub has it, with a prescriber and a ledger, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.domain.address import Address
from hub.domain.ids import EnvelopeId, uuid7
from hub.domain.party import RPPS, Identifier, Party, PartyKind
from hub.plugin import Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.ports.ledger import Ledger
from hub.ports.prescription import Order
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub.testing.journals import MemoryJournal
from hub_eprescription.cda import settings
from hub_eprescription.cda.service import CdaService
from hub_eprescription.signing.authorities import Authorities
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.prescribers import CAMILLE

TYPE = "application/hl7-cda+xml"
LILAS = Party(
    kind=PartyKind.PERSON,
    name="Dr Camille Lilas",
    address=Address.parse("dr.camille.lilas@cabinet-lilas.mssante.example"),
    identifiers=(Identifier(RPPS, CAMILLE),),
)
OTHER = Party(
    kind=PartyKind.PERSON,
    name="Dr Paul Hautmont",
    address=Address.parse("dr.paul.hautmont@hautmont.mssante.example"),
    identifiers=(Identifier(RPPS, "899700218797"),),
)
TABLE: dict[str, Any] = {
    "mailbox": "ordonnances@rezept.hub.example",
    "answers_for": "Cabinet des Lilas",
}


def parsed(**more: Any) -> settings.Settings:
    """Return settings."""
    return settings.parse(Table(TABLE | more, file=Path("hub.toml"), path="operators.ordonnances"))


class World:
    """A service; time stands still until it is told to pass."""

    def __init__(self, trust: Authorities | None = None, ledger: Ledger | None = None, **more: Any) -> None:
        self.clock, self.log = FixedClock(), RecordingLog()
        self.ledger = ledger or EphemeralLedger()
        host = Host(
            name="ordonnances",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(),
            log=self.log,
            data=Path("/nonexistent"),
            ledger=self.ledger,
        )
        self.service = CdaService(parsed(**more), trust or Authorities(), host)
        self._made = 0

    def order(
        self, content: bytes | None = None, prescriber: Party = LILAS, media_type: str = TYPE
    ) -> tuple[Order, MemoryJournal]:
        """Return an order and its journal; each has an id of its own."""
        self._made += 1
        now = int(self.clock.now().timestamp() * 1000)
        name = EnvelopeId(uuid7(now, FixedChance(self._made).bytes(10)))
        content = papers.prescription() if content is None else content
        order = Order(id=name, prescriber=prescriber, media_type=media_type, content=content)
        return order, MemoryJournal(name, self.clock)
