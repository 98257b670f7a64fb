"""The canonical envelope, version 1: a message, its id and its dates, in exactly one spelling.

`to_bytes` and `from_bytes` are inverse; a golden set in `tests/assets/envelope/` pins the bytes.
Nothing here checks a signature: parse only what `hub.ports.keyring` has verified.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.domain import canonical
from hub.domain.address import Address
from hub.domain.fields import Fields, malformed
from hub.domain.ids import DocumentId, EnvelopeId, OperatorName, check_uuid7
from hub.domain.message import (
    Document,
    DocumentRole,
    Kind,
    Message,
    Origin,
    ReceiptKind,
    SenderSignature,
    SignatureResult,
)
from hub.domain.party import Identifier, Party, PartyKind, Role
from hub.domain.times import rfc3339

VERSION: Final = 1
MAX_BYTES: Final = 1 << 20
"""An envelope holds digests, never documents, so a mebibyte is far beyond any honest one."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message that has an id and a life span. It never changes after it is sealed."""

    id: EnvelopeId
    created_at: datetime
    expires_at: datetime
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEnvelope:
    """An envelope and the JWS over its canonical bytes, exactly as signed (RFC 7515, 7.2.2)."""

    envelope: Envelope
    jws: bytes


def to_bytes(envelope: Envelope) -> bytes:
    """Return the canonical bytes. The same envelope gives the same bytes in every process."""
    message = envelope.message
    return canonical.encode(
        _present(
            v=VERSION,
            id=envelope.id,
            kind=message.kind.value,
            created_at=rfc3339(envelope.created_at),
            expires_at=rfc3339(envelope.expires_at),
            sender=_write_party(message.sender),
            recipients=[_write_party(party) for party in message.recipients],
            subject=message.subject,
            language=message.language,
            patient=[_write_identifier(one) for one in message.patient],
            documents=[_write_document(one) for one in message.documents],
            in_reply_to=message.in_reply_to,
            references=list(message.references),
            thread=message.thread,
            origin=_write_origin(message.origin),
            receipts=[kind.value for kind in message.receipts],
        )
    )


def from_bytes(data: bytes) -> Envelope:
    """Read canonical bytes, strictly: unknown, missing, empty or misspelt fields are refused.

    Raises MalformedError or LimitError; the words name the field.
    """
    fields = Fields("", canonical.decode(data, MAX_BYTES))
    if fields.integer("v") != VERSION:
        raise malformed("v", "is not 1")
    message = Message(
        kind=fields.choice("kind", Kind),
        sender=fields.only("sender", _read_sender),
        recipients=fields.several("recipients", _read_recipient, least=1),
        subject=fields.text("subject"),
        language=fields.optional_text("language", _LANGUAGE),
        patient=fields.several("patient", _read_identifier),
        documents=fields.several("documents", _read_document, least=1),
        in_reply_to=fields.optional_text("in_reply_to"),
        references=fields.texts("references"),
        thread=fields.optional_text("thread"),
        origin=fields.only("origin", _read_origin),
        receipts=fields.choices("receipts", ReceiptKind),
    )
    envelope = Envelope(
        id=EnvelopeId(check_uuid7(fields.text("id"))),
        created_at=fields.time("created_at"),
        expires_at=fields.time("expires_at"),
        message=message,
    )
    fields.finish()
    check(envelope)
    return envelope


def check(envelope: Envelope) -> None:
    """Hold an envelope to the rules that span fields; MalformedError names the one broken."""
    message = envelope.message
    if envelope.expires_at <= envelope.created_at:
        raise malformed("expires_at", "is not after created_at")
    _distinct("recipients", [party.address.key for party in message.recipients])
    _distinct("documents", [document.id for document in message.documents])
    _distinct("receipts", list(message.receipts))
    if sum(document.role is DocumentRole.BODY for document in message.documents) > 1:
        raise malformed("documents", "has more than one body")


def _distinct(field: str, keys: list[Any]) -> None:
    if len(set(keys)) != len(keys):
        raise malformed(field, "holds the same one twice")


def _present(**fields: Any) -> dict[str, Any]:
    """Leave out what has no value; a subject may be empty, since mail allows it."""
    return {name: value for name, value in fields.items() if value not in (None, [], "") or name == "subject"}


def _write_identifier(one: Identifier) -> dict[str, str]:
    return {"system": one.system, "value": one.value}


def _write_party(party: Party) -> dict[str, Any]:
    return _present(
        kind=party.kind.value,
        name=party.name,
        address=str(party.address),
        identifiers=[_write_identifier(one) for one in party.identifiers],
        operator=party.operator,
        role=party.role and party.role.value,
    )


def _write_document(one: Document) -> dict[str, Any]:
    return _present(
        id=one.id,
        name=one.name,
        media_type=one.media_type,
        size=one.size,
        sha256=one.sha256,
        code=one.code,
        role=one.role.value,
    )


def _write_origin(origin: Origin) -> dict[str, Any]:
    signature = origin.signature
    return _present(
        connector=origin.connector,
        native_id=origin.native_id,
        authenticated_as=origin.authenticated_as,
        signature=_present(
            result=signature.result.value,
            certificate_sha256=signature.certificate_sha256,
            signer=signature.signer,
        ),
    )


def _read_identifier(fields: Fields) -> Identifier:
    return Identifier(fields.text("system"), fields.text("value"))


def _read_sender(fields: Fields) -> Party:
    return _read_party(fields, None)


def _read_recipient(fields: Fields) -> Party:
    return _read_party(fields, fields.choice("role", Role))


def _read_party(fields: Fields, role: Role | None) -> Party:
    text = fields.text("address")
    address = Address.parse(text)
    if str(address) != text:
        raise malformed(fields.path("address"), "is not in its normal form")
    operator = fields.optional_text("operator")
    return Party(
        kind=fields.choice("kind", PartyKind),
        name=fields.text("name"),
        address=address,
        identifiers=fields.several("identifiers", _read_identifier),
        operator=OperatorName(operator) if operator else None,
        role=role,
    )


def _read_document(fields: Fields) -> Document:
    return Document(
        id=DocumentId(fields.text("id")),
        name=fields.text("name"),
        media_type=fields.text("media_type", _MEDIA_TYPE),
        size=fields.integer("size"),
        sha256=fields.text("sha256", _SHA256),
        code=fields.optional_text("code"),
        role=fields.choice("role", DocumentRole),
    )


def _read_origin(fields: Fields) -> Origin:
    return Origin(
        connector=fields.text("connector"),
        native_id=fields.text("native_id"),
        authenticated_as=fields.text("authenticated_as"),
        signature=fields.only("signature", _read_signature),
    )


def _read_signature(fields: Fields) -> SenderSignature:
    return SenderSignature(
        result=fields.choice("result", SignatureResult),
        certificate_sha256=fields.optional_text("certificate_sha256", _SHA256),
        signer=fields.optional_text("signer"),
    )


def normal(text: str) -> str:
    """Bring a text to Unicode's normal form C, as every text in an envelope is."""
    return unicodedata.normalize("NFC", text)
