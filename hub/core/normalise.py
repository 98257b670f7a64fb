"""Submission → what a message says, in one form whatever the protocol; or one error with a reason.

Parties are still addresses here: `authorise` and `resolve` turn them into people.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.domain.address import Address
from hub.domain.ids import DocumentId
from hub.domain.message import Document, DocumentRole
from hub.domain.party import Identifier
from hub.domain.target import Description
from hub.errors import InputError, LimitError, MalformedError, Words
from hub.ports.content import Content
from hub.ports.intake import Part, Submission, To

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_UNIT, _RECORD = "\x1f", "\x1e"
_MAX_IDS: Final = 1000
"""Identifiers of a patient, and references to earlier messages, in one submission."""
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
    the way may have added its own lines to it. Neither are the recipients of a `whole` submission.
    """

    submission: Submission
    subject: str
    recipients: tuple[To, ...]
    documents: tuple[Document, ...]
    contents: tuple[Content, ...] = field(repr=False)
    fingerprint: bytes

    @property
    def keys(self) -> tuple[str, ...]:
        """What a repetition is told by: the submission's key, or one for each recipient of a `whole` one."""
        submission = self.submission
        if not submission.whole:
            return (submission.key,)
        return tuple(f"{submission.key}{_UNIT}{_name(one)}" for one in self.recipients)

    def without(self, keys: Collection[str]) -> Normal | None:
        """Return what is left when these keys have their answer; None when nothing is."""
        if not self.submission.whole:
            return None if keys else self
        rest = tuple(to for key, to in zip(self.keys, self.recipients, strict=True) if key not in keys)
        return replace(self, recipients=rest) if rest else None


def normalise(submission: Submission, limits: Limits) -> Normal:
    """Bring a submission to its one form.

    Raises MalformedError or LimitError; `field` in its fields says where.
    """
    _check(submission, limits)
    submission = _clean(submission)
    documents = tuple(_document(number, part) for number, part in enumerate(submission.parts, 1))
    if weight(documents) > limits.message_bytes:
        raise _too_much("size", limits.message_bytes)
    recipients = _distinct(submission.recipients)
    # A folded header may leave a tab behind (RFC 5322, 2.2.3); a text on one line has none.
    subject = _text("subject", submission.subject.replace("\t", " ").strip(), empty=True)
    return Normal(
        submission=submission,
        subject=subject,
        recipients=recipients,
        documents=documents,
        contents=tuple(part.content for part in submission.parts),
        fingerprint=_fingerprint(submission, subject, () if submission.whole else recipients, documents),
    )


def weight(documents: Iterable[Document]) -> int:
    """Return about how many bytes a message has: what it says, or the original, whichever is more.

    The original and what was read out of it say the same thing, and only one of them travels.
    """
    said = original = 0
    for one in documents:
        if one.role is DocumentRole.ORIGINAL:
            original = max(original, one.size)
        else:
            said += one.size
    return max(said, original)


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
    if submission.language is not None and not _LANGUAGE.fullmatch(submission.language):
        raise _malformed("language", "it is no BCP 47 tag", "ce n'est pas une étiquette BCP 47")
    for name, several in (("references", submission.references), ("patient", submission.patient)):
        if len(several) > _MAX_IDS:
            raise _too_much(name, _MAX_IDS)


def _clean(submission: Submission) -> Submission:
    """Bring every text that stands for itself to its normal form."""
    for to in submission.recipients:
        if isinstance(to.target, Identifier):
            _text("recipients", to.target.system)
            _text("recipients", to.target.value)
        elif isinstance(to.target, Description):
            _text("recipients", str(to.target))
    return replace(
        submission,
        native_id=_text("native_id", submission.native_id),
        key=_text("key", submission.key),
        in_reply_to=_optional("in_reply_to", submission.in_reply_to),
        references=tuple(_text("references", one) for one in submission.references),
        thread=_optional("thread", submission.thread),
        patient=tuple(
            Identifier(_text("patient", one.system), _text("patient", one.value))
            for one in submission.patient
        ),
        signature=replace(submission.signature, signer=_signer(submission.signature.signer)),
    )


def _optional(field_name: str, text: str | None) -> str | None:
    return None if text is None else _text(field_name, text)


def _signer(name: str | None) -> str | None:
    """Make a certificate's own name fit to keep: no fault of the sender's when it is odd."""
    if not name or (name.isascii() and name.isprintable() and len(name) <= _MAX_TEXT):
        return name or None
    kept = "".join(one if one.isprintable() else "?" for one in name)
    return unicodedata.normalize("NFC", kept)[:_MAX_TEXT]


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
    first: dict[str | Identifier | Description, To] = {}
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
    # No text in here holds a control character, so the separators can't be forged.
    lines = [
        [submission.kind.value, submission.sender.key, subject],
        sorted(f"{_name(one)}{_UNIT}{one.role.value}{_UNIT}{one.blind}" for one in recipients),
        *([one.name, one.media_type, one.role.value, one.sha256] for one in documents if not _original(one)),
        [text for one in submission.patient for text in (one.system, one.value)],
        [submission.in_reply_to or "", submission.thread or "", *submission.references],
    ]
    return hashlib.sha256(_RECORD.join(_UNIT.join(line) for line in lines).encode()).digest()


def _name(to: To) -> str:
    match to.target:
        case Address():
            return to.target.key
        case Identifier():
            return f"{to.target.system}{_UNIT}{to.target.value}"
        case Description():
            return f"{to.target.name}{_UNIT}{to.target.specialty}{_UNIT}{to.target.town}"


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
