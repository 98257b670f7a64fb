"""What was put or claimed lately, kept readable: the delivery after an acceptance decrypts nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.adapters.queue.contents import StoredContent
from hub.adapters.queue.keys import RecordKey
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DocumentId, EnvelopeId

_PARSED: Final = 8
"""How many times larger than its JWS an envelope is in memory, about."""


@dataclass(slots=True, kw_only=True)
class Known:
    """One envelope, readable. `open` is how many of its deliveries are thought not to have ended."""

    id: EnvelopeId
    key: RecordKey = field(repr=False)
    sealed: SealedEnvelope
    peer: str
    contents: Mapping[DocumentId, StoredContent] = field(repr=False)
    open: int
    weight: int = 0


class Cache:
    """Bounded by weight in bytes; who was not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._known: OrderedDict[EnvelopeId, Known] = OrderedDict()

    def get(self, envelope: EnvelopeId) -> Known | None:
        """Return what is known of an envelope."""
        known = self._known.get(envelope)
        if known is not None:
            self._known.move_to_end(envelope)
        return known

    def add(self, known: Known, held: int = 0) -> None:
        """Keep an envelope, as long as there is room; `held` are bytes that its contents keep."""
        self.drop(known.id)
        weight = held + sum(one.weight for one in known.contents.values()) + _PARSED * len(known.sealed.jws)
        known.weight = weight
        self._known[known.id] = known
        self._weight += weight
        while self._weight > self._most:
            self._weight -= self._known.popitem(last=False)[1].weight

    def drop(self, envelope: EnvelopeId) -> None:
        """Forget an envelope."""
        known = self._known.pop(envelope, None)
        if known is not None:
            self._weight -= known.weight

    def ended(self, envelope: EnvelopeId) -> None:
        """Say that one delivery ended; with the last one the envelope is forgotten."""
        known = self._known.get(envelope)
        if known is not None:
            known.open -= 1
            if known.open <= 0:
                self.drop(envelope)
