"""Synchronise in a process of its own, and stop in the middle to be killed.

`python -m tests.plugins.annuaire_fhir.synchronising URL FOLDER STOP`: STOP is `page N`, or `apply`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from yarl import URL

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, NullLog
from hub_annuaire.fhir import deriving
from hub_annuaire.fhir.copying import Copying
from hub_annuaire.fhir.directory import open_directory
from hub_annuaire.fhir.settings import Mode, Settings
from hub_annuaire.looking.index import Shown
from tests.plugins.annuaire_fhir.place import NOON


def stop() -> None:
    """Say so, and wait to be killed."""
    print("stopped", flush=True)
    signal.pause()


async def main(url: str, folder: Path, where: str) -> None:
    """Synchronise until the place is reached."""
    settings = Settings(
        url=URL(url),
        mode=Mode.COPY,
        anchors=(folder / "anchor.pem",),
        key_file=folder / "key",
        page=10,
        refresh=timedelta(days=3),
    )
    host = Host(
        name="national",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=FixedClock(NOON),
        chance=FixedChance(),
        log=NullLog(),
        data=folder / "data",
        ledger=EphemeralLedger(),
    )
    pages = 0

    def progress(_what: str, _done: int, _all: int) -> None:
        nonlocal pages
        pages += 1
        if where == f"page {pages}":
            stop()

    def searchable(*_: object) -> list[Shown]:
        stop()
        return []

    async with open_directory(settings, host) as directory:
        assert isinstance(directory, Copying)
        with pytest.MonkeyPatch.context() as patch:
            if where == "apply":
                patch.setattr(deriving, "_searchable", searchable)
            await directory.synchronise(progress)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
