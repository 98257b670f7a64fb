"""What a plugin does for an operator: deliver, and when it can, recover, and probe.

A connector is opened once per `[operators.<name>]` table and shared by concurrent attempts.
Each ability is a Protocol of its own; the hub asks `isinstance`, never for a kind by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, DocumentId
from hub.domain.outcome import Outcome
from hub.domain.party import Party
from hub.ports.content import Content
from hub.ports.directory import Entry
from hub.ports.trust import Admission


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an operator can carry; the router reads it before it asks.

    `resend_harmless` says that the same delivery handed over twice reaches its recipient once, or
    that a double does no harm: it decides what becomes of an uncertain delivery that can't be
    recovered by asking.
    """

    max_bytes: int | None = None
    max_concurrency: int = 10
    max_recipients: int = 100
    resend_harmless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One recipient of a parcel. `entry` is the directory's word at this very attempt.

    `admission` is the space of trust's word on the recipient's domain, whose `pins` the operator's
    server must satisfy; None when no space of trust is configured. `attempt` counts the attempts at
    this delivery, this one included; 0 when it is only asked about.
    """

    delivery: DeliveryId
    party: Party
    entry: Entry
    admission: Admission | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One envelope on its way to some of its recipients, all at one operator.

    `sender` is the directory's word on the sender at this very attempt; only a prescription asks for it.
    """

    sealed: SealedEnvelope
    addressees: tuple[Addressee, ...]
    contents: Mapping[DocumentId, Content] = field(repr=False)
    sender: Entry | None = None


@runtime_checkable
class Delivers(Protocol):
    """Hands parcels to an operator."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can carry."""
        ...

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Try once and return one outcome per addressee.

        The call is cancelled at the operator's deadline. A cancelled call, an exception and an
        addressee without an outcome count as Deferred as long as no content of the parcel was
        opened, as Uncertain from then on.
        """
        ...


@runtime_checkable
class Recovers(Protocol):
    """Can ask the operator what became of a delivery whose answer was lost."""

    async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Return Delivered for what arrived, Deferred for what did not and may be sent again.

        Uncertain means that the operator could not tell now; it is asked again later. The entries
        of the addressees are what the envelope says of them, not the directory.
        """
        ...


@runtime_checkable
class Probes(Protocol):
    """Can say whether the operator answers, without sending anything."""

    async def probe(self) -> None:
        """Return when the operator answers; raise PeerError with words that say why not."""
        ...


@runtime_checkable
class Corresponds(Protocol):
    """Has mailboxes of its own at this hub: a service that people write to, not a carrier of others' mail."""

    @property
    def mailboxes(self) -> Sequence[Entry]:
        """Its mailboxes, as the directory is to know them."""
        ...
