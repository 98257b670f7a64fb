"""A notice of the hub → a report that mail programs understand: DSN (RFC 3464) or MDN (RFC 8098).

The report says nothing of the message but its Message-ID and what became of it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.message import DocumentRole
from hub.errors import MalformedError, Words
from hub.ports.connector import Parcel
from hub_smtp import outer
from hub_smtp.heading import MESSAGE_ID
from hub_smtp.mime import parts, write
from hub_smtp.mime.segments import Segments, joined

NOTICE_JSON: Final = "notice.json"
_MOST: Final = 64 << 10
_STATUS: Final = {
    "recipient.unknown": "5.1.1",
    "recipient.no-address": "5.1.1",
    "recipient.no-operator": "5.1.2",
    "recipient.too-large": "5.2.3",
    "recipient.certificate": "5.7.5",
    "recipient.moved": "5.1.6",
    "recipient.outside": "5.7.1",
    "sender.outside": "5.7.1",
    "expired": "4.4.7",
}
"""Enhanced status codes (RFC 3463) of the hub's own codes; those of standing are 5.7.1."""
_STANDINGS: Final = ("ceased", "suspended", "struck-off", "deceased")


async def report(parcel: Parcel, own: Address, hub_name: str) -> Segments:
    """Return the mail that a notice is. Raises MalformedError when its `notice.json` is not one."""
    envelope = parcel.sealed.envelope
    said = await _said(parcel)
    human = b"\n".join(
        [
            await parcel.contents[one.id].read()
            for one in envelope.message.documents
            if one.role is DocumentRole.BODY and one.size <= _MOST
        ]
    )
    displayed = said["action"] == "displayed"
    kind = "disposition-notification" if displayed else "delivery-status"
    fields = _disposition(said, hub_name) if displayed else _status(said, hub_name)
    entity = parts.multipart(
        f"multipart/report; report-type={kind}",
        f"=_report_{envelope.id}",
        [
            parts.text(human),
            _plain(f"message/{kind}", fields),
            _plain("text/rfc822-headers", _returned(said)),
        ],
    )
    head = outer.header(envelope, own, hub_name, None)
    return joined((head, b"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n", entity))


async def _said(parcel: Parcel) -> dict[str, Any]:
    for one in parcel.sealed.envelope.message.documents:
        if one.name == NOTICE_JSON and one.size <= _MOST:
            said = json.loads(await parcel.contents[one.id].read())
            if isinstance(said, dict) and {"action", "recipient", "code", "reason", "native_id"} <= set(said):
                return said
    raise MalformedError(
        "notice.malformed",
        Words(
            en="The notice has no notice.json that can be read.",
            fr="L'avis n'a pas de notice.json lisible.",
        ),
    )


def _status(said: dict[str, Any], hub_name: str) -> str:
    """Return the fields of RFC 3464: one group for the message, one for the recipient."""
    about = [write.field("Reporting-MTA", f"dns; {hub_name}")]
    about.append(write.field("X-Caducee-Envelope", str(said.get("envelope", ""))))
    failed = said["action"] == "failed"
    kind, recipient = _typed(said["recipient"])
    group = [
        write.field("Original-Recipient", f"{kind}; {recipient}"),
        write.field("Final-Recipient", f"{kind}; {recipient}"),
        write.field("Action", "failed" if failed else "delivered"),
        write.field("Status", _enhanced(said["code"]) if failed else "2.0.0"),
    ]
    if failed:
        words = " ".join(f"{said['code']} {said['reason']['en']}".split())
        ascii_words = "".join(one if one.isascii() and one.isprintable() else "?" for one in words)
        group.append(write.field("Diagnostic-Code", f"x-caducee; {ascii_words}"))
    return "".join((*about, "\r\n", *group))


def _disposition(said: dict[str, Any], hub_name: str) -> str:
    """Return the fields of RFC 8098."""
    kind, recipient = _typed(said["recipient"])
    fields = [
        write.field("Reporting-UA", f"{hub_name}; Caducee"),
        write.field("Original-Recipient", f"{kind}; {recipient}"),
        write.field("Final-Recipient", f"{kind}; {recipient}"),
    ]
    if MESSAGE_ID.fullmatch(said["native_id"]):
        fields.append(write.field("Original-Message-ID", said["native_id"]))
    fields.append(write.field("Disposition", "automatic-action/MDN-sent-automatically; displayed"))
    return "".join(fields)


def _returned(said: dict[str, Any]) -> str:
    """Return the one field by which the sender's program knows the message again."""
    native = said["native_id"]
    return write.field("Message-ID", native) if MESSAGE_ID.fullmatch(native) else ""


def _typed(recipient: str) -> tuple[str, str]:
    return ("rfc822" if recipient.isascii() else "utf-8"), recipient


def _enhanced(code: str) -> str:
    if code.partition(".")[2] in _STANDINGS:
        return "5.7.1"
    return _STATUS.get(code, "5.0.0")


def _plain(media_type: str, text: str) -> Segments:
    """Return an entity whose body is fields; they are ASCII but for international addresses."""
    encoding = "7bit" if text.isascii() else "8bit"
    head = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return Segments(((head + text).encode(),), eight_bit=not text.isascii())
