"""A practice in England with a hub, and EPS as the hub's own simulator plays it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from hub.ports.prescription import Reason, Record
from hub.testing.fakes import FixedClock, RecordingLog
from hub.testing.prescription_contract import Rig
from hub_eprescription.eps import names
from hub_eprescription.eps.service import EpsService
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.serving import serve
from hub_eprescription.simulator.simulation import Simulation
from hub_eprescription.simulator.spine_names import BASE, Business
from tests.plugins.eprescription.eps.double import TOKEN
from tests.plugins.eprescription.eps.practice import CAMILLE, hub, make_holder, order
from tests.plugins.eprescription.prescribers import NOW
from tests.servers import Papers

CALLS = {"order": "process-message", "cancel": "process-message"}


@asynccontextmanager
async def simulated(folder: Path, *, items: int = 1) -> AsyncIterator[SimulatorRig]:
    """Open a hub and the simulator."""
    holder, clock = make_holder("rsa"), FixedClock(NOW)
    access = Access(token=TOKEN, role=Role.PRESCRIBER, identifier="555254240100")
    simulation = Simulation([access], now=clock.now)
    tls = Papers(folder / "papers").issue()
    async with (
        serve(simulation, certificate=tls.certificate, key=tls.key) as served,
        hub(folder, f"{served.url}{BASE}", tls, holder, clock) as (service, log),
    ):
        yield SimulatorRig(service=service, simulation=simulation, clock=clock, log=log, items=items)


@dataclass
class SimulatorRig(Rig):
    """The adapter against the simulator, for the contract."""

    service: EpsService
    simulation: Simulation
    clock: FixedClock
    log: RecordingLog
    items: int = 1
    media_type: str = names.MEDIA_TYPE
    options: Mapping[str, str] = field(default_factory=dict)
    reason: Reason = field(default_factory=lambda: Reason(code="0001", text="Prescribing Error"))
    calls: Sequence[str] = ("prepare", "order")

    def __post_init__(self) -> None:
        self.prescriber = CAMILLE

    def content(self, number: int) -> bytes:
        """Return a prescription of another medicine for each number."""
        return order(number, items=self.items)

    async def count(self) -> int:
        """Return how many prescriptions the service holds."""
        return sum(one.status is not Business.CANCELLED for one in self.simulation.eps.orders)

    async def lose(self, call: str, *, acted: bool) -> None:
        """Lose the next answer to a call."""
        self.simulation.fault(CALLS.get(call, call), "lost" if acted else "cut")

    async def lose_cancel(self, *, acted: bool) -> None:
        """Lose the next answer to a cancel."""
        await self.lose("cancel", acted=acted)

    async def claim(self, record: Record) -> None:
        """Let a pharmacy take it."""
        self.simulation.eps.move(record.number or "", Business.WITH_DISPENSER)

    async def dispense(self, record: Record) -> None:
        """Let a pharmacy dispense all of it."""
        held = self.simulation.eps.orders.get(record.number or "")
        if held is not None and held.status is Business.TO_BE_DISPENSED:
            await self.claim(record)
        self.simulation.eps.move(record.number or "", Business.DISPENSED)

    async def shut(self) -> None:
        """Make the service unreachable: at its address nobody listens."""
        session = self.service._asking._session
        self._open = session._settings
        session._settings = replace(self._open, base_urls=("https://localhost:1",))

    async def reopen(self) -> None:
        """Make it reachable again."""
        self.service._asking._session._settings = self._open

    def logged(self) -> str:
        """Return everything that was logged."""
        return repr(self.log.lines)
