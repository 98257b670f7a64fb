"""An operator that is a folder: practice software picks up what is filed there, one folder a mailbox."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused
from hub.errors import Words
from hub.plugin import Registry, Table, hookimpl
from hub.ports.connector import Addressee, Capabilities, Parcel
from hub.ports.host import Host


@dataclass(frozen=True, slots=True)
class DropFolder:
    """Files each delivery in a folder of its own, named by its id (`Delivers`, `Recovers`)."""

    root: Path

    @property
    def capabilities(self) -> Capabilities:
        """Anything of any size, four at a time: it is one disk."""
        return Capabilities(max_concurrency=4)

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Return one outcome per addressee. A refused one does not stop the others."""
        return {one.delivery: await self._file(parcel, one) for one in parcel.addressees}

    async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Say what arrived before the hub lost the answer: a delivery's folder is there, or it is not."""
        return {
            one.delivery: Delivered(receipt="filed, as found later")
            if await asyncio.to_thread(self._place(one).exists)
            else Deferred(code="dropfolder.absent", reason=_ABSENT)
            for one in parcel.addressees
        }

    async def _file(self, parcel: Parcel, one: Addressee) -> Outcome:
        place = self._place(one)
        if not await asyncio.to_thread(self.root.exists):
            return Deferred(code="dropfolder.gone", reason=_GONE, operator_failed=True)
        if not await asyncio.to_thread(place.parent.exists):
            return Refused(code="dropfolder.unknown", reason=_UNKNOWN)
        if await asyncio.to_thread(place.exists):
            return Delivered(receipt="filed before")
        # Filed under another name first: who picks up sees all of it or nothing.
        draft = place.with_name(f".{place.name}")
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
        await asyncio.to_thread(draft.mkdir)
        for document in parcel.sealed.envelope.message.documents:
            with (draft / quote(document.name, safe=" ")).open("wb") as file:
                async for piece in parcel.contents[document.id].pieces():
                    await asyncio.to_thread(file.write, piece)
                await asyncio.to_thread(_sync, file.fileno())
        await asyncio.to_thread(draft.rename, place)
        return Delivered(receipt=f"filed as {place.name}")

    def _place(self, one: Addressee) -> Path:
        return self.root / quote(one.party.address.key, safe="@") / one.delivery


def _sync(number: int) -> None:
    os.fsync(number)


_ABSENT = Words(en="It was not filed.", fr="Il n'a pas été déposé.")
_GONE = Words(en="The folder can't be reached now.", fr="Le dossier est injoignable pour l'instant.")
_UNKNOWN = Words(en="Nobody picks up for this mailbox.", fr="Personne ne relève cette boîte.")


def parse(table: Table) -> Path:
    """Read what stands in `[operators.<name>]` beside the hub's own keys."""
    return table.file("folder")


@asynccontextmanager
async def open_operator(root: Path, host: Host) -> AsyncIterator[DropFolder]:
    """Yield a connector that is ready; what was opened here is closed here."""
    host.log.info("operator.opened", operator=host.name)
    yield DropFolder(root)


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer the connector kind `dropfolder`."""
    registry.add_connector("dropfolder", parse, open_operator)
