"""Which documents and numbers are taken: a document is issued once, whatever the key it comes under."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

from hub.domain.ids import EnvelopeId
from hub.ports.clock import Clock
from hub.ports.ledger import Ledger, Line
from hub_eprescription.cda import faults
from hub_eprescription.cda.reading import Prescription
from hub_eprescription.records import Records, kept_until


class Claims:
    """What the prescriptions of one service have claimed, in its ledger.

    Several nodes on one database look at the same lines, but do not wait for each other: the same document
    under two keys at the very same moment at two nodes may be taken twice.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._records = Records(ledger, clock)
        self._lock = asyncio.Lock()

    async def take(self, prescription: EnvelopeId, found: Prescription) -> None:
        """Claim a document, and check its number; durable on return. The same claim again is harmless.

        From then on a dispensing that names the document finds the prescription. Raises ConflictError,
        StoreError.
        """
        async with self._lock:
            owner = await self._records.named(found.document)
            if owner not in {None, prescription}:
                raise faults.issued_already()
            lines = () if found.view.number is None else (await self._number(prescription, found),)
            await self._ledger.put(*lines)
            await self._records.give_name(found.document, prescription, _until(found))

    async def _number(self, prescription: EnvelopeId, found: Prescription) -> Line:
        """Return the line that claims a number: a later version of the same document may take it over."""
        key = f"epu:{found.view.number}"
        line = await self._ledger.get(key)
        if line is not None:
            held = json.loads(line.value)
            later = found.series is not None and held["series"] == found.series
            if held["prescription"] != prescription and not (later and found.version > held["version"]):
                raise faults.number_taken()
        said = {"prescription": prescription, "series": found.series, "version": found.version}
        until = kept_until(self._clock.now(), _until(found))
        return Line(key=key, value=json.dumps(said), until=until)


def _until(found: Prescription) -> datetime | None:
    return None if found.until is None else found.until.ends
