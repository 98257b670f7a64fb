"""A mail as bytes (RFC 5322, RFC 2045), composed so that a software finds in it what its binding says.

The body first, then everything else in its order. A text that is no body stands as a plain part of its own,
with neither name nor disposition: so gematik's mail binding has the token. ASCII stays as it is, since
receivers look for the token in the bytes; other text is quoted-printable, files are base64.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, Final

from hub.domain.address import Address

_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_VALUE: Final = re.compile(r"[!-~](?:[ -~]{0,200}[!-~])?")
_PLAINLY: Final = re.compile(r"[\t -~]{0,998}")
"""A line that needs no encoding (RFC 5322, 2.1.1)."""
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_PLAIN: Final = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One part of a mail. `content` of a text is UTF-8."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the header says. `fields` are further ones, such as a service header; `to` is left out if None."""

    author: Address
    author_name: str
    to: Address | None
    subject: str
    at: datetime
    fields: Sequence[tuple[str, str]] = ()


def written(head: Head, pieces: Sequence[Piece]) -> bytes:
    """Return the mail. Raises ValueError for a field that no header can hold."""
    unicode = any(not one.local.isascii() for one in (head.author, head.to) if one is not None)
    how = policy.SMTPUTF8 if unicode else policy.SMTP
    mail = EmailMessage(policy=how)
    mail["Date"] = format_datetime(head.at)
    mail["From"] = _mailbox(head.author, "" if head.author_name == str(head.author) else head.author_name)
    if head.to is not None:
        mail["To"] = _mailbox(head.to)
    mail["Subject"] = line(head.subject)
    for name, value in head.fields:
        if not (_FIELD.fullmatch(name) and _VALUE.fullmatch(value)):
            raise ValueError("a header field is a name and one line of printable ASCII")
        mail[name] = value
    mail["MIME-Version"] = "1.0"
    _fill(mail, [_part(one, how) for one in _ordered(pieces)])
    return mail.as_bytes()


def line(text: str) -> str:
    """Return a text on one line: what would break a header becomes a space."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def lines_of(text: str) -> list[str]:
    """Return the lines of a text; the last is empty when it ends with a break."""
    return _BREAK.split(text)


def bare(media_type: str) -> str:
    """Return a media type without parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def _mailbox(address: Address, name: str = "") -> Mailbox:
    return Mailbox(display_name=line(name), username=address.local, domain=address.domain)


def _ordered(pieces: Iterable[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda one: not one.body)


def _fill(mail: MIMEPart, parts: Sequence[MIMEPart]) -> None:
    if len(parts) == 1 and parts[0].get_content_disposition() is None:
        for name, value in parts[0].items():
            mail[name] = value
        mail.set_payload(parts[0].get_payload())
        return
    mail.make_mixed()
    for one in parts:
        mail.attach(one)


def _part(piece: Piece, how: EmailPolicy[Any]) -> MIMEPart:
    part = MIMEPart(policy=how)
    media_type = bare(piece.media_type)
    main, _, sub = media_type.partition("/")
    if main == "text" and (piece.body or media_type == _PLAIN):
        _text(part, piece.content.decode("utf-8", "replace"), sub)
        return part
    if main in {"message", "multipart"}:
        # What may not be in base64 (RFC 2046, 5) travels as plain bytes.
        main, sub = "application", "octet-stream"
    part.set_content(piece.content, main, sub, filename=piece.name, disposition="attachment", cte="base64")
    return part


def _text(part: MIMEPart, text: str, sub: str) -> None:
    lines = lines_of(text)
    if all(_PLAINLY.fullmatch(one) for one in lines):
        # As it is, to the last byte: `set_content` would end it with a line break.
        part["Content-Type"] = f'text/{sub}; charset="utf-8"'
        part["Content-Transfer-Encoding"] = "7bit"
        part.set_payload("\n".join(lines))
        return
    part.set_content(text, subtype=sub, charset="utf-8", cte="quoted-printable")
