"""A hand-over as its mail: what gematik's samples show, byte for byte where it matters."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.address import Address
from hub.domain.message import DocumentRole, ReceiptKind
from hub.domain.party import Identifier
from hub.domain.target import Target
from hub.ports.prescription import Enclosure, Handover
from hub.testing.contents import MemoryStage
from hub.testing.fakes import NOON
from hub_eprescription.mail import composing, writing
from hub_eprescription.mail.writing import Head, Piece
from tests.plugins.eprescription.mail.made import (
    CODE,
    LETTER,
    LILAS,
    PHARMACY,
    PRESCRIBER,
    SERVICE,
    TOKEN,
    handover,
)
from tests.shape.codes import ROOT

SAMPLES = ROOT / "tests" / "assets" / "gematik-erezept" / "API-Examples"
PLAN = Enclosure(name="plan thérapeutique.pdf", media_type="application/pdf", content=b"%PDF-1.7 plan")


async def original(what: Handover, to: Target = PHARMACY) -> bytes:
    """Return the mail that goes along as the original."""
    parts = await composing.parts(what, MemoryStage(), sender=PRESCRIBER, to=to, at=NOON)
    (found,) = [one for one in parts if one.role is DocumentRole.ORIGINAL]
    assert (found.name, found.media_type) == ("original.eml", "message/rfc822")
    return await found.content.read()


def parsed(data: bytes) -> EmailMessage:
    """Read a mail as the standard library does."""
    found = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    assert all(not one.defects for one in found.walk())
    return found


def sample(name: str) -> EmailMessage:
    """Read one of gematik's sample mails; some begin with a title that is no part of the mail."""
    data = Path(SAMPLES / name).read_bytes()
    found = email.message_from_bytes(data[data.index(b"Date:") :], policy=email.policy.SMTP)
    assert isinstance(found, EmailMessage)
    return found


async def test_it_is_as_gematik_s_sample() -> None:
    """The header fields that the binding asks for, and the same parts in the same order."""
    theirs = sample("05_emailPlainZuweisungInDerApotheke.txt")
    ours = parsed(await original(handover(letter="Sehr geehrte Apotheke\r\n")))
    bound = ("X-KIM-Dienstkennung",)
    assert [ours[name] for name in bound] == [theirs[name] for name in bound]
    needed = {"Date", "From", "To", "Subject", "Disposition-Notification-To", "MIME-Version", "Content-Type"}
    assert needed <= set(ours.keys()) & set(theirs.keys())
    assert ours.get_content_type() == theirs.get_content_type() == "multipart/mixed"
    their_parts = [one for one in theirs.iter_parts() if one.get_content().strip()]
    our_parts = list(ours.iter_parts())
    kinds = [(one.get_content_type(), one.get_content_disposition()) for one in their_parts]
    assert [(one.get_content_type(), one.get_content_disposition()) for one in our_parts] == kinds
    assert our_parts[1].get_content().strip() == TOKEN
    assert their_parts[1].get_content().strip() == TOKEN


async def test_the_token_stands_in_the_bytes() -> None:
    """On a line of its own, neither wrapped nor encoded: pharmacies' software looks for it there."""
    data = await original(handover())
    assert f"\r\n\r\n{TOKEN}\r\n--".encode() in data
    assert data.count(CODE.encode()) == 1


async def test_everything_is_a_document_beside_it() -> None:
    """Who does not read mail finds the same: the letter as body, token and plan as attachments."""
    stage = MemoryStage()
    parts = await composing.parts(handover(PLAN), stage, sender=PRESCRIBER, to=PHARMACY, at=NOON)
    assert [(one.name, one.media_type, one.role.value) for one in parts] == [
        ("letter.txt", "text/plain", "body"),
        ("token.txt", "text/plain", "attachment"),
        ("plan thérapeutique.pdf", "application/pdf", "attachment"),
        ("original.eml", "message/rfc822", "original"),
    ]
    assert [await one.content.read() for one in parts[:3]] == [LETTER.encode(), TOKEN.encode(), PLAN.content]
    files = list(parsed(await parts[3].content.read()).iter_attachments())
    assert (files[-1].get_filename(), files[-1].get_content()) == (PLAN.name, PLAN.content)


async def test_the_letter_comes_through() -> None:
    """Whatever its letters and line ends."""
    ours = parsed(await original(handover()))
    body = ours.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == LETTER.splitlines()
    assert ours["Subject"] == "Ordonnance électronique – attribution"
    assert ours["From"].addresses[0].addr_spec == str(LILAS)
    assert ours["Disposition-Notification-To"] == str(LILAS)


async def test_without_a_service_header_there_is_no_original() -> None:
    """Connectors compose the mail from the documents, in the form that each operator wants."""
    what = handover(service=False)
    parts = await composing.parts(what, MemoryStage(), sender=PRESCRIBER, to=PHARMACY, at=NOON)
    assert DocumentRole.ORIGINAL not in {one.role for one in parts}
    assert ReceiptKind.DISPLAY not in composing.receipts(what)


async def test_receipts() -> None:
    """Whether it arrived is always asked, whether it was displayed when the binding wants it."""
    assert composing.receipts(handover()) == (ReceiptKind.DELIVERY, ReceiptKind.FAILURE, ReceiptKind.DISPLAY)


async def test_a_recipient_without_an_address_is_left_out() -> None:
    """Whom an identifier means is found later; the original names nobody then."""
    data = await original(handover(), Identifier("urn:oid:1.2.250.1.71.4.2.1", "810001234565"))
    assert parsed(data)["To"] is None


async def test_a_code_stays_with_its_document() -> None:
    """So that an operator of MSSanté labels the CDA document."""
    cda = Enclosure(name="o.xml", media_type="text/xml", content=b"<ClinicalDocument/>", code="57833-6")
    parts = await composing.parts(
        handover(cda, service=False), MemoryStage(), sender=PRESCRIBER, to=PHARMACY, at=NOON
    )
    assert [one.code for one in parts] == [None, None, "57833-6"]


async def test_nothing_secret_is_shown() -> None:
    """Neither of the hand-over nor of its parts."""
    what = handover()
    parts = await composing.parts(what, MemoryStage(), sender=PRESCRIBER, to=PHARMACY, at=NOON)
    assert CODE not in repr((what, parts))


HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from('\r\n\u2028\u2029\u0085\x00:<>",;=? '),
    ),
    max_size=200,
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_nothing_injects_a_field(subject: str, name: str, text: str) -> None:
    """Whatever subject, names and letter hold, the header has the fields that it is to have."""
    head = Head(author=LILAS, author_name=name, to=PHARMACY, subject=subject, at=NOON, fields=(SERVICE,))
    pieces = [
        Piece(name="letter.txt", media_type="text/plain", content=text.encode(), body=True),
        Piece(name="token.txt", media_type="text/plain", content=TOKEN.encode()),
    ]
    data = writing.written(head, pieces)
    found = email.message_from_bytes(data, policy=email.policy.SMTP)
    fields = ["Date", "From", "To", "Subject", "X-KIM-Dienstkennung", "MIME-Version", "Content-Type"]
    assert found.keys() == fields
    assert found["X-KIM-Dienstkennung"] == SERVICE[1]
    assert [one.addr_spec for one in found["From"].addresses] == [str(LILAS)]
    assert all(len(one) <= 998 for one in data.split(b"\r\n"))
    assert data.count(b"\n") == data.count(b"\r\n")
    parts = list(found.iter_parts())
    assert [one.get_content_type() for one in parts] == ["text/plain", "text/plain"]
    assert parts[1].get_content().strip() == TOKEN


@pytest.mark.parametrize(
    "field",
    [("X-Service", "a\r\nBcc: b@c.example"), ("X-Service", ""), ("X Service", "a"), ("", "a"), ("X-S", "é")],
)
def test_a_field_that_no_header_can_hold_is_refused(field: tuple[str, str]) -> None:
    """An adapter's mistake is seen at once, and does no harm."""
    head = Head(author=LILAS, author_name="", to=None, subject="", at=NOON, fields=(field,))
    with pytest.raises(ValueError, match="header field"):
        writing.written(head, [Piece(name="a", media_type="text/plain", content=b"", body=True)])


def test_letters_of_any_script_in_an_address() -> None:
    """An international address stays as it is (RFC 6532)."""
    head = Head(
        author=Address.parse("émilie@cabinet.example"), author_name="É", to=None, subject="é", at=NOON
    )
    data = writing.written(head, [Piece(name="a", media_type="text/plain", content=b"a", body=True)])
    assert "émilie@cabinet.example".encode() in data


def test_a_mail_in_a_mail_travels_as_bytes() -> None:
    """What may not be in base64 is a file of plain bytes."""
    inner = Piece(name="original.eml", media_type="message/rfc822", content=b"Subject: a\r\n\r\nb")
    head = Head(author=LILAS, author_name="", to=None, subject="", at=NOON)
    found = parsed(writing.written(head, [inner]))
    (part,) = found.iter_parts()
    assert (part.get_content_type(), part.get_content()) == ("application/octet-stream", inner.content)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a",
        "\x00",
        "a\x0cb\tc",
        "a\n\nb\n",
        "a\r\nb",
        "From x\n.\n",
        "x" * 998,
        "x" * 999,
        "é" * 2000,
    ],
    ids=["empty", "break", "one", "nul", "feed", "lines", "crlf", "dot", "longest", "too-long", "letters"],
)
def test_texts_come_through(text: str) -> None:
    """Short, long, empty, with lines that mean something to mail: the reader gets the same lines."""
    head = Head(author=LILAS, author_name="", to=None, subject="", at=NOON)
    data = writing.written(head, [Piece(name="a", media_type="text/plain", content=text.encode(), body=True)])
    assert parsed(data).get_content().rstrip("\r\n").splitlines() == text.rstrip("\r\n").splitlines()
