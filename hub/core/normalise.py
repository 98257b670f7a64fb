"""Submission → what a message says, in one form whatever the protocol; or one error with a reason.

Parties are still addresses here: `authorise` and `resolve` turn them into people.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.domain import canonical
from hub.domain.address import Address
from hub.domain.ids import DocumentId
from hub.domain.message import Document, DocumentRole
from hub.domain.party import Identifier
from hub.errors import InputError, LimitError, MalformedError, Words
from hub.ports.content import Content
from hub.ports.intake import Part, Submission, To

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_MAX_TEXT: Final = 998
"""Characters in a subject, a name or an id (RFC 5322, 2.1.1: the longest line of a header)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the hub takes in one submission. Sizes are in bytes."""

    recipients: int = 1000
    documents: int = 100
    message_bytes: int = 100 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """A submission in its one form. `fingerprint` is the same whenever the same is said again.

    `contents` stand in the order of `documents`. The original is not in the fingerprint: a relay on
    the way may have added its own lines to it.
    """

    submission: Submission
    subject: str
    recipients: tuple[To, ...]
    documents: tuple[Document, ...]
    contents: tuple[Content, ...] = field(repr=False)
    fingerprint: bytes


def normalise(submission: Submission, limits: Limits) -> Normal:
    """Bring a submission to its one form.

    Raises MalformedError or LimitError; `field` in its fields says where.
    """
    _check(submission, limits)
    documents = tuple(_document(number, part) for number, part in enumerate(submission.parts, 1))
    recipients = _distinct(submission.recipients)
    subject = _text("subject", submission.subject.strip(), empty=True)
    return Normal(
        submission=submission,
        subject=subject,
        recipients=recipients,
        documents=documents,
        contents=tuple(part.content for part in submission.parts),
        fingerprint=_fingerprint(submission, subject, recipients, documents),
    )


def _check(submission: Submission, limits: Limits) -> None:
    if not submission.recipients:
        raise _malformed("recipients", "there is none", "il n'y en a aucun")
    if len(submission.recipients) > limits.recipients:
        raise _too_much("recipients", limits.recipients)
    if not submission.parts:
        raise _malformed("documents", "there is none", "il n'y en a aucun")
    if len(submission.parts) > limits.documents:
        raise _too_much("documents", limits.documents)
    if sum(part.role is DocumentRole.BODY for part in submission.parts) > 1:
        raise _malformed("documents", "more than one is the body", "plusieurs sont le corps")
    if sum(part.content.size for part in submission.parts) > limits.message_bytes:
        raise _too_much("size", limits.message_bytes)
    _check_texts(submission)


def _check_texts(submission: Submission) -> None:
    if submission.language is not None and not _LANGUAGE.fullmatch(submission.language):
        raise _malformed("language", "it is no BCP 47 tag", "ce n'est pas une étiquette BCP 47")
    for field_name in ("native_id", "key", "in_reply_to", "thread"):
        if (value := getattr(submission, field_name)) is not None:
            _text(field_name, value)
    for reference in submission.references:
        _text("references", reference)
    for identifier in submission.patient:
        _text("patient", identifier.system)
        _text("patient", identifier.value)


def _document(number: int, part: Part) -> Document:
    media_type = part.media_type.lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise _malformed(
            "documents", "a media type is not type/subtype", "un type de média n'est pas type/sous-type"
        )
    return Document(
        id=DocumentId(f"d{number}"),
        name=_text("documents", part.name),
        media_type=media_type,
        size=part.content.size,
        sha256=part.content.sha256,
        role=part.role,
        code=None if part.code is None else _text("documents", part.code),
    )


def _distinct(recipients: Sequence[To]) -> tuple[To, ...]:
    """Keep the first of each recipient, in order; who is named openly is not a blind copy."""
    first: dict[str | Identifier, To] = {}
    for one in sorted(recipients, key=lambda to: to.blind):
        first.setdefault(one.target.key if isinstance(one.target, Address) else one.target, one)
    return tuple(first.values())


def _text(field_name: str, text: str, *, empty: bool = False) -> str:
    if len(text) > _MAX_TEXT:
        raise _too_much(field_name, _MAX_TEXT)
    if not text and not empty:
        raise _malformed(field_name, "it is empty", "il est vide")
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise _malformed(
            field_name,
            "it holds a line break or control character",
            "il contient un saut de ligne ou un contrôle",
        )
    return text


def _fingerprint(
    submission: Submission, subject: str, recipients: Sequence[To], documents: Sequence[Document]
) -> bytes:
    said = [
        submission.kind.value,
        submission.sender.key,
        sorted(f"{one.target}|{one.role.value}|{one.blind}" for one in recipients),
        subject,
        [[one.name, one.media_type, one.role.value, one.sha256] for one in documents if not _original(one)],
        [f"{one.system}|{one.value}" for one in submission.patient],
        [submission.in_reply_to or "", submission.thread or "", *submission.references],
    ]
    return hashlib.sha256(canonical.encode(said)).digest()


def _original(document: Document) -> bool:
    return document.role is DocumentRole.ORIGINAL


def _malformed(field_name: str, en: str, fr: str) -> InputError:
    return MalformedError(
        "message.malformed",
        Words(
            en=f"The message can't be taken: {field_name}: {en}.",
            fr=f"Le message ne peut être pris : {field_name} : {fr}.",
        ),
        field=field_name,
    )


def _too_much(field_name: str, limit: int) -> LimitError:
    return LimitError(
        "message.too_large",
        Words(
            en=f"The message can't be taken: {field_name} is over the limit of {limit}.",
            fr=f"Le message ne peut être pris : {field_name} dépasse la limite de {limit}.",
        ),
        field=field_name,
        limit=limit,
    )
