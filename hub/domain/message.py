"""A message: what every country and operator can agree on. The same content gives the same message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.domain.ids import DocumentId
from hub.domain.party import Identifier, Party


class Kind(StrEnum):
    """What a message is for."""

    MESSAGE = "message"
    REPORT = "report"
    PRESCRIPTION = "prescription"
    ACKNOWLEDGEMENT = "acknowledgement"
    NOTICE = "notice"


class DocumentRole(StrEnum):
    """What a document is to its message."""

    BODY = "body"
    ATTACHMENT = "attachment"
    ORIGINAL = "original"


class ReceiptKind(StrEnum):
    """What the sender wants to hear of: RFC 3461 NOTIFY for the first two, RFC 8098 for the last."""

    DELIVERY = "delivery"
    FAILURE = "failure"
    DISPLAY = "display"


class SignatureResult(StrEnum):
    """What checking the sender's own signature gave."""

    NONE = "none"
    VALID = "valid"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One part of a message, held by digest. `sha256` is in lower-case hexadecimal, `size` in bytes."""

    id: DocumentId
    name: str
    media_type: str
    size: int
    sha256: str
    role: DocumentRole
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSignature:
    """The verdict on the sender's own signature; `signer` and `certificate_sha256` say whose it is."""

    result: SignatureResult
    certificate_sha256: str | None = None
    signer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How the message came in: through which connector, under which id, from whom."""

    connector: str
    native_id: str
    authenticated_as: str
    signature: SenderSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one sender says to one or more recipients."""

    kind: Kind
    sender: Party
    recipients: tuple[Party, ...]
    subject: str
    documents: tuple[Document, ...]
    origin: Origin
    language: str | None = None
    patient: tuple[Identifier, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    thread: str | None = None
    receipts: tuple[ReceiptKind, ...] = ()
