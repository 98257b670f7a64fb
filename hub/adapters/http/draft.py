"""The JSON of `POST /v1/messages` → a draft: what the client wants to send, before its large documents.

Every field is described in `docs/reference/api.md` and `openapi.json`. Not checked here: whether the
people exist and whether the client may send; the core does that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from hub.adapters.http import values
from hub.adapters.http.fields import Faults, Fields, parse
from hub.adapters.http.recipients import identifiers, recipient
from hub.domain.address import Address
from hub.domain.message import Kind, ReceiptKind
from hub.domain.party import Identifier, Role
from hub.errors import MalformedError, Words
from hub.ports.intake import To

MOST_RECIPIENTS: Final = 10_000
MOST_DOCUMENTS: Final = 1000
MOST_OTHERS: Final = 100
MAX_TEXT: Final = 1 << 20
"""Characters of the body text; what is longer is a document."""
MAX_NAME: Final = 255

KINDS: Final = (Kind.MESSAGE.value, Kind.REPORT.value, Kind.PRESCRIPTION.value)
RECEIPTS: Final = tuple(kind.value for kind in ReceiptKind)

_RECIPIENTS: Final = ("/to", "/cc", "/bcc")
_FIELDS: Final = (
    "from, to, cc, bcc, subject, text, kind, language, documents, patient, in_reply_to, references, thread,"
    " receipts"
)
_TURNING: Final = frozenset(
    map(chr, (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)
"""What turns the direction of text: in a file's name it hides which kind of file that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDocument:
    """One document: its bytes are in the message (`content`) or follow as the part named `part`."""

    pointer: str
    name: str
    media_type: str
    code: str | None
    content: bytes | None = field(repr=False)
    part: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as the client wrote it."""

    sender: Address
    recipients: tuple[To, ...]
    subject: str
    text: str | None = field(repr=False)
    documents: tuple[DraftDocument, ...]
    kind: Kind
    language: str | None
    patient: tuple[Identifier, ...]
    in_reply_to: str | None
    references: tuple[str, ...]
    thread: str | None
    receipts: tuple[ReceiptKind, ...]


def read_draft(data: bytes, *, inline: int, parts: bool) -> Draft:
    """Read a message. `inline` bounds a document inside it; `parts` may follow in a form.

    Raises MalformedError (`http.json`, `http.fields`) or LimitError with JSON pointers.
    """
    found = Faults()
    root = Fields(parse(data), "", found)
    sender = root.parsed("from", Address.parse, required=True)
    recipients = [
        recipient(value, pointer, role, found, blind=blind)
        for name, role, blind in (("to", Role.TO, False), ("cc", Role.CC, False), ("bcc", Role.TO, True))
        for value, pointer in root.items(name, most=MOST_RECIPIENTS)
    ]
    documents = [
        _document(Fields(value, pointer, found), pointer, inline=inline, parts=parts)
        for value, pointer in root.items("documents", most=MOST_DOCUMENTS)
    ]
    draft = Draft(
        sender=sender or _NOBODY,
        recipients=tuple(one for one in recipients if one is not None),
        subject=root.text("subject", required=True, empty=True) or "",
        text=root.text("text", lines=True, most=MAX_TEXT),
        documents=tuple(one for one in documents if one is not None),
        kind=Kind(root.choice("kind", KINDS) or Kind.MESSAGE),
        language=root.parsed("language", values.language),
        patient=identifiers(root, "patient", found, most=MOST_OTHERS),
        in_reply_to=root.text("in_reply_to"),
        references=_texts(root, "references", found),
        thread=root.text("thread"),
        receipts=_receipts(root, found),
    )
    root.finish(_FIELDS)
    _check_whole(draft, found, recipients, documents)
    found.check()
    return draft


_NOBODY: Final = Address("nobody", "invalid")
"""Stands for a sender that could not be read; a draft with it is never returned."""


def _check_whole(draft: Draft, found: Faults, recipients: list[Any], documents: list[Any]) -> None:
    if not recipients and not any(
        one.pointer.startswith(_RECIPIENTS) or not one.pointer for one in found.found
    ):
        found.add("/to", "Names no recipient.", "Ne nomme aucun destinataire.")
    if draft.text is None and not documents and not found.found:
        found.add("/documents", "There is neither a text nor a document.", "Il n'y a ni texte ni document.")
    parts = [one.part for one in draft.documents if one.part is not None]
    for one in draft.documents:
        if one.part is not None and parts.count(one.part) > 1:
            found.add(
                f"{one.pointer}/part", "Is another document's too.", "Est aussi celle d'un autre document."
            )


def _document(fields: Fields, pointer: str, *, inline: int, parts: bool) -> DraftDocument | None:
    name = fields.parsed("name", _file_name, required=True)
    media_type = fields.parsed("media_type", values.media_type, required=True)
    code = fields.text("code", most=64)
    content, part = values.carried(fields, pointer, inline=inline, parts=parts)
    fields.finish("name, media_type, code, content, part" if parts else "name, media_type, code, content")
    if name is None or media_type is None:
        return None
    return DraftDocument(
        pointer=pointer, name=name, media_type=media_type, code=code, content=content, part=part
    )


def _receipts(root: Fields, found: Faults) -> tuple[ReceiptKind, ...]:
    if not root.has("receipts"):
        return (ReceiptKind.FAILURE,)
    wanted: list[ReceiptKind] = []
    for value, pointer in root.items("receipts", most=len(RECEIPTS)):
        if not isinstance(value, str) or value not in RECEIPTS:
            listed = ", ".join(RECEIPTS)
            found.add(pointer, f"Must be one of {listed}.", f"Doit être l'un de {listed}.")
        else:
            wanted.append(ReceiptKind(value))
    return tuple(dict.fromkeys(wanted))


def _texts(root: Fields, name: str, found: Faults) -> tuple[str, ...]:
    texts = []
    for value, pointer in root.items(name, most=MOST_OTHERS):
        holder, last = pointer.rsplit("/", 1)
        if (text := Fields({last: value}, holder, found).text(last)) is not None:
            texts.append(text)
    return tuple(texts)


def _file_name(text: str) -> str:
    if not _TURNING.isdisjoint(text):
        raise MalformedError(
            "http.fields",
            Words(
                en="Holds a character that turns the direction of text: the name would read as another.",
                fr="Contient un caractère qui change le sens du texte : le nom se lirait comme un autre.",
            ),
        )
    if len(text) > MAX_NAME or text in {".", ".."} or "/" in text or "\\" in text:
        raise MalformedError(
            "http.fields",
            Words(
                en=f"Must be a file's name of at most {MAX_NAME} characters, without / or \\.",
                fr=f"Doit être un nom de fichier d'au plus {MAX_NAME} caractères, sans / ni \\.",
            ),
        )
    return text
