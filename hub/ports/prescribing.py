"""How the hub sees an e-prescription service, and what it lends to its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from hub.domain.address import Address
from hub.domain.ids import EnvelopeId, OperatorName
from hub.domain.party import Identifier
from hub.domain.prescription import PrescriptionState, PrescriptionView
from hub.domain.prescription_order import HandOrder
from hub.errors import Words
from hub.ports.intake import Accepted, Peer, Stage
from hub.ports.prescription import Abilities, Cancellation, Dispensing, Order, Reason, Record


class CodeForm(StrEnum):
    """How a 2D code is drawn."""

    PNG = "png"
    SVG = "svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a prescription stands: what the hub knows, and what people read of it.

    `events` are what it heard, the oldest first. `handed` are envelopes that handed it over, by what was
    asked for.
    """

    record: Record
    service: OperatorName
    view: PrescriptionView | None
    events: Sequence[Dispensing] = ()
    handed: Mapping[str, EnvelopeId] = field(default_factory=dict)


@runtime_checkable
class Prescribes(Protocol):
    """A connector to an e-prescription service. Its deliveries of kind `prescription` are issues."""

    @property
    def abilities(self) -> Abilities:
        """What the service can do."""
        ...

    def check(self, order: Order) -> PrescriptionView:
        """Return what people read of an order. Raises the InputError for one that could never be issued."""
        ...

    async def standing(self, prescription: EnvelopeId, *, fresh: bool = False) -> Standing | None:
        """Return how it stands; None before its issue began. `fresh` asks the service (PeerError)."""
        ...

    async def to_sign(self, prescription: EnvelopeId) -> bytes | None:
        """Return the bytes that the prescriber's workstation is to sign; None when it is not its turn."""
        ...

    async def take_signed(self, prescription: EnvelopeId, signed: bytes) -> None:
        """Take what the workstation signed. Raises InputError, TrustError; the same again is harmless."""
        ...

    async def signed(self, prescription: EnvelopeId) -> tuple[str, bytes] | None:
        """Return media type and signed bytes, exactly; None when there are none."""
        ...

    async def draw(self, prescription: EnvelopeId, form: CodeForm) -> bytes | None:
        """Draw its 2D code; None when it has none."""
        ...

    async def printed(self, prescription: EnvelopeId, language: str) -> bytes | None:
        """Return the sheet for the patient (PDF); None before it is issued."""
        ...

    async def hand_over(self, prescription: EnvelopeId, order: HandOrder) -> EnvelopeId:
        """Hand it over by secure mail; returns the mail's envelope. The same order again sends nothing.

        Raises InputError, TrustError, PeerError.
        """
        ...

    async def cancel(self, prescription: EnvelopeId, reason: Reason) -> Cancellation:
        """Cancel it. Raises PeerError when the service could not be asked now: the hub goes on asking."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PrescriptionOrder:
    """What a client of the API wants to be issued. `service` may be None when there is but one.

    `content` is the prescription, byte for byte.
    """

    prescriber: Address
    service: OperatorName | None
    media_type: str
    content: bytes = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    hand_over: Sequence[HandOrder] = ()
    language: str | None = None
    patient: Sequence[Identifier] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a prescription fares, by what its service and the hub know of it.

    `code` and `reason` are those of the delivery's last outcome: why it waits, or was refused.
    `detail` is what the service said then, verbatim (an OperationOutcome as JSON value), when it did.
    """

    id: EnvelopeId
    service: OperatorName
    state: PrescriptionState
    accepted_at: datetime
    standing: Standing | None
    code: str | None = None
    reason: Words | None = None
    due_at: datetime | None = None
    detail: Any = field(default=None, repr=False)


class Prescriptions(Protocol):
    """What the hub lends to its API: a client's own prescriptions, and nobody else's.

    Every method but `issue` raises InputError `prescription.not_found` for what is not there, or not
    this client's.
    """

    def services(self) -> Mapping[OperatorName, Abilities]:
        """Return the services that prescriptions can be issued at."""
        ...

    async def issue(self, stage: Stage, peer: Peer, key: str, order: PrescriptionOrder) -> Accepted:
        """Take an order; durable when it returns. The same key again: the same answer, `again=True`.

        Raises InputError, TrustError (may not prescribe), ConflictError (the same key with another
        content), PeerError (the directory can't answer), StoreError.
        """
        ...

    async def wait(self, peer: Peer, prescription: EnvelopeId, seconds: float) -> None:
        """Return when it is issued, refused, or awaits a signature; at the latest after `seconds`."""
        ...

    async def standing(self, peer: Peer, prescription: EnvelopeId, *, fresh: bool = False) -> Progress:
        """Return how it fares. `fresh` asks the service now (PeerError)."""
        ...

    async def to_sign(self, peer: Peer, prescription: EnvelopeId) -> bytes:
        """Return what the workstation is to sign. Raises InputError `prescription.nothing_to_sign`."""
        ...

    async def sign(self, peer: Peer, prescription: EnvelopeId, signed: bytes) -> None:
        """Take what the workstation signed, and go on with the issue."""
        ...

    async def signed(self, peer: Peer, prescription: EnvelopeId) -> tuple[str, bytes]:
        """Return media type and signed bytes. Raises InputError `prescription.not_signed`."""
        ...

    async def draw(self, peer: Peer, prescription: EnvelopeId, form: CodeForm) -> bytes:
        """Draw the 2D code. Raises InputError `prescription.no_code`."""
        ...

    async def printed(self, peer: Peer, prescription: EnvelopeId, language: str) -> bytes:
        """Return the sheet for the patient (PDF). Raises InputError `prescription.not_issued`."""
        ...

    async def hand_over(self, peer: Peer, prescription: EnvelopeId, order: HandOrder) -> EnvelopeId:
        """Hand it over by secure mail; returns the mail's envelope."""
        ...

    async def cancel(self, peer: Peer, prescription: EnvelopeId, reason: Reason) -> Cancellation:
        """Cancel it. Raises PeerError when the service can't be asked now; the hub goes on asking."""
        ...
