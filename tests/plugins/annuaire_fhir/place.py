"""A server and directories that ask it, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from yarl import URL

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.directory import Entry
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub_annuaire.fhir.asking import Asking
from hub_annuaire.fhir.copying import Copying
from hub_annuaire.fhir.directory import open_directory
from hub_annuaire.fhir.settings import Mode, Settings
from tests.plugins.annuaire_fhir import resources
from tests.plugins.annuaire_fhir.server import KEY, Server, serving

NOON = datetime(2026, 8, 26, 12, tzinfo=UTC)


class TickingClock(FixedClock):
    """Time that goes on by a second whenever somebody looks."""

    def now(self) -> datetime:
        """Return the present in UTC, a second later than before."""
        self.advance(timedelta(seconds=1))
        return super().now()


def silent(_what: str, _done: int, _all: int) -> None:
    """Take no notice of progress."""


@dataclass(slots=True)
class Place:
    """A server, and a folder for copies of it."""

    folder: Path
    server: Server
    clock: FixedClock
    stack: AsyncExitStack
    log: RecordingLog = field(default_factory=RecordingLog)

    def settings(self, **changed: Any) -> Settings:
        """Return settings that reach the server; a copy is only brought up to date when a test says so."""
        given: dict[str, Any] = {
            "url": URL(self.server.url),
            "anchors": (self.server.anchor,),
            "key_file": self.folder / "key",
            "rate": 1000,
            "retries": 0,
            "refresh": timedelta(days=3),
        }
        return Settings(**given | changed)

    def host(self, data: Path | None = None) -> Host:
        """Return what the hub lends to the directory."""
        return Host(
            name="national",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(),
            log=self.log,
            data=data or self.folder / "data",
            ledger=EphemeralLedger(),
        )

    async def asking(self, **changed: Any) -> Asking:
        """Open a directory that asks."""
        opened = await self.stack.enter_async_context(open_directory(self.settings(**changed), self.host()))
        assert isinstance(opened, Asking)
        return opened

    async def copying(self, data: Path | None = None, **changed: Any) -> Copying:
        """Open a directory that copies; it holds nothing yet."""
        settings = self.settings(mode=Mode.COPY, **changed)
        opened = await self.stack.enter_async_context(open_directory(settings, self.host(data)))
        assert isinstance(opened, Copying)
        return opened

    def pass_time(self, **by: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**by))


@asynccontextmanager
async def opened(folder: Path, number: int = 25) -> AsyncIterator[Place]:
    """Open a place with the guides' examples and some invented professionals."""
    (folder / "data").mkdir(exist_ok=True)
    key = folder / "key"
    key.write_text(f"{KEY}\n")
    key.chmod(0o600)
    clock = FixedClock(NOON)
    every = [*resources.examples().values(), *resources.invented(number)]
    # the same practitioners with fewer elements would be two resources with one mailbox
    every = [one for one in every if not one["id"].endswith("-elements")]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(folder, clock, every))
        yield Place(folder=folder, server=server, clock=clock, stack=stack)


async def found(directory: Asking | Copying, address: str) -> Entry:
    """Look up somebody who is listed."""
    entry = await directory.by_address(Address.parse(address))
    assert entry is not None
    return entry
