"""A stranger's plugin: an operator that files deliveries by their id and can tell what it has got.

It notes every hand-over, repeated ones too, so that a test sees what was delivered twice. It uses the
public face only, and is found by its entry point like any other.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Outcome
from hub.errors import Words
from hub.plugin import Registry, Table, hookimpl
from hub.ports.connector import Capabilities, Parcel
from hub.ports.host import Host


@dataclass(frozen=True, slots=True)
class Recall:
    """Delivers into a folder; recovers by looking there."""

    folder: Path

    @property
    def capabilities(self) -> Capabilities:
        """What it can carry."""
        return Capabilities(max_concurrency=20)

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """File each delivery, durably, and answer a moment later."""
        digests = []
        for document in parcel.sealed.envelope.message.documents:
            digest = hashlib.sha256()
            async for piece in parcel.contents[document.id].pieces():
                digest.update(piece)
            if document.media_type == "application/pdf":
                digests.append(digest.hexdigest())
        for one in parcel.addressees:
            with (self.folder / "arrivals").open("ab") as arrivals:
                line = (one.delivery, parcel.sealed.envelope.id, one.party.address, ",".join(digests) or "-")
                arrivals.write(" ".join(map(str, line)).encode() + b"\n")
                arrivals.flush()
                os.fsync(arrivals.fileno())
            (self.folder / one.delivery).touch()
        await asyncio.sleep(0.02)
        return {one.delivery: Delivered(receipt="filed") for one in parcel.addressees}

    async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Say what has arrived."""
        return {one.delivery: self._found(one.delivery) for one in parcel.addressees}

    def _found(self, delivery: DeliveryId) -> Outcome:
        if f"{delivery} " in (self.folder / "arrivals").read_text():
            return Delivered(receipt="filed, as recalled")
        return Deferred(
            code="recall.absent",
            reason=Words(en="It did not arrive.", fr="Il n'est pas arrivé."),
            retry_after=timedelta(0),
        )


@asynccontextmanager
async def _open(folder: Path, _host: Host) -> AsyncIterator[Recall]:
    yield Recall(folder)


def _parse(table: Table) -> Path:
    folder = table.file("folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "arrivals").touch()
    return folder


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer the connector kind `recall`."""
    registry.add_connector("recall", _parse, _open)
