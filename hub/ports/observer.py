"""Listeners that learn what happens, such as a metrics exporter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an envelope. Ids and codes only: never a name, address or content."""

    name: str
    at: datetime
    envelope: EnvelopeId
    delivery: DeliveryId | None = None
    operator: OperatorName | None = None
    code: str | None = None


class Observer(Protocol):
    """Hears of events after they are durable."""

    def saw(self, event: Event) -> None:
        """Take note; quickly, for it runs on the hub's loop. What it raises is logged and forgotten."""
        ...
