"""Receipts: those that come to the hub's own mailbox, and those that the hub writes."""

from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace

import pytest

from hub.domain.address import Address
from hub.domain.message import Kind, ReceiptKind
from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import InputError, MalformedError
from hub.testing.contents import MemoryStage
from hub_smtp.receipts.read import unxtext
from hub_smtp.wire import Rcpt
from tests.plugins.smtp.mail.test_structure import multipart
from tests.plugins.smtp.mail.world import (
    DOCTOR,
    HUB,
    World,
    arrived,
    body,
    bytes_of,
    mail,
    parcel,
    part,
    receipts,
    said,
    sent,
    submission,
    text,
)

ENVELOPE = "0190163d-8694-739b-aea5-966c26f8ad91"
POSTFIX = """Reporting-MTA: dns; mx.city.example
X-Postfix-Queue-ID: 4F5D
Original-Envelope-Id: {envid}
Arrival-Date: Tue,  3 Mar 2026 12:00:00 +0100 (CET)

Final-Recipient: rfc822; dr.martin@inside.city.example
Original-Recipient: rfc822;dr.martin@city.example
Action: {action}
Status: {status}
Remote-MTA: dns; mx.inside.city.example
Diagnostic-Code: smtp; {status} {answer}
"""


def dsn(
    fields: str, returned: str = "Message-ID: <one@hospital.example>\n", kind: str = "delivery-status"
) -> bytes:
    """Return a report as a mail server writes it."""
    status = f"Content-Type: message/{kind}\n\n{fields}".replace("\n", "\r\n").encode()
    headers = f"Content-Type: text/rfc822-headers\n\n{returned}".replace("\n", "\r\n").encode()
    entity = multipart(text("Sorry."), status, headers, kind=f"report; report-type={kind}")
    return mail(entity, From="MAILER-DAEMON@mx.city.example", To=str(HUB), Subject="Undelivered")


@pytest.mark.parametrize(
    ("action", "status", "outcome", "event"),
    [
        ("failed", "5.1.1", Refused, "acknowledgement.failed"),
        ("delayed", "4.4.1", Deferred, "acknowledgement.delayed"),
        ("delivered", "2.0.0", Delivered, "acknowledgement.delivered"),
        ("relayed", "2.0.0", Delivered, "acknowledgement.delivered"),
        ("expanded", "2.0.0", Delivered, "acknowledgement.delivered"),
        ("FAILED", "5.0.0", Refused, "acknowledgement.failed"),
    ],
)
async def test_delivery_status(world: World, action: str, status: str, outcome: type, event: str) -> None:
    """A delivery status names its envelope, its recipient as we wrote it, and what became of it."""
    fields = POSTFIX.format(envid=ENVELOPE, action=action, status=status, answer="mailbox is full")
    (found,) = await receipts(world.reader(), dsn(fields))
    assert isinstance(found.outcome, outcome)
    assert (found.event, found.native_id, found.recipient) == (event, ENVELOPE, DOCTOR)
    said_so = found.outcome.receipt if isinstance(found.outcome, Delivered) else found.outcome.reason.en
    assert "mailbox is full" in said_so
    assert status in said_so


async def test_several_recipients(world: World) -> None:
    """One report of several recipients gives a receipt for each."""
    head, group = POSTFIX.format(envid=ENVELOPE, action="failed", status="5.1.1", answer="no").split("\n\n")
    fields = f"{head}\n\n{group}\n{group.replace('dr.martin', 'nurse').replace('failed', 'delivered')}"
    found = await receipts(world.reader(), dsn(fields))
    assert [(str(one.recipient), one.event) for one in found] == [
        ("dr.martin@city.example", "acknowledgement.failed"),
        ("nurse@city.example", "acknowledgement.delivered"),
    ]


@pytest.mark.parametrize(
    ("returned", "native"),
    [
        ("Message-ID: <one@hospital.example>\nSubject: x\n", "<one@hospital.example>"),
        (f"Message-Id: <{ENVELOPE}@hub.example>\n", ENVELOPE),
        (f"Message-ID: <{ENVELOPE}@other.example>\n", f"<{ENVELOPE}@other.example>"),
    ],
)
async def test_without_envelope_id(world: World, returned: str, native: str) -> None:
    """Without Original-Envelope-Id the returned Message-ID says which message it was."""
    fields = POSTFIX.format(envid="unknown", action="failed", status="5.0.0", answer="no")
    (found,) = await receipts(world.reader(), dsn(fields, returned))
    assert found.native_id == native


@pytest.mark.parametrize(
    ("disposition", "event"),
    [
        ("manual-action/MDN-sent-manually; displayed", "acknowledgement.displayed"),
        ("automatic-action/MDN-sent-automatically; Displayed/error", "acknowledgement.displayed"),
        ("automatic-action/MDN-sent-automatically; dispatched", "acknowledgement.delivered"),
        ("manual-action/MDN-sent-manually; deleted", "acknowledgement.deleted"),
    ],
)
async def test_disposition(world: World, disposition: str, event: str) -> None:
    """A reading receipt says that a person was shown the message, or what was done with it."""
    fields = (
        "Reporting-UA: pc; Mail 1.0\nFinal-Recipient: rfc822;dr.martin@city.example\n"
        f"Original-Message-ID: <{ENVELOPE}@hub.example>\nDisposition: {disposition}\n"
    )
    (found,) = await receipts(world.reader(), dsn(fields, kind="disposition-notification"))
    assert isinstance(found.outcome, Delivered)
    assert (found.event, found.native_id, found.recipient) == (event, ENVELOPE, DOCTOR)


@pytest.mark.parametrize(
    "data",
    [
        mail(text("I am away."), To=str(HUB)),
        mail(multipart(text("a"), text("b"), kind="report; report-type=feedback-report"), To=str(HUB)),
        mail(
            multipart(text("a"), b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n"),
            To=str(HUB),
        ),
    ],
)
async def test_no_receipt(world: World, data: bytes) -> None:
    """Anything else to that mailbox is refused with words, for nobody reads it."""
    with pytest.raises(InputError, match=r"receipt\.none"):
        await receipts(world.reader(), data)


@pytest.mark.parametrize(
    ("fields", "returned"),
    [
        (POSTFIX.format(envid="x", action="failed", status="5.0.0", answer="no"), "Subject: x\n"),
        (POSTFIX.format(envid=ENVELOPE, action="eaten", status="5.0.0", answer="no"), ""),
        ("Reporting-MTA: dns; a\n", ""),
        (f"Original-Envelope-Id: {ENVELOPE}\n\nFinal-Recipient: x400; a\nAction: failed\n", ""),
        (f"Original-Envelope-Id: {ENVELOPE}\n\nno colon\n", ""),
        ("", ""),
    ],
)
async def test_malformed(world: World, fields: str, returned: str) -> None:
    """A receipt that does not say of whom or of what it speaks is refused with words."""
    with pytest.raises(MalformedError):
        await receipts(world.reader(), dsn(fields, returned))


async def test_receipt_and_more(world: World) -> None:
    """A mail to the hub and to somebody else is refused: it can't be both."""
    with pytest.raises(InputError, match=r"mail\.hub_address"):
        await world.reader().read(arrived(mail(text()), DOCTOR, HUB), MemoryStage())


@pytest.mark.parametrize(
    ("notify", "kinds"),
    [
        (frozenset(), {ReceiptKind.FAILURE}),
        (frozenset({"NEVER"}), set()),
        (frozenset({"SUCCESS"}), {ReceiptKind.DELIVERY}),
        (frozenset({"SUCCESS", "FAILURE"}), {ReceiptKind.DELIVERY, ReceiptKind.FAILURE}),
    ],
)
async def test_notify(world: World, notify: frozenset[str], kinds: set[ReceiptKind]) -> None:
    """The sender's NOTIFY decides which receipts are wanted (RFC 3461)."""
    found = await submission(world.reader(), mail(text()), Rcpt(address=DOCTOR, notify=notify))
    assert set(found.receipts) == kinds


def test_xtext() -> None:
    """Addresses in xtext are read (RFC 3461, 4)."""
    assert unxtext("a+2Bb+3Dc@x.example") == "a+b=c@x.example"
    assert unxtext("+C3+A9@x.example") == "é@x.example"
    assert unxtext("a+zz") == "a+zz"


def notice(action: str, code: str = "recipient.struck-off", recipient: str = str(DOCTOR)) -> bytes:
    """Return the data of a notice, as the core writes it."""
    return json.dumps(
        {
            "v": 1,
            "envelope": ENVELOPE,
            "native_id": "<one@hospital.example>",
            "delivery": "d",
            "recipient": recipient,
            "action": action,
            "code": code,
            "reason": {"en": "Dr É was struck off.\r\nBcc: x", "fr": "Radié."},
            "accepted_at": "2026-03-03T11:00:00Z",
            "at": "2026-03-03T12:00:00Z",
        }
    ).encode()


@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("failed", "acknowledgement.failed"),
        ("delivered", "acknowledgement.delivered"),
        ("displayed", "acknowledgement.displayed"),
    ],
)
async def test_written(world: World, action: str, event: str) -> None:
    """A notice goes out as a report that mail programs, and other hubs, understand."""
    written = said(
        body("Votre message n'a pas été remis.\n"),
        part(notice(action), "notice.json", "application/vnd.caducee.notice+json"),
    )
    what = parcel(replace(written, kind=Kind.NOTICE, sender=HUB, subject="Non remis"))
    ((one,), outcomes) = await world.composer().mails(what)
    assert not outcomes
    assert (one.mail_from, one.notify) == (None, ("NEVER",))
    data = await bytes_of(one)
    theirs = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert theirs.get_content_type() == "multipart/report"
    assert theirs["Auto-Submitted"] == "auto-replied"
    assert theirs["From"].addresses[0].addr_spec == str(HUB)
    assert "Bcc" not in theirs
    (found,) = await receipts(world.reader(), data)
    assert (found.event, found.native_id, found.recipient) == (event, "<one@hospital.example>", DOCTOR)
    if action == "failed":
        assert isinstance(found.outcome, Refused)
        assert "5.7.1 recipient.struck-off" in found.outcome.reason.en


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("expired", "4.4.7"),
        ("recipient.outside", "5.7.1"),
        ("sender.outside", "5.7.1"),
        ("recipient.unknown", "5.1.1"),
        ("smtp.other", "5.0.0"),
    ],
)
async def test_a_notice_says_why_in_a_status_code(world: World, code: str, status: str) -> None:
    """As RFC 3463 has it, for programs that read no words."""
    written = said(body("x\n"), part(notice("failed", code=code), "notice.json", "text/json"))
    data = await sent(world.composer(), parcel(replace(written, kind=Kind.NOTICE, sender=HUB)))
    assert f"\r\nStatus: {status}\r\n".encode() in data


async def test_international_recipient(world: World) -> None:
    """A notice about an address beyond ASCII is written and read (RFC 6533)."""
    written = said(
        body("x\n"), part(notice("failed", recipient="é@city.example"), "notice.json", "text/json")
    )
    data = await sent(world.composer(), parcel(replace(written, kind=Kind.NOTICE, sender=HUB)))
    (found,) = await receipts(world.reader(), data)
    assert found.recipient == Address.parse("é@city.example")


async def test_broken_notice(world: World) -> None:
    """A notice without its data is refused and never sent."""
    what = parcel(replace(said(body("x")), kind=Kind.NOTICE, sender=HUB))
    with pytest.raises(MalformedError, match=r"notice\.malformed"):
        await world.composer().mails(what)
