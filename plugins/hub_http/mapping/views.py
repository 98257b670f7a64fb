"""What templates see of a message: flat, plain, and nothing more than is said here.

The reference page is `docs/reference/operator-templates.md`; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from hub.domain.message import Document as Held
from hub.domain.message import Message as Sent
from hub.domain.party import FINESS, INS_NIA, INS_NIR, INS_TEST, RPPS, Identifier, Party
from hub.ports.content import Content
from hub_http.mapping.seen import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Seen):
    """An identifier: a value and the system that issued it, as a URI."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody(Seen):
    """A sender or a recipient. `delivery` is the id of what goes to this recipient; a sender has none."""

    party: Party = field(repr=False)
    delivery: str | None = None

    hidden: ClassVar[frozenset[str]] = frozenset({"party"})

    @property
    def kind(self) -> str:
        """Person, organisation, application or patient."""
        return self.party.kind.value

    @property
    def name(self) -> str:
        """The name, as the directory has it."""
        return self.party.name

    @property
    def address(self) -> str:
        """The mailbox: name@domain."""
        return str(self.party.address)

    @property
    def local(self) -> str:
        """What stands before the @."""
        return self.party.address.local

    @property
    def domain(self) -> str:
        """What stands after it."""
        return self.party.address.domain

    @property
    def role(self) -> str | None:
        """How a recipient is addressed: to or cc."""
        return None if self.party.role is None else self.party.role.value

    @property
    def identifiers(self) -> list[Number]:
        """National and other identifiers."""
        return _numbers(self.party.identifiers)

    @property
    def rpps(self) -> str | None:
        """The RPPS number, 11 digits."""
        return _issued(self.party.identifiers, RPPS)

    @property
    def finess(self) -> str | None:
        """The FINESS number, 9 signs."""
        return _issued(self.party.identifiers, FINESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Seen):
    """A document of the message. Only `| base64`, `| base64url`, `| hex`, `| text` and `raw` read it."""

    held: Held = field(repr=False)
    content: Content = field(repr=False)

    hidden: ClassVar[frozenset[str]] = frozenset({"held", "content"})

    @property
    def id(self) -> str:
        """Its id within the message."""
        return self.held.id

    @property
    def name(self) -> str:
        """Its file name."""
        return self.held.name

    @property
    def media_type(self) -> str:
        """Its media type."""
        return self.held.media_type

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.held.size

    @property
    def sha256(self) -> str:
        """Its digest in lower-case hexadecimal."""
        return self.held.sha256

    @property
    def code(self) -> str | None:
        """Its LOINC code."""
        return self.held.code

    @property
    def role(self) -> str:
        """Body, attachment or original."""
        return self.held.role.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Seen):
    """What the message says of itself."""

    message: Sent = field(repr=False)

    hidden: ClassVar[frozenset[str]] = frozenset({"message"})

    @property
    def kind(self) -> str:
        """Message, report, prescription, acknowledgement or notice."""
        return self.message.kind.value

    @property
    def subject(self) -> str:
        """The subject; it may be empty."""
        return self.message.subject

    @property
    def language(self) -> str | None:
        """The language (BCP 47)."""
        return self.message.language

    @property
    def thread(self) -> str | None:
        """The conversation that it belongs to."""
        return self.message.thread

    @property
    def in_reply_to(self) -> str | None:
        """The id of the message that it answers."""
        return self.message.in_reply_to

    @property
    def references(self) -> list[str]:
        """Ids of earlier messages."""
        return list(self.message.references)

    @property
    def patient(self) -> list[Number]:
        """The patient's identifiers; empty when it names none."""
        return _numbers(self.message.patient)

    @property
    def ins(self) -> str | None:
        """The patient's INS, 15 signs."""
        systems = (INS_NIR, INS_NIA, INS_TEST)
        return next((one.value for one in self.message.patient if one.system in systems), None)

    @property
    def signature(self) -> str:
        """What checking the sender's own signature gave: none, valid or invalid."""
        return self.message.origin.signature.result.value

    @property
    def receipts(self) -> list[str]:
        """Which evidence the sender asked for: delivery, failure, display."""
        return [one.value for one in self.message.receipts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope(Seen):
    """The envelope. `jws` is what the hub signed, with its signature, as bytes (RFC 7515, 7.2.2)."""

    id: str
    created_at: datetime
    expires_at: datetime
    jws: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Seen):
    """What is being handed over: `id` is the same at every attempt, `attempt` counts from 1."""

    id: str
    attempt: int


def _numbers(identifiers: tuple[Identifier, ...]) -> list[Number]:
    return [Number(system=one.system, value=one.value) for one in identifiers]


def _issued(identifiers: tuple[Identifier, ...], system: str) -> str | None:
    """Return a national number without the digit of its type."""
    return next((one.value[1:] for one in identifiers if one.system == system), None)
