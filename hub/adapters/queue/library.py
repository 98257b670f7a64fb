"""Envelopes made readable: from memory when they were put or claimed lately, from rest otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hub.adapters.queue import faults, records
from hub.adapters.queue.cache import Cache, Known
from hub.adapters.queue.contents import StoredContent, by_document
from hub.adapters.queue.keys import RecordKey, StoreKeys
from hub.adapters.queue.reading import Reader
from hub.adapters.queue.vessel import Vessel
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import EnvelopeId
from hub.errors import HubError


class Library:
    """Finds what an envelope says, and the keys of what else is said of it."""

    def __init__(self, documents: Path, reader: Reader, keys: StoreKeys, cache: Cache) -> None:
        self._documents = documents
        self._reader = reader
        self._keys = keys
        self._cache = cache

    def record_keys(self, envelopes: Sequence[EnvelopeId]) -> dict[EnvelopeId, RecordKey]:
        """Return the key of each envelope that exists. Raises StoreError."""
        keys: dict[EnvelopeId, RecordKey] = {}
        missing = []
        for envelope in envelopes:
            known = self._cache.get(envelope)
            if known is not None:
                keys[envelope] = known.key
            else:
                missing.append(envelope)
        return keys | self._reader.record_keys(missing) if missing else keys

    def sealed(self, envelope: EnvelopeId) -> tuple[SealedEnvelope, str]:
        """Return an envelope that exists, and who submitted it. Raises StoreError."""
        known = self._cache.get(envelope)
        if known is not None:
            return known.sealed, known.peer
        record = self._reader.record(envelope)
        if record is None:
            raise faults.altered()
        return record.sealed, record.peer

    def known(
        self, envelopes: Sequence[EnvelopeId]
    ) -> tuple[dict[EnvelopeId, Known], dict[EnvelopeId, HubError]]:
        """Return envelopes with their contents, and why others can't be read. Raises StoreError."""
        known = {one: cached for one in envelopes if (cached := self._cache.get(one)) is not None}
        broken: dict[EnvelopeId, HubError] = {}
        missing = [one for one in envelopes if one not in known]
        if missing:
            found, opened = self._reader.envelopes(missing)
            for row in found:
                try:
                    known[row.id] = self._open(row, opened.get(row.id, 1))
                except HubError as error:
                    broken[row.id] = error
        return known, broken

    def _open(self, row: Any, opened: int) -> Known:
        key = self._keys.record_key(row.record_key, row.id)
        record = records.read_record(key.open(row.record, "record"))
        if row.stage_key is None:
            raise faults.erased()
        vessel = Vessel(
            key.open(row.stage_key, "documents"),
            self._documents,
            row.stage,
            held=row.data,
            filed=row.filed,
        )
        documents = record.sealed.envelope.message.documents
        contents = [
            StoredContent(vessel, number, runs, size=one.size, sha256=one.sha256)
            for one, (number, runs) in zip(documents, record.places, strict=True)
        ]
        known = Known(
            id=row.id,
            key=key,
            sealed=record.sealed,
            peer=record.peer,
            contents=by_document([one.id for one in documents], contents),
            open=opened,
        )
        self._cache.add(known, len(row.data or b""))
        return known
