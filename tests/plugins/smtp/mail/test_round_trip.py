"""What one hub writes another reads: the same documents, whatever lies around them."""

from __future__ import annotations

import pytest

from hub.domain.message import DocumentRole, SignatureResult
from hub_smtp.mail_settings import Encrypt, Format, OnInvalid
from tests.plugins.smtp.mail.world import (
    DOCTOR,
    World,
    body,
    digests,
    mail,
    parcel,
    part,
    said,
    sent,
    submission,
    text,
)

CDA = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3">'
    b'<code code="34112-3" codeSystem="2.16.840.1.113883.6.1"/><recordTarget><patientRole>'
    b'<id root="1.2.250.1.213.1.4.10" extension="279035121518989"/></patientRole></recordTarget>'
    b"<author/></ClinicalDocument>"
)


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("sign", [True, False])
async def test_letter_from_program(world: World, form: Format, *, sign: bool) -> None:
    """A letter that came by the API reaches the other side with the same body and documents."""
    letter = said(
        body("Chère consœur,\n\nfin sans saut de ligne"),
        part(b"%PDF-1.7 \x00\xff", "été.pdf"),
        part(CDA, "cr.xml", "text/xml", code="34112-3"),
        part(b"{}", "données.json", "application/json"),
    )
    data = await sent(world.composer(form, sign=sign), parcel(letter))
    found = await submission(world.reader(), data)
    assert sorted(digests(letter)) == sorted(digests(found))
    assert letter.subject == found.subject
    assert found.patient[0].value == "279035121518989"
    assert [one.code for one in found.parts if one.name == "cr.xml"] == ["34112-3"]


@pytest.mark.parametrize("form", list(Format))
async def test_senders_signature_survives(world: World, form: Format) -> None:
    """The hospital's own signature is valid for the reader after the hub, whatever the operator's format."""
    data = mail(world.signed(text("Bonjour, voici.")))
    first = await submission(world.reader(), data)
    assert first.signature.result is SignatureResult.VALID
    passed = await sent(world.composer(form), parcel(first))
    second = await submission(world.reader(), passed)
    assert second.signature == first.signature
    assert digests(first) == digests(second)
    assert passed.count(b"Content-Type: multipart/signed") == 2
    assert world.signed(text("Bonjour, voici.")).partition(b"\r\n\r\n")[2][:200] in passed


@pytest.mark.parametrize("kind", ["rsa", "p256"])
async def test_encrypted(world: World, kind: str) -> None:
    """A mail encrypted to one of two keys of the next hub is read there, signature included."""
    reader, other = world.authority.issue(kind, addresses=[str(DOCTOR)]), world.authority.issue("p256")
    first = await submission(world.reader(), mail(world.signed(text("Secret médical"))))
    data = await sent(world.composer(), parcel(first, certificates=[reader]))
    assert b"Secret" not in data
    second = await submission(world.reader(OnInvalid.REFUSE, other, reader), data)
    assert digests(first) == digests(second)
    assert second.signature.result is SignatureResult.VALID
    assert [one.name for one in second.parts if one.role is DocumentRole.ORIGINAL] == [
        "original.eml",
        "decrypted.eml",
    ]
    # What was decrypted is what travels on.
    third = await submission(world.reader(), await sent(world.composer(), parcel(second)))
    assert third.signature.result is SignatureResult.VALID
    assert digests(first) == digests(third)


async def test_encrypted_only_when_possible(world: World) -> None:
    """Without a certificate, 'always' refuses by name and 'when-possible' sends in the clear."""
    letter = parcel(said(body("Bonjour\n")))
    mails, outcomes = await world.composer(encrypt=Encrypt.ALWAYS).mails(letter)
    assert (list(mails), [one.code for one in outcomes.values()]) == ([], ["recipient.certificate"])  # type: ignore[union-attr]
    assert b"Bonjour" in await sent(world.composer(), letter)


async def test_expired_certificate(world: World) -> None:
    """An expired certificate is a refusal that says so, never a reason for plain text."""
    expired = world.authority.issue(days=0)
    mails, outcomes = await world.composer().mails(parcel(said(body("Bonjour")), certificates=[expired]))
    assert not mails
    (outcome,) = outcomes.values()
    assert outcome.code == "recipient.certificate"  # type: ignore[union-attr]
    assert "expired" in outcome.reason.en  # type: ignore[union-attr]
