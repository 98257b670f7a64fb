"""People, patients and a folder of rules for the tests of policies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import hub_policies
from hub.domain.address import Address
from hub.domain.party import FINESS, INS_NIR, RPPS, Identifier
from hub.domain.target import ins_key
from hub.plugin import Registry, Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.directory import Coded, Entry, MailboxKind
from hub.ports.host import Host
from hub.ports.policy import Policy
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog, entry

NOON: Final = datetime(2026, 8, 26, 12, tzinfo=UTC)
CLAIRE: Final = "255081416802538"
CORSE: Final = f"199052A013001{ins_key('199052A013001'):02}"
RPPS_MARTIN: Final = "10001234565"

MARTIN: Final = entry(
    "dr.martin@valbrume.example",
    identifiers=[Identifier(RPPS, f"8{RPPS_MARTIN}")],
    profession=Coded("10", "Médecin"),
    specialties=(Coded("SM04", "Cardiologie"), Coded("SM54", "Médecine vasculaire")),
)
SORBIER: Final = entry("dr.sorbier@hautmont.example", profession=Coded("10", "Médecin"))
NURSE: Final = entry("zoe.genet@hautmont.example", profession=Coded("60", "Infirmier"))
WARD: Final = entry(
    "chirurgie@hautmont.example",
    mailbox=MailboxKind.ORGANISATIONAL,
    identifiers=[Identifier(FINESS, "1750712184")],
    answers_for="Dr Sorbier",
)
MACHINE: Final = entry("robot@hautmont.example", mailbox=MailboxKind.APPLICATION, answers_for="DSI")


def patient(number: str = CLAIRE) -> Entry:
    """Return a patient's own mailbox."""
    return entry(
        f"{number}@patient.mssante.example",
        name="Patient",
        mailbox=MailboxKind.PATIENT,
        identifiers=[Identifier(INS_NIR, number)],
    )


@dataclass(slots=True)
class Board:
    """A folder with files of rules, and policies over them."""

    folder: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    log: RecordingLog = field(default_factory=RecordingLog)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def host(self) -> Host:
        """What the hub lends."""
        return Host(
            name="rule",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(),
            log=self.log,
            data=self.folder,
            ledger=EphemeralLedger(),
        )

    def table(self, **values: Any) -> Table:
        """Return a table of the configuration."""
        return Table(values, file=self.folder / "hub.toml", path="policies.rule")

    async def open(self, kind: str, **values: Any) -> Policy:
        """Open a policy as the hub would."""
        registry = Registry("policies")
        hub_policies.hub_register_policies(registry)
        offer = next(one for one in registry.offers if one.kind == kind)
        opener: Callable[[Any, Host], AbstractAsyncContextManager[Policy]] = offer.open
        return await self.stack.enter_async_context(opener(offer.parse(self.table(**values)), self.host))

    def write(self, text: str, name: str = "list.csv") -> None:
        """Write a file, and let the second pass after which it is looked at."""
        (self.folder / name).write_text(text)
        self.wait()

    def wait(self, by: timedelta = timedelta(seconds=1)) -> None:
        """Let time pass."""
        self.clock.advance(by)
