"""A stranger's plugin that does everything wrong: it raises, hangs, blocks, leaks and answers nonsense.

Now and then it delivers, and notes it as `hub_recall` does. What it raises quotes a patient.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Delivered, Outcome
from hub.plugin import Registry, Table, hookimpl
from hub.ports.connector import Capabilities, Parcel
from hub.ports.host import Host
from hub.ports.intake import Intake
from hub.ports.observer import Event

SECRET: Final = "Madame Capucine Planquette, phlébite"
CHANCE: Final = random.Random(7)
LEAK: Final[list[bytearray]] = []
MOST_LEAKED: Final = 60


class Hostile(dict[DeliveryId, Outcome]):
    """An answer that can't be looked into."""

    def get(self, *_: object) -> Any:
        """Fail."""
        raise ValueError(SECRET)


@dataclass(frozen=True, slots=True)
class Evil:
    """A connector in one of its moods at each call."""

    folder: Path

    @property
    def capabilities(self) -> Capabilities:
        """Say what it can carry, or not."""
        if CHANCE.random() < 0.3:
            raise ValueError(SECRET)
        return Capabilities(max_concurrency=5)

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Do one wrong thing, or the right one."""
        if len(LEAK) < MOST_LEAKED:
            LEAK.append(bytearray(1 << 20))
        match CHANCE.choice(
            ("raise", "raise-late", "hang", "block", "nonsense", "hostile", "exit", "good", "good")
        ):
            case "raise":
                raise ValueError(SECRET)
            case "raise-late":
                self._file(parcel)
                raise ValueError(SECRET)
            case "hang":
                await _deaf(asyncio.sleep(4))
            case "block":
                time.sleep(0.2)  # noqa: ASYNC251 -- that is the point
            case "nonsense":
                return CHANCE.choice((None, 7, "250 OK", {"x": 1}, [Delivered]))  # type: ignore[return-value]
            case "hostile":
                return Hostile()
            case "exit":
                raise asyncio.CancelledError
        self._file(parcel)
        return {one.delivery: Delivered(receipt="filed") for one in parcel.addressees}

    async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Fail to tell, or tell what arrived."""
        if CHANCE.random() < 0.5:
            raise ValueError(SECRET)
        arrivals = (self.folder / "arrivals").read_text()
        return {
            one.delivery: Delivered(receipt="filed, as recalled")
            for one in parcel.addressees
            if f"{one.delivery} " in arrivals
        }

    def _file(self, parcel: Parcel) -> None:
        (document,) = (
            one for one in parcel.sealed.envelope.message.documents if one.media_type == "application/pdf"
        )
        _ = parcel.contents[document.id]
        with (self.folder / "arrivals").open("a") as arrivals:
            for one in parcel.addressees:
                digest = document.sha256.hex() if isinstance(document.sha256, bytes) else document.sha256
                arrivals.write(f"{one.delivery} {parcel.sealed.envelope.id} {one.party.address} {digest}\n")


async def _deaf(work: Any) -> None:
    """Wait for something, whoever cancels it."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)


class Door:
    """A receiver that ends at once."""

    async def receive(self, intake: Intake) -> None:
        """Fail."""
        del intake
        raise ValueError(SECRET)


class Eavesdropper:
    """An observer that fails at every event."""

    def saw(self, event: Event) -> None:
        """Fail."""
        del event
        raise ValueError(SECRET)


@asynccontextmanager
async def _open(folder: Path, _host: Host) -> AsyncIterator[Evil]:
    yield Evil(folder)
    raise ValueError(SECRET)


@asynccontextmanager
async def _door(_own: None, _host: Host) -> AsyncIterator[Door]:
    yield Door()


@asynccontextmanager
async def _ear(_own: None, _host: Host) -> AsyncIterator[Eavesdropper]:
    yield Eavesdropper()


def _parse(table: Table) -> Path:
    folder = table.file("folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "arrivals").touch()
    return folder


def _nothing(_table: Table) -> None:
    return None


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer the connector and the receiver."""
    registry.add_connector("evil", _parse, _open)
    registry.add_receiver("evil", _nothing, _door)


@hookimpl
def hub_register_observers(registry: Registry) -> None:
    """Offer the observer."""
    registry.add_observer("evil", _nothing, _ear)
