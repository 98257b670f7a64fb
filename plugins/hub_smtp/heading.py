"""What the header of a mail says: who, to whom, about what, in answer to what (RFC 5322, 3.6).

Not checked here: that whoever sent it may be who it says; see `smime` and the core.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from hub.domain.address import Address
from hub_smtp.mime import addresses, parameters, words
from hub_smtp.mime.addresses import Mailbox
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.limits import Limits
from hub_smtp.mime.refusals import malformed, too_much
from hub_smtp.mime.words import UnreadableError

MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_IDS = re.compile(r"<[!-;=?-~\x80-\U0010FFFF]+>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_BIDI: Final = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Characters that turn the direction of text: in one line, they only serve to mislead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The header of a mail, read. `to` and `cc` hold `Address.key`; ids keep their angle brackets."""

    author: Address
    sender: Address | None
    to: frozenset[str]
    cc: frozenset[str]
    subject: str
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    language: str | None
    wants_display: bool


def read(headers: Headers, limits: Limits) -> Heading:
    """Read a mail's header.

    Raises MalformedError (`mail.from` unless exactly one author is named, `mail.malformed`), and
    LimitError for a mail that runs in a circle.
    """
    hops = len(headers.all("received"))
    if hops > limits.hops:
        raise too_much("it has passed too many servers", "il a traversé trop de serveurs", limits.hops)
    if headers.get("date") is None:
        raise malformed("it has no Date", "il n'a pas de Date")
    references = tuple(_IDS.findall(headers.get("references") or ""))[-limits.references :]
    replies = _IDS.findall(headers.get("in-reply-to") or "")
    return Heading(
        author=author(headers),
        sender=_sender(headers),
        to=_keys(headers, "to", limits),
        cc=_keys(headers, "cc", limits),
        subject=subject(headers),
        message_id=message_id(headers),
        in_reply_to=replies[0] if replies else None,
        references=references,
        language=_language(headers),
        wants_display=bool(headers.get("disposition-notification-to")),
    )


def author(headers: Headers) -> Address:
    """Return the one address in From. Raises MalformedError (`mail.from`)."""
    try:
        # RFC 6854 allows a group; a health message has one sender.
        found = addresses.parse(headers.get("from") or "", 1, groups=False)
    except UnreadableError as error:
        raise malformed(f"From: {error.en}", f"From : {error.fr}", code="mail.from") from None
    if len(found) != 1:
        raise malformed(
            "it must name exactly one author in From",
            "il doit nommer un auteur et un seul dans From",
            code="mail.from",
        )
    return found[0].address


def _sender(headers: Headers) -> Address | None:
    if (value := headers.get("sender")) is None:
        return None
    found = _mailboxes("Sender", value, 1)
    if len(found) != 1:
        raise malformed("Sender does not name one address", "Sender ne nomme pas une adresse")
    return found[0].address


def _keys(headers: Headers, name: str, limits: Limits) -> frozenset[str]:
    value = headers.get(name)
    if not value:
        return frozenset()
    return frozenset(one.address.key for one in _mailboxes(name.capitalize(), value, limits.addresses))


def _mailboxes(name: str, value: str, most: int) -> list[Mailbox]:
    try:
        return addresses.parse(value, most)
    except UnreadableError as error:
        raise malformed(f"{name}: {error.en}", f"{name} : {error.fr}") from None


def subject(headers: Headers) -> str:
    """Return the subject, decoded, in Unicode's normal form C; empty when there is none."""
    value = headers.get("subject") or ""
    if value.isascii() and "=?" not in value:
        return value.replace("\t", " ")
    try:
        text = words.decode(value)
    except UnreadableError as error:
        raise malformed(f"Subject: {error.en}", f"Subject : {error.fr}") from None
    text = unicodedata.normalize("NFC", text.replace("\t", " ").translate(_BIDI))
    if not text.isprintable() and any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text
    ):
        raise malformed(
            "Subject holds a line break or control character",
            "Subject contient un saut de ligne ou un caractère de contrôle",
        )
    return text.strip()


def message_id(headers: Headers) -> str | None:
    """Return the Message-ID with its angle brackets, None when there is none."""
    if (value := headers.get("message-id")) is None:
        return None
    if not MESSAGE_ID.fullmatch(value):
        raise malformed("Message-ID is not <name@domain>", "Message-ID n'est pas <nom@domaine>")
    return value


def _language(headers: Headers) -> str | None:
    first = (headers.get("content-language") or "").partition(",")[0].strip()
    return first if _LANGUAGE.fullmatch(first) else None


def file_name(headers: Headers, found: dict[str, str]) -> str | None:
    """Return the file name that a part's header gives, without folders, or None (RFC 2183, 2.3).

    `found` are the parameters of its Content-Type. Raises UnreadableError.
    """
    name = None
    if (value := headers.get("content-disposition")) is not None:
        name = parameters.parse(value)[1].get("filename")
    return clean_name(name or found.get("name") or "") or None


def clean_name(name: str) -> str:
    """Return a file name that can do no harm: no folders, controls, or leading dots."""
    name = name.replace("\\", "/").rpartition("/")[2]
    if not (name.isascii() and name.isprintable()):
        name = unicodedata.normalize("NFC", name).translate(_BIDI)
        name = "".join(
            " " if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} else character
            for character in name
        )
    return name.strip().lstrip(".")[:255]
