"""The stranger's plugin of the system tests keeps what every connector keeps: it may stand for one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.domain.outcome import Delivered
from hub.testing.connector_contract import ConnectorContract, Rig, Seen, deliver, holders, make
from hub.testing.contents import MemoryContent
from hub.testing.fakes import entry
from hub.testing.parcels import Attached
from tests.system.recall.hub_recall import Recall


class RecallRig(Rig):
    """Its file of arrivals is the counterpart. It refuses nobody, and a folder neither stalls nor leaves."""

    sender = Address.parse("chirurgie@ch-valbrume.example")
    good = tuple(entry(f"dr.{name}@ville.example") for name in ("martin", "petit", "roux"))

    def __init__(self, folder: Path) -> None:
        self._arrivals = folder / "arrivals"
        self._arrivals.touch()
        self.connector = Recall(folder)

    async def seen(self) -> Sequence[Seen]:
        """Read every line, those of repeated hand-overs too."""
        lines = [line.split() for line in self._arrivals.read_text("utf-8").splitlines()]
        return [
            Seen(recipient=Address.parse(recipient), digests=frozenset(digests.split(",")))
            for _, _, recipient, digests in lines
        ]


class TestRecall(ConnectorContract):
    """All of the contract; the empty document is a PDF, for it notes no others."""

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        """Make a rig."""
        return RecallRig(tmp_path)

    async def test_an_empty_document_arrives(self, rig: Rig) -> None:
        """Nothing is something, as a PDF too."""
        empty = Attached(content=MemoryContent(b""), name="vide.pdf")
        (outcome,) = (await deliver(rig, make(rig, rig.good[:1], empty))).values()
        assert isinstance(outcome, Delivered)
        assert await holders(rig, empty) == [rig.good[0].address.key]
