"""A CDA prescription that the hub hands over by MSSanté comes out of the IHE XDM zip to the last byte."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from lxml import etree

from hub.domain.message import DocumentRole, Kind
from hub.domain.outcome import Delivered
from hub.domain.prescription import Handing
from hub.ports.intake import Submission
from hub.testing.contents import MemoryStage
from hub_eprescription.mail import composing
from hub_smtp.mail_settings import Format
from tests.counterparts import SHARED, shared
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.cda.world import LILAS, World
from tests.plugins.smtp.mail import world as mail_world
from tests.plugins.smtp.mail.world import DOCTOR, parcel, said, sent, submission

PUBLISHED = sorted(path.name for path in (SHARED / "cda-fr" / "ExemplesCDA").glob("e[PD]*.xml"))


@pytest.fixture
def post(tmp_path: Path) -> mail_world.World:
    """Return a hub that speaks MSSanté's mail."""
    return mail_world.World(tmp_path)


async def handed(world: World, content: bytes) -> Submission:
    """Return the mail that hands a prescription over, as the hub submits it."""
    order, journal = world.order(content)
    outcome = await world.service.issue(order, journal)
    assert isinstance(outcome, Delivered)
    signed = await journal.signed()
    mail = await world.service.hand_over(journal.record, signed, order, Handing.DOCUMENT, "fr")
    parts = await composing.parts(mail, MemoryStage(), sender=LILAS, to=DOCTOR, at=world.clock.now())
    found = said(*parts, subject=mail.subject, patient=mail.patient)
    return replace(found, kind=Kind.PRESCRIPTION)


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the files of the one IHE XDM zip of a mail, found by the standard library alone."""
    mail = message_from_bytes(data, policy=policy.default)
    (zipped,) = [part for part in mail.walk() if part.get_filename() == "IHE_XDM.ZIP"]
    with zipfile.ZipFile(io.BytesIO(zipped.get_content())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_byte_for_byte(post: mail_world.World) -> None:
    """The document in the zip is the prescriber's, mark of byte order and style sheet included."""
    content = papers.prescription()
    data = await sent(post.composer(Format.XDM), parcel(await handed(World(), content)))
    assert b"\r\nX-MSS-CODECDA: 57833-6\r\n" in data
    assert b"\r\nX-MSS-INS: O\r\n" in data
    files = unzipped(data)
    assert [one for name, one in files.items() if "DOC" in name] == [content]
    described = etree.fromstring(files["IHE_XDM/SUBSET01/METADATA.XML"])
    assert "57833-6" in [str(value) for value in described.xpath("//@nodeRepresentation")]  # type: ignore[union-attr]
    assert papers.PATIENT.encode() not in data.partition(b"\r\n\r\n")[0]


async def test_signature_survives(post: mail_world.World) -> None:
    """A signed document reaches the pharmacy with a signature that still holds there."""
    authority = prescribers.authority()
    content = await papers.signed(papers.prescription(), prescribers.prescriber(authority))
    world = World(authority.trust, signature="required")
    data = await sent(post.composer(Format.XDM), parcel(await handed(world, content)))
    (found,) = [one for name, one in unzipped(data).items() if "DOC" in name]
    order, journal = World(authority.trust, signature="required").order(found)
    assert isinstance(
        await World(authority.trust, signature="required").service.issue(order, journal), Delivered
    )


async def test_read_by_the_next_hub(post: mail_world.World) -> None:
    """The hub at the other end knows the mail for a prescription, of this patient."""
    content = papers.prescription()
    data = await sent(post.composer(Format.XDM), parcel(await handed(World(), content)))
    found = await submission(post.reader(), data)
    assert found.kind is Kind.PRESCRIPTION
    assert papers.INS in [one.value for one in found.patient]
    documents = [one for one in found.parts if one.role is DocumentRole.ATTACHMENT]
    assert [(await one.content.read(), one.code) for one in documents] == [(content, "57833-6")]


@pytest.mark.parametrize("name", PUBLISHED)
async def test_published(post: mail_world.World, name: str) -> None:
    """The published documents go through the zip to the last byte, dispensing documents included."""
    content = (shared("cda-fr") / "ExemplesCDA" / name).read_bytes()
    parts = (
        mail_world.body("Bonjour\n"),
        mail_world.part(content, "document.xml", "text/xml", code="57833-6"),
    )
    data = await sent(post.composer(Format.XDM), parcel(said(*parts)))
    assert [one for name, one in unzipped(data).items() if "DOC" in name] == [content]
    found = await submission(post.reader(), data)
    (document,) = [one for one in found.parts if one.role is DocumentRole.ATTACHMENT]
    assert await document.content.read() == content
    assert document.code == ("57833-6" if name.startswith("eP") else "60593-1")
