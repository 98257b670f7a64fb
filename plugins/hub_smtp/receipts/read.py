"""A mail to the hub's own address → the receipts that it holds.

Delivery status notifications (RFC 3464, RFC 3461) and message disposition notifications (RFC 8098);
anything else is refused. Not checked here: that the peer may speak of the delivery; the core does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hub.domain.address import Address
from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import InputError, MalformedError, Words
from hub.ports.intake import Acknowledgement
from hub_smtp.heading import MESSAGE_ID
from hub_smtp.mime import decode, fields
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.limits import SMALL, Limits
from hub_smtp.mime.refusals import malformed, too_much
from hub_smtp.mime.source import Source
from hub_smtp.mime.structure import Entity

DISPLAYED: Final = "acknowledgement.displayed"
DELIVERED: Final = "acknowledgement.delivered"
FAILED: Final = "acknowledgement.failed"
DELAYED: Final = "acknowledgement.delayed"
_STATUS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_DISPOSITION: Final = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)
_RETURNED: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_ENVELOPE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_STATUS_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_MAX_RECEIPT: Final = 500
"""Characters of a far side's answer that are kept."""
_DISPLAY_WORDS: Final = frozenset({"displayed", "dispatched", "processed"})


async def read(source: Source, mail: Entity, hub_name: str, limits: Limits) -> tuple[Acknowledgement, ...]:
    """Return the receipts in a mail, one per recipient that it speaks of.

    Raises InputError (`receipt.none`) for a mail that is no receipt, MalformedError and LimitError.
    """
    report = _report(mail)
    if report is None:
        raise _no_receipt()
    returned = await _returned_id(source, report, hub_name, limits)
    for child in report.children:
        if child.media_type in _STATUS:
            groups = await _groups(source, child, limits)
            return tuple(_statuses(groups, returned))
        if child.media_type in _DISPOSITION:
            groups = await _groups(source, child, limits)
            return (_disposition(groups[0], returned, hub_name),)
    raise _no_receipt()


def _report(entity: Entity) -> Entity | None:
    """Return the multipart/report that a mail is, alone or in a signature."""
    if entity.media_type == "multipart/signed" and entity.children:
        entity = entity.children[0]
    return entity if entity.media_type == "multipart/report" else None


async def _groups(source: Source, entity: Entity, limits: Limits) -> list[Headers]:
    """Return the groups of fields, an empty line between them (RFC 3464, 2.1)."""
    if entity.end - entity.body > SMALL:
        raise too_much("its receipt is too large", "son accusé est trop grand", SMALL, entity.number)
    data = (await decode.whole(source, entity)).strip(b"\r\n") + b"\r\n"
    blocks = [block.strip(b"\r\n") + b"\r\n" for block in data.split(b"\r\n\r\n") if block.strip(b"\r\n")]
    return [fields.parse(block, limits, entity.number) for block in blocks] or [fields.Headers(())]


def _statuses(groups: list[Headers], returned: str | None) -> Iterator[Acknowledgement]:
    head, *recipients = groups
    envelope = unxtext(head.get("original-envelope-id") or "")
    native_id = envelope if _ENVELOPE_ID.fullmatch(envelope) else returned
    if native_id is None or not recipients:
        raise malformed(
            "its receipt does not say for which message or recipient it is (Original-Envelope-Id)",
            "son accusé ne dit pas de quel message ou destinataire il parle (Original-Envelope-Id)",
            code="receipt.malformed",
        )
    for one in recipients:
        outcome, event = _outcome(one)
        yield Acknowledgement(outcome=outcome, event=event, native_id=native_id, recipient=_recipient(one))


def _outcome(group: Headers) -> tuple[Delivered | Deferred | Refused, str]:
    action = (group.get("action") or "").lower()
    status = (group.get("status") or "").partition(" ")[0]
    answer = _answer(group, status)
    if action in {"delivered", "relayed", "expanded"}:
        return Delivered(receipt=answer), DELIVERED
    words = Words(
        en=f"The recipient's server reports: {answer}",
        fr=f"Le serveur du destinataire signale : {answer}",
    )
    if action == "failed":
        return Refused(code="recipient.undeliverable", reason=words), FAILED
    if action == "delayed":
        return Deferred(code="recipient.delayed", reason=words), DELAYED
    raise malformed(
        "its receipt has no Action of RFC 3464",
        "son accusé n'a pas d'Action de la RFC 3464",
        code="receipt.malformed",
    )


def _answer(group: Headers, status: str) -> str:
    """Return the far side's answer on one line, with its status code."""
    diagnostic = (group.get("diagnostic-code") or "").partition(";")[2].strip()
    known = status if _STATUS_CODE.fullmatch(status) else ""
    text = diagnostic if known in diagnostic else f"{known} {diagnostic}".strip()
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return (text or known or (group.get("action") or ""))[:_MAX_RECEIPT]


def _disposition(group: Headers, returned: str | None, hub_name: str) -> Acknowledgement:
    original = group.get("original-message-id") or ""
    native_id = _native(original, hub_name) if MESSAGE_ID.fullmatch(original) else returned
    if native_id is None:
        raise malformed(
            "its receipt does not say for which message it is (Original-Message-ID)",
            "son accusé ne dit pas de quel message il parle (Original-Message-ID)",
            code="receipt.malformed",
        )
    word = (group.get("disposition") or "").partition(";")[2].strip().partition("/")[0].strip().lower()
    outcome: Delivered | Refused
    if word in _DISPLAY_WORDS:
        outcome, event = Delivered(receipt=word), DISPLAYED if word == "displayed" else DELIVERED
    elif word in {"deleted", "denied", "failed"}:
        # Its arrival is not in doubt; that nobody was shown it is no failure to deliver.
        outcome, event = (
            Delivered(receipt=word),
            f"acknowledgement.{word if word != 'failed' else 'not-displayed'}",
        )
    else:
        raise malformed(
            "its receipt has no Disposition of RFC 8098",
            "son accusé n'a pas de Disposition de la RFC 8098",
            code="receipt.malformed",
        )
    return Acknowledgement(outcome=outcome, event=event, native_id=native_id, recipient=_recipient(group))


def _recipient(group: Headers) -> Address:
    """Return whom a group speaks of: as we wrote it when it says so, as it was in the end if not."""
    for name in ("original-recipient", "final-recipient"):
        kind, _, text = (group.get(name) or "").partition(";")
        text = text.strip().removeprefix("<").removesuffix(">")
        if kind.strip().lower() not in {"rfc822", "utf-8"}:
            continue
        for spelling in (text, unxtext(text)):
            try:
                return Address.parse(spelling)
            except MalformedError:
                continue
    raise malformed(
        "its receipt does not say of which recipient it speaks",
        "son accusé ne dit pas de quel destinataire il parle",
        code="receipt.malformed",
    )


async def _returned_id(source: Source, report: Entity, hub_name: str, limits: Limits) -> str | None:
    """Return the id of the mail, or of its header, that came back with the report."""
    for child in report.children:
        if child.media_type not in _RETURNED:
            continue
        end = min(child.end, child.body + limits.header_bytes * 2)
        data = decode.decoder(child).feed(await source.read(child.body, end), final=end == child.end)
        block, found, _ = data.partition(b"\r\n\r\n")
        if not found and end != child.end:
            continue
        headers = fields.parse(block.rstrip(b"\r\n") + b"\r\n", limits, child.number) if block else None
        value = headers.get("message-id") if headers else None
        if value is not None and MESSAGE_ID.fullmatch(value):
            return _native(value, hub_name)
    return None


def _native(message_id: str, hub_name: str) -> str:
    """Return the envelope's id when we made the Message-ID from it, or the Message-ID itself."""
    local, _, domain = message_id[1:-1].rpartition("@")
    return local if domain == hub_name and _ENVELOPE_ID.fullmatch(local) else message_id


def unxtext(text: str) -> str:
    """Undo xtext (RFC 3461, 4)."""
    if "+" not in text:
        return text
    try:
        data = _XTEXT.sub(lambda match: chr(int(match[1], 16)), text).encode("latin-1")
        return data.decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _no_receipt() -> InputError:
    return InputError(
        "receipt.none",
        Words(
            en="This address takes delivery and reading receipts only (RFC 3464, RFC 8098).",
            fr="Cette adresse ne prend que des accusés de remise ou de lecture (RFC 3464, RFC 8098).",
        ),
        field="mail",
    )
