"""The service for CDA prescriptions keeps what every e-prescription service promises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hub.domain.ids import EnvelopeId
from hub.plugin.ledger import EphemeralLedger
from hub.ports.ledger import Line
from hub.testing.prescription_contract import Bad, PrescriptionContract, Rig
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.cda.world import LILAS, TYPE, World


class CountingLedger(EphemeralLedger):
    """A ledger that knows which documents were claimed, and by whom."""

    def __init__(self) -> None:
        super().__init__()
        self.claimed: dict[str, EnvelopeId] = {}

    async def put(self, *lines: Line) -> None:
        """Write lines."""
        await super().put(*lines)
        self.claimed |= {one.key: EnvelopeId(one.value) for one in lines if one.key.startswith("name:")}


class CdaRig(Rig):
    """Nobody is called: what is issued is what is recorded."""

    def __init__(self) -> None:
        self._ledger = CountingLedger()
        self._world = World(ledger=self._ledger)
        self.service = self._world.service
        self.clock = self._world.clock
        self.prescriber = LILAS
        self.media_type = TYPE

    def content(self, number: int) -> bytes:
        """Return a prescription."""
        return papers.prescription(number)

    def bad(self) -> Sequence[Bad]:
        """Return what can never be issued."""
        unknown = papers.medicine(codes='<code code="1" codeSystem="2.999.7"/>')
        return (
            Bad(
                name="unknown code system",
                code="prescription.code_system",
                content=papers.prescription(body=papers.medicines(unknown)),
            ),
            Bad(
                name="expired",
                code="prescription.expired",
                content=papers.prescription(high='<high value="20260301"/>'),
            ),
            Bad(name="a letter", code="prescription.document_type", content=_letter()),
            Bad(name="a dispensing", code="prescription.document_type", content=papers.dispensing()),
            Bad(
                name="torn",
                code="prescription.malformed",
                content=papers.prescription()[:-40],
            ),
            Bad(
                name="another type",
                code="prescription.document_type",
                content=papers.prescription(),
                media_type="application/fhir+xml",
            ),
        )

    async def count(self) -> int:
        """Return how many documents are issued."""
        return len(self._ledger.claimed)

    def logged(self) -> str:
        """Return what was logged."""
        return repr(self._world.log.lines)


def _letter() -> bytes:
    return papers.prescription().replace(b"1.2.250.1.213.1.1.1.39", b"1.2.250.1.213.1.1.1.99")


class TestCda(PrescriptionContract):
    """The contract."""

    @pytest.fixture
    def rig(self) -> Rig:
        """Return a rig."""
        return CdaRig()
