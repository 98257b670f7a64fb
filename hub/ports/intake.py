"""The one way in: what a receiver hands to the hub, and what it is told.

A receiver parses its protocol into a `Submission`; normalising, checking, sealing and storing are
the core's, the same for every protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hub.domain.address import Address
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName
from hub.domain.message import DocumentRole, Kind, ReceiptKind, SenderSignature
from hub.domain.outcome import Deferred, Delivered, Refused
from hub.domain.party import Identifier, Role
from hub.domain.target import Target
from hub.ports.content import Content, Sink
from hub.ports.looking import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end, as proved by certificate or token.

    `name` is what evidence says of it (`operator:valbrume`, `client:cabinet-1`); `operator` is set
    when it stands for a whole operator; `domains` and `addresses` bound whom it may speak for.
    """

    name: str
    operator: OperatorName | None = None
    domains: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    def may_send_as(self, address: Address) -> bool:
        """Whether this peer may submit for `address`."""
        return address.domain in self.domains or address.key in self.addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One document of a submission. `content` was written through `Intake.sink`."""

    name: str
    media_type: str
    role: DocumentRole
    content: Content = field(repr=False)
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class To:
    """A recipient as the sender wrote it: an address, or an identifier or description to be resolved.

    `blind` recipients get an envelope of their own.
    """

    target: Target
    role: Role = Role.TO
    blind: bool = False

    @property
    def asked(self) -> str:
        """The recipient as answers name them."""
        return self.target.value if isinstance(self.target, Identifier) else str(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What came in. `key` makes a repetition harmless: same peer and key, same answer.

    `signer_identifiers` are the national identifiers in the certificate of a valid signature: they
    must be the sender's own by the directory, or the submission is refused.

    `whole` is set by protocols that can't refuse a recipient any more at this point: then a refusal
    refuses the submission, to be tried again or, when `lasting` stands in the error's fields, not.
    As such a try may come to fewer recipients or more, each recipient is taken once for a key.

    `unanswered` is set by protocols that can't tell the sender who of several is refused, such as a
    message that was fetched: then the hub does, by a notice about each of them.
    """

    connector: str
    peer: Peer
    native_id: str
    key: str
    sender: Address
    recipients: Sequence[To]
    subject: str
    parts: Sequence[Part] = field(repr=False)
    signature: SenderSignature
    signer_identifiers: Sequence[Identifier] = ()
    kind: Kind = Kind.MESSAGE
    language: str | None = None
    patient: Sequence[Identifier] = ()
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    thread: str | None = None
    receipts: Sequence[ReceiptKind] = (ReceiptKind.FAILURE,)
    whole: bool = False
    unanswered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The hub has taken responsibility, durably. `envelopes` has one id, more with blind copies.

    `refused` names the recipients who get nothing, and why; the others are on their way.
    `again` is True when this very submission had been accepted before. When that is so for some
    recipients of a `whole` one, `envelopes` are those for the others.
    """

    envelopes: tuple[EnvelopeId, ...]
    refused: Mapping[str, Refused]
    again: bool = False

    @classmethod
    def before(cls, answers: Iterable[Accepted]) -> Accepted:
        """Make one answer of those given before."""
        answers = tuple(answers)
        return cls(
            envelopes=tuple(dict.fromkeys(envelope for one in answers for envelope in one.envelopes)),
            refused={name: why for one in answers for name, why in one.refused.items()},
            again=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A receipt that came back for a delivery made earlier (DSN, MDN, webhook …).

    `delivery` is the id that went out with it, or `native_id` (the envelope's own id, or the id under
    which it came in, such as a Message-ID) and `recipient` name it.
    """

    outcome: Delivered | Deferred | Refused
    event: str
    delivery: DeliveryId | None = None
    native_id: str | None = None
    recipient: Address | None = None


class Intake(Protocol):
    """What the hub offers to its receivers."""

    @property
    def directory(self) -> Catalogue:
        """The hub's directory, to be shown to whom the receiver has authenticated."""
        ...

    def identify(self, certificate: bytes) -> Peer | None:
        """Return the operator that a verified TLS client certificate (DER) stands for, if any."""
        ...

    def standing_for(self, operator: OperatorName) -> Peer | None:
        """Return the peer that an operator is; None when there is none of that name.

        For what a connector fetched from its operator, or was told by it, over a link on which it had
        verified by its own means who is at the other end.
        """
        ...

    async def judge(self, peer: Peer, target: Target) -> Refused | Deferred | None:
        """Say whether a recipient could be accepted now; None means yes. Nothing is stored.

        Refused carries `recipient.unknown`, `recipient.struck-off` …; Deferred means that the
        directory can't answer now.
        """
        ...

    def stage(self) -> Stage:
        """Open a place for one submission's contents."""
        ...

    async def submit(self, stage: Stage, submission: Submission) -> Accepted:
        """Take a submission whose contents were written to `stage`.

        Durable on disk when it returns. Raises InputError, TrustError (nothing was taken, and it
        will not work as it is), StoreError or PeerError such as DirectoryUnavailableError (nothing
        was taken, try again).
        """
        ...

    async def sealed(self, envelope: EnvelopeId) -> SealedEnvelope | None:
        """Return an envelope that `submit` answered with: the hub's own signed word that it took it."""
        ...

    async def acknowledge(self, peer: Peer, acknowledgement: Acknowledgement) -> bool:
        """Record a receipt; False when it matches no delivery of ours. Idempotent."""
        ...


class Stage(Protocol):
    """The contents of one submission, encrypted as they come under a key of their own."""

    def sink(self, limit: int | None = None) -> Sink:
        """Begin a content of at most `limit` bytes (the hub's own limit holds too)."""
        ...

    async def keep(self, data: bytes) -> Content:
        """Store `data` at once; for small contents."""
        ...

    async def discard(self) -> None:
        """Forget everything; harmless after a submit."""
        ...
