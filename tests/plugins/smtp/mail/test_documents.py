"""The parts of a mail become its documents: one body, the attachments, the original."""

from __future__ import annotations

import pytest

from hub.domain.message import DocumentRole, SignatureResult
from hub.errors import LimitError, MalformedError, TrustError
from hub.ports.intake import Submission
from hub_smtp.cms.encrypt import Encryption
from hub_smtp.mail_settings import Format, OnInvalid
from hub_smtp.mime.segments import Segments
from hub_smtp.sealing import encrypted
from tests.plugins.smtp.mail.test_round_trip import CDA
from tests.plugins.smtp.mail.test_structure import multipart
from tests.plugins.smtp.mail.world import DOCTOR, World, body, mail, parcel, said, sent, submission, text

HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Bonjour</p>\r\n"


async def documents(found: Submission) -> list[tuple[str, str, str, bytes]]:
    """Return name, type, role and bytes of every document but the original."""
    return [
        (one.name, one.media_type, one.role.value, await one.content.read())
        for one in found.parts
        if one.role is not DocumentRole.ORIGINAL
    ]


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (b"\r\nBonjour\r\n", [("body.txt", "text/plain", "body", b"Bonjour\n")]),
        (HTML, [("body.html", "text/html", "body", b"<p>Bonjour</p>\n")]),
        (
            multipart(text("a"), HTML, kind="alternative"),
            [
                ("body.txt", "text/plain", "body", b"a\n"),
                ("part-2.html", "text/html", "attachment", b"<p>Bonjour</p>\n"),
            ],
        ),
        (
            multipart(HTML, text("a")),
            [
                ("part-1.html", "text/html", "attachment", b"<p>Bonjour</p>\n"),
                ("body.txt", "text/plain", "body", b"a\n"),
            ],
        ),
        (
            multipart(b"Content-Type: text/plain; name=notes.txt\r\n\r\nx", text("a"), text("b")),
            [
                ("notes.txt", "text/plain", "attachment", b"x"),
                ("body.txt", "text/plain", "body", b"a\n"),
                ("part-3.txt", "text/plain", "attachment", b"b\n"),
            ],
        ),
        (
            multipart(b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx"),
            [("winmail.dat", "application/ms-tnef", "attachment", b"x")],
        ),
        (
            multipart(b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n"),
            [("part-1.eml", "message/rfc822", "attachment", b"Subject: x\r\n\r\ny\r\n")],
        ),
        (
            multipart(b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe9"),
            [("body.txt", "text/plain", "body", "é".encode())],
        ),
        (multipart(b"\r\n"), []),
    ],
)  # fmt: skip
async def test_documents(world: World, entity: bytes, expected: list[tuple[str, str, str, bytes]]) -> None:
    """Every part is found once, in order, texts in UTF-8."""
    found = await submission(world.reader(), mail(entity))
    assert expected == await documents(found)
    assert [(one.name, one.media_type) for one in found.parts[-1:]] == [("original.eml", "message/rfc822")]


@pytest.mark.parametrize("charset", ["utf-7", "x-unknown", "rot13", "unicode_escape", "idna"])
async def test_unknown_charset(world: World, charset: str) -> None:
    """A text in a charset that is not read is refused, with what to send instead."""
    entity = f"Content-Type: text/plain; charset={charset}\r\n\r\nabc\r\n".encode()
    with pytest.raises(MalformedError, match="send UTF-8"):
        await submission(world.reader(), mail(entity))


async def test_wrong_charset(world: World) -> None:
    """A text that is not in its charset is refused: showing it would show something else."""
    entity = b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xe9t\xe9\r\n"
    with pytest.raises(MalformedError, match=r"mail\.charset"):
        await submission(world.reader(), mail(entity))


async def test_encrypted_to_somebody_else(world: World) -> None:
    """What is encrypted end to end passes the hub unread, whole, in either format."""
    doctor = world.authority.issue("p256", addresses=[str(DOCTOR)])
    entity = await sent(world.composer(sign=False), parcel(said(body("Secret")), certificates=[doctor]))
    unread = entity[entity.index(b"Content-Type: ") :]
    first = await submission(world.reader(), mail(unread))
    assert first.signature.result is SignatureResult.NONE
    assert [one.name for one in first.parts] == ["smime.p7m", "original.eml"]
    for form in Format:
        data = await sent(world.composer(form), parcel(first))
        assert unread.partition(b"\r\n\r\n")[2].rstrip() in data


async def test_damaged_encryption(world: World) -> None:
    """What was encrypted to the hub and altered gives one refusal that tells nothing of it."""
    key = world.authority.issue("p256", addresses=[str(DOCTOR)])
    data = await sent(world.composer(), parcel(said(body("Secret")), certificates=[key]))
    at = data.index(b"filename=smime.p7m") + 1200
    damaged = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
    with pytest.raises((TrustError, MalformedError)) as caught:
        await submission(world.reader(OnInvalid.REFUSE, key), damaged)
    assert "Secret" not in str(caught.value)


async def test_nested_too_deep(world: World) -> None:
    """Signatures around signatures end at the limit."""
    entity = text()
    for level in range(5):
        entity = world.signed(entity, boundary=f"layer{level}")
    with pytest.raises(LimitError, match="nested too deep"):
        await submission(world.reader(), mail(entity))


async def test_decrypted_header(world: World) -> None:
    """A decrypted mail keeps the outer header; copies of fields inside it are dropped."""
    key = world.authority.issue("p256")
    inner = b"Subject: other\nFrom: evil@city.example\nContent-Type: text/plain\n\nLF alone\nno end"
    entity = encrypted(Segments((inner,)), Encryption((key.certificate,)), authenticated=True).whole()
    assert entity is not None
    found = await submission(world.reader(OnInvalid.REFUSE, key), mail(entity))
    assert (found.subject, str(found.sender)) == ("Compte rendu", "reports@hospital.example")
    (decrypted,) = [one for one in found.parts if one.name == "decrypted.eml"]
    data = await decrypted.content.read()
    assert data.count(b"Subject:") == data.count(b"From:") == 1
    assert data.endswith(b"LF alone\r\nno end\r\n")
    assert data.count(b"\r\n") == data.count(b"\n")
    again = await submission(world.reader(), await sent(world.composer(), parcel(found)))
    assert [one.name for one in again.parts] == ["body.txt", "original.eml"]


@pytest.mark.parametrize("bad", [b"a\nb", b"a\rb", b"a\x00b"])
async def test_decrypted_unsendable(world: World, bad: bytes) -> None:
    """Line ends inside encryption that SMTP would stumble over are refused (smuggling)."""
    key = world.authority.issue("p256")
    inner = b"Content-Type: text/plain\r\n\r\n" + bad + b"\r\n"
    entity = encrypted(Segments((inner,)), Encryption((key.certificate,)), authenticated=True).whole()
    assert entity is not None
    with pytest.raises(MalformedError, match=r"mail\.line_end"):
        await submission(world.reader(OnInvalid.REFUSE, key), mail(entity))


async def test_cda_attachment(world: World) -> None:
    """A CDA document is known by its root, in a zip or not."""
    head = b"Content-Type: text/xml; name=cr.xml\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    found = await submission(world.reader(), mail(multipart(text(), head + CDA)))
    assert [one.code for one in found.parts] == [None, "34112-3", None]
    assert found.kind.value == "report"
