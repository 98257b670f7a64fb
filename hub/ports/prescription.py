"""E-prescription services, in the same words for every country: what an adapter is written to.

A service is an operator: an envelope of kind `prescription` to the mailbox of that operator is the
order to issue, and its delivery is the issue. So nothing accepted is lost, nothing is issued twice, and
every step leaves evidence, by the same means as for letters.

How the hub itself sees a service, and lends it to its API: `hub.ports.prescribing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from hub.domain.address import Address
from hub.domain.ids import EnvelopeId
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.party import Identifier, Party
from hub.domain.prescription import CancelResult, Handing, PrescriptionState, PrescriptionView
from hub.errors import Words
from hub.ports.directory import Entry


class Signing(StrEnum):
    """Who signs what is to be issued: the hub by a signer of the prescriber's, or their own workstation.

    `none`: the document comes signed, or needs no signature of its own.
    """

    HUB = "hub"
    WORKSTATION = "workstation"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a service can do.

    `professions` are codes of the directory (TRE_G15) of those who may prescribe there; `media_types`
    what it takes; `options` the names of what an order may say besides. `mailbox` is the service's own
    at this hub: orders go to it, and answers by mail come back to it.
    """

    mailbox: Address
    media_types: frozenset[str]
    professions: frozenset[str]
    signing: Signing
    options: frozenset[str] = frozenset()
    handing: frozenset[Handing] = frozenset(Handing)
    cancels: bool = True
    tracks: bool = True
    max_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be issued: `content` byte for byte as the prescriber's software gave it.

    `prescriber` is the envelope's sender; `entry` what the directory says of them at this attempt, None
    when it is only asked what became of an earlier one. `attempt` counts, this one included.
    """

    id: EnvelopeId
    prescriber: Party
    media_type: str
    content: bytes = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    entry: Entry | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispensing:
    """One thing that happened to an issued prescription.

    `id` is the service's own, the same each time it is told. `number` says which prescription; `document`
    is what the service or the pharmacy gave, verbatim.
    """

    id: str
    number: str
    state: PrescriptionState
    at: datetime
    text: Words
    document: bytes | None = field(default=None, repr=False)
    media_type: str | None = None
    document_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the hub remembers of one prescription. It rests encrypted.

    `code` is the text of the 2D code, `secret` the access code: who has one has the prescription.
    `facts` are the adapter's own. `orphans` counts numbers that were fetched and never used.
    `warnings` are what the service said beside its consent. `signed_sha256` is of the signed bytes, which
    are kept beside the record. `awaits` says that the workstation's signature is awaited.
    """

    id: EnvelopeId
    state: PrescriptionState
    changed_at: datetime
    number: str | None = None
    code: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    signed_sha256: str | None = None
    signed_type: str | None = None
    awaits: bool = False
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    orphans: int = 0
    warnings: tuple[Words, ...] = ()
    cancelled: CancelResult | None = None
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)


class Journal(Protocol):
    """What has been done for one prescription so far. Durable on disk when a method returns.

    An adapter writes down what it learnt, and what it is about to do, before the call that depends on it.
    """

    @property
    def record(self) -> Record:
        """The record as it was kept last; a new draft at first."""
        ...

    async def keep(self, record: Record) -> Record:
        """Keep a record in the place of the last. Raises ValueError for a move that the table forbids."""
        ...

    async def keep_signed(self, record: Record, signed: bytes) -> Record:
        """Keep signed bytes, exactly, and a record that says so; all or none."""
        ...

    async def signed(self) -> bytes | None:
        """Return the signed bytes; None before there are any."""
        ...

    async def keep_to_sign(self, record: Record, content: bytes) -> Record:
        """Keep the bytes that the workstation is to sign, and a record that says so; all or none."""
        ...

    async def to_sign(self) -> bytes | None:
        """Return what the workstation is to sign; None when nothing is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a prescription is cancelled: a code of the service's own list, when it has one, and words."""

    code: str | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What asking to cancel gave. `words` tell the prescriber what happened and what to do.

    `detail` is what the service said, verbatim (an OperationOutcome as JSON value), when it said anything.
    """

    result: CancelResult
    state: PrescriptionState
    words: Words
    detail: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What has happened since a cursor, the oldest first, and the cursor to ask with next time.

    `more` says that there is more at once.
    """

    events: Sequence[Dispensing]
    cursor: str | None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """One part of a mail that hands a prescription over."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    body: bool = False
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """The mail that hands a prescription over. `service_header` is the field that names it to software.

    (name, value), such as `X-KIM-Dienstkennung: eRezept;Zuweisung;V1.0`; None where there is none.
    `patient` are identifiers for the mail's own metadata, such as the INS, when the order names none.
    """

    subject: str
    enclosures: tuple[Enclosure, ...]
    service_header: tuple[str, str] | None = None
    display_receipt: bool = False
    patient: tuple[Identifier, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code2D:
    """A prescription's 2D code: a text to draw (`symbology`: `data-matrix` or `qr`), or an image as given.

    Who has it has the prescription.
    """

    text: str | None = field(default=None, repr=False)
    symbology: str = "data-matrix"
    image: bytes | None = field(default=None, repr=False)
    image_type: str | None = None


@runtime_checkable
class PrescriptionService(Protocol):
    """One country's service, as its adapter speaks to it. The contract suite is in `hub.testing`."""

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        ...

    def read(self, media_type: str, content: bytes) -> PrescriptionView:
        """Return what people read of a prescription, issued or not, signed or not.

        Raises InputError (`prescription.malformed`, `prescription.code_system` …) with words that tell
        the prescriber what to change.
        """
        ...

    def check(self, order: Order) -> None:
        """Raise the InputError for an order that could never be issued; nothing is asked of the service."""
        ...

    async def issue(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Issue it, or go on from where the journal stands. Exactly one prescription comes of it.

        Delivered: the service has it, and the record says number and code. Deferred: nothing that would
        count as a prescription was made; call again. Uncertain: it may have been; `settle` finds out.
        """
        ...

    async def take_signed(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Keep what the prescriber's workstation signed, once it is verified; `issue` then goes on.

        The same bytes again are harmless. Raises TrustError (`prescription.signature`: it does not hold, or
        is not the prescriber's), InputError (`prescription.other_content`: not what was to be signed).
        """
        ...

    async def settle(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Find out what became of an issue whose answer was lost; never makes a second prescription."""
        ...

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Cancel it; the same call again gives the same end. Raises PeerError when it could not be asked."""
        ...

    async def status(self, record: Record) -> Record:
        """Ask the service how it stands, and return the record as it is to be. Raises PeerError."""
        ...

    async def events(self, cursor: str | None) -> News:
        """Return what happened since `cursor`; None is now. Raises PeerError."""
        ...

    def code(self, record: Record, signed: bytes | None) -> Code2D | None:
        """Return its 2D code; None when it has none."""
        ...

    async def hand_over(
        self, record: Record, signed: bytes | None, order: Order, form: Handing, language: str
    ) -> Handover:
        """Make the mail that hands it over. Raises InputError when it can't be, in this form or yet."""
        ...

    async def probe(self) -> None:
        """Return when the service answers; raise PeerError with words that say why not."""
        ...


@runtime_checkable
class ReadsDispensing(Protocol):
    """Can read what came without being asked for: by mail to the service's mailbox, or by a webhook."""

    def dispensings(self, media_type: str, content: bytes) -> Sequence[Dispensing]:
        """Return what a document says of prescriptions; nothing when it is of another kind.

        Raises InputError for one that is of this kind and can't be read.
        """
        ...


@runtime_checkable
class Recalls(Protocol):
    """Can't cancel at its service, but has words for those to whom a prescription was handed over."""

    def recall(self, record: Record, reason: Reason, language: str) -> Handover:
        """Make the mail that tells them that its prescriber withdraws it."""
        ...


@runtime_checkable
class Listens(Protocol):
    """Hears from its service that there is news, without asking each time."""

    async def listen(self, look_now: Callable[[], None]) -> None:
        """Call `look_now` whenever there may be news; returns when nothing more will be heard."""
        ...
