"""The header of a mail that goes out, written anew from the envelope (RFC 5322, 3.6).

From is the author; Sender is the hub, which signs (RFC 8550, 3). What the header says of the documents
follows the MSSanté convention: `X-MSS-CODECDA` and `X-MSS-INS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from hub.domain.address import Address
from hub.domain.envelope import Envelope
from hub.domain.ids import check_uuid7
from hub.domain.message import Message, ReceiptKind
from hub.domain.party import Party, Role
from hub.errors import MalformedError
from hub_smtp.heading import MESSAGE_ID
from hub_smtp.mime import addresses, write
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.words import UnreadableError
from hub_smtp.xdm import cda

ENVELOPE: Final = "X-Caducee-Envelope"
_OURS: Final = frozenset({"x-mss-codecda", "x-mss-ins"})
"""Fields that the documents in the envelope decide."""
_SERVICE: Final = "x-kim-dienstkennung"
"""The field by which software recognises what a mail is for, such as `eRezept;Zuweisung;V1.0`."""
_KEPT: Final = frozenset({"auto-submitted", "importance", "priority", "sensitivity", _SERVICE})
"""Fields that go along as they came; without the first, two automatic repliers would never end."""
_MOST_REPLIES: Final = 10
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


def header(envelope: Envelope, own: Address, hub_name: str, passed: Headers | None) -> bytes:
    """Return every field but MIME's, each with its CRLF.

    `passed` is the header of the mail that is passed on, whose trace goes along (RFC 5321, 4.4).
    """
    message = envelope.message
    lines = [
        write.field("Received", f"by {hub_name} (Caducee) id {envelope.id}; {date(envelope.created_at)}"),
        *(f"{one.raw}\r\n" for one in (passed.all("received") if passed else ()) if one.raw.isascii()),
        write.field("Date", date(envelope.created_at)),
        write.field("From", _party(message.sender)),
    ]
    if message.sender.address.key != own.key:
        lines.append(write.field("Sender", str(own)))
    for name, role in (("To", Role.TO), ("Cc", Role.CC)):
        if parties := [one for one in message.recipients if one.role is role]:
            lines.append(write.field(name, ", ".join(map(_party, parties))))
    if message.subject:
        lines.append(write.field("Subject", write.text(message.subject)))
    lines.append(write.field("Message-ID", message_id(envelope, hub_name)))
    lines += _threading(message, hub_name)
    if message.language:
        lines.append(write.field("Content-Language", message.language))
    if ReceiptKind.DISPLAY in message.receipts:
        lines.append(write.field("Disposition-Notification-To", str(own)))
    lines += _documents(message)
    if passed is not None:
        lines += _reply_to(passed, message.sender.address)
        lines += _passed_on(passed)
    lines.append(write.field(ENVELOPE, envelope.id))
    return "".join(lines).encode()


def message_id(envelope: Envelope, hub_name: str) -> str:
    """Return the Message-ID under which the message came, or one made from the envelope's id."""
    native = envelope.message.origin.native_id
    return native if MESSAGE_ID.fullmatch(native) else f"<{envelope.id}@{hub_name}>"


def is_bound(headers: Headers) -> bool:
    """Whether a mail has the form that some service prescribes for it: then it must keep it."""
    return headers.get(_SERVICE) is not None


def is_international(found: Iterable[Address]) -> bool:
    """Whether any address needs SMTPUTF8 (RFC 6531)."""
    return any(not one.local.isascii() for one in found)


def date(moment: datetime) -> str:
    """Return a moment as a header has it (RFC 5322, 3.3), in UTC whatever the locale."""
    utc = moment.astimezone(UTC)
    return (
        f"{_DAYS[utc.weekday()]}, {utc.day} {_MONTHS[utc.month - 1]} {utc.year}"
        f" {utc.hour:02d}:{utc.minute:02d}:{utc.second:02d} +0000"
    )


def _passed_on(passed: Headers) -> list[str]:
    """Return what else goes along: also other MSSanté fields, such as the sender's software (X-MSS-NIL)."""
    return [
        f"{one.raw}\r\n"
        for one in passed.fields
        if one.raw.isascii()
        and (one.name in _KEPT or (one.name.startswith("x-mss-") and one.name not in _OURS))
    ]


def _reply_to(passed: Headers, author: Address) -> list[str]:
    """Return Reply-To when it stays in the author's domain: elsewhere, nobody has vouched for it."""
    try:
        found = addresses.parse(passed.get("reply-to") or "", _MOST_REPLIES)
    except UnreadableError:
        return []
    if not found or any(
        one.address.domain != author.domain or not one.address.local.isascii() for one in found
    ):
        return []
    return [write.field("Reply-To", write.mailboxes(found))]


def _party(party: Party) -> str:
    return write.mailbox(party.name if party.name != str(party.address) else "", party.address)


def _threading(message: Message, hub_name: str) -> list[str]:
    lines = []
    if message.in_reply_to and (reply := _reference(message.in_reply_to, hub_name)):
        lines.append(write.field("In-Reply-To", reply))
    if references := [one for name in message.references if (one := _reference(name, hub_name))]:
        lines.append(write.field("References", " ".join(references)))
    return lines


def _reference(name: str, hub_name: str) -> str | None:
    """Return what a message is called in mail: its Message-ID, or the one we make of an envelope's id."""
    if MESSAGE_ID.fullmatch(name):
        return name
    try:
        return f"<{check_uuid7(name)}@{hub_name}>"
    except MalformedError:
        return None


def _documents(message: Message) -> list[str]:
    codes: Sequence[str] = tuple(
        dict.fromkeys(
            one.code for one in message.documents if one.code and cda.may_be(one.media_type, one.name)
        )
    )
    lines = []
    if codes and all(one.isascii() and one.isprintable() for one in codes):
        lines.append(write.field("X-MSS-CODECDA", ", ".join(codes)))
    if any(one.system.removeprefix("urn:oid:") in cda.INS for one in message.patient):
        lines.append(write.field("X-MSS-INS", "O"))
    return lines
