"""A message as templates see it, always the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Parcel
from hub.ports.host import Host
from hub.testing.contents import MemoryContent
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog, entry
from hub.testing.parcels import Attached, parcel
from hub_http.mapping import subjects

CALL: Final = "01990000-0000-7000-8000-00000000cafe"
NOW: Final = datetime(2026, 3, 3, 14, 1, 2, 345000, tzinfo=UTC)
PDF: Final = b"%PDF-1.7\n"
SENDER: Final = Address.parse("secretariat@hautmont.example")
RECIPIENT: Final = entry(
    "lucie.arnaud@valbrume.example",
    identifiers=(Identifier(RPPS, "810001234565"), Identifier(FINESS, "1750712184")),
)


def host_of(tmp: Path = Path()) -> Host:
    """Return the hub, as an operator's part sees it."""
    clock = FixedClock(NOW)
    return Host(
        name="mesh",
        hub_name="hub.caducee.example",
        address=Address.parse("hub@caducee.example"),
        clock=clock,
        chance=FixedChance(),
        log=RecordingLog(),
        data=tmp,
        ledger=EphemeralLedger(),
    )


def parcel_of(*attached: Attached) -> Parcel:
    """Return a letter with a PDF, or with what is given."""
    pdf = Attached(content=MemoryContent(PDF))
    return parcel(
        SENDER, [RECIPIENT], clock=FixedClock(NOW), chance=FixedChance(), attached=attached or [pdf]
    )


def scope_of(*attached: Attached) -> dict[str, Any]:
    """Return what the templates of a send see."""
    sent = parcel_of(*attached)
    seen = subjects.of_parcel(
        sent,
        sent.addressees,
        host=host_of(),
        parameters={"mailbox": "X26ABC1"},
        call=CALL,
        codes={"kinds": {"report": "11488-4", "message": "34109-9"}},
    )
    return {**seen, "taken": {"ticket": "T7"}, "remote": None}
