"""IHE XDM: unpacked into documents, or the whole mail is refused with words that say why."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hub.domain.message import DocumentRole, Kind
from hub.errors import HubError, InputError, LimitError, MalformedError
from hub.ports.intake import Submission
from hub.testing.contents import MemoryStage
from hub_smtp.mail_settings import Format
from hub_smtp.mime.segments import of
from hub_smtp.mime.source import Held
from hub_smtp.xdm import archive, metadata, write
from hub_smtp.xdm import read as xdm_read
from hub_smtp.xdm.limits import XdmLimits
from tests.counterparts import SHARED, shared
from tests.plugins.smtp.mail.test_round_trip import CDA
from tests.plugins.smtp.mail.world import World, body, digests, mail, parcel, part, said, sent, submission
from tests.plugins.smtp.mail.zips import FOLDER, attached, xdm
from tests.plugins.smtp.mail.zips import metadata as described

SAMPLES = sorted(path.name for path in (SHARED / "cda-fr" / "ExemplesCDA").glob("*.xml"))


async def read(world: World, data: bytes, name: str = "IHE_XDM.ZIP") -> Submission:
    """Read a mail with this zip."""
    return await submission(world.reader(), mail(attached(data, name)))


async def test_unpacked(world: World) -> None:
    """The documents of the zip are the message's, with code, patient and kind; the zip itself is not."""
    found = await read(world, xdm({"DOC1.XML": CDA, "DOC2.XML": b"<a/>"}))
    names = [
        (one.name, one.media_type, one.code) for one in found.parts if one.role is DocumentRole.ATTACHMENT
    ]
    assert names == [("DOC1.XML", "text/xml", "34112-3"), ("DOC2.XML", "text/xml", None)]
    assert [(one.system, one.value) for one in found.patient] == [
        ("urn:oid:1.2.250.1.213.1.4.10", "279035121518989")
    ]
    assert found.kind is Kind.REPORT


async def test_undescribed_file(world: World) -> None:
    """A file that the metadata forgot is a document too: nothing that was sent is lost."""
    found = await read(world, xdm({"D.XML": CDA}, lambda z: z.writestr(f"{FOLDER}/LETTER.PDF", b"%PDF")))
    assert ("LETTER.PDF", "application/pdf") in [(one.name, one.media_type) for one in found.parts]


async def test_pdf_beside_the_zip(world: World) -> None:
    """A PDF that stands inside the zip and beside it is one document."""
    letter = said(body("Bonjour"), part(b"%PDF-1.7", "a.pdf"))
    data = await sent(world.composer(Format.XDM), parcel(letter))
    assert data.count(b"filename=a.pdf") == 1
    assert b"filename=IHE_XDM.ZIP" in data
    assert digests(letter) == digests(await submission(world.reader(), data))


async def test_converted_when_signed(world: World) -> None:
    """A signed mail with a plain attachment becomes an XDM, and the signed mail goes along."""
    data = mail(world.signed(attached(CDA, "cr.xml", "text/xml")))
    first = await submission(world.reader(), data)
    converted = await sent(world.composer(Format.XDM), parcel(first))
    second = await submission(world.reader(), converted)
    assert ("cr.xml", "text/xml", "34112-3") in [(one.name, one.media_type, one.code) for one in second.parts]
    (original,) = [
        one
        for one in second.parts
        if one.media_type == "message/rfc822" and one.role is DocumentRole.ATTACHMENT
    ]
    assert await original.content.read() == data
    assert b"X-MSS-CODECDA: 34112-3\r\nX-MSS-INS: O\r\n" in converted


async def test_xdm_is_left_alone(world: World) -> None:
    """A mail that holds an XDM already travels as it came, signed or not, whatever the format."""
    for entity in (attached(xdm({"D.XML": CDA})), world.signed(attached(xdm({"D.XML": CDA})))):
        first = await submission(world.reader(), mail(entity))
        data = await sent(world.composer(Format.XDM), parcel(first))
        assert entity.partition(b"\r\n\r\n")[2] in data


async def test_two_subsets(world: World) -> None:
    """Every subset of a zip gives its documents."""

    def add(z: zipfile.ZipFile) -> None:
        z.writestr("IHE_XDM/SUBSET02/METADATA.XML", described({"B.XML": b"<b/>"}))
        z.writestr("IHE_XDM/SUBSET02/B.XML", b"<b/>")

    found = await read(world, xdm({"A.XML": CDA}, add))
    assert [one.name for one in found.parts if one.role is DocumentRole.ATTACHMENT] == ["A.XML", "B.XML"]


async def test_other_zips(world: World) -> None:
    """A zip that is no XDM is a file like any other; an XDM by another name is one."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as z:
        z.writestr("a.txt", "a")
    for data in (plain.getvalue(), b"PK not a zip"):
        found = await read(world, data, "images.zip")
        assert "images.zip" in [one.name for one in found.parts]
    found = await read(world, xdm({"DOC1.XML": CDA}), "CR_2026.zip")
    assert "DOC1.XML" in [one.name for one in found.parts]


def named(name: str, data: bytes = b"x", mode: int = 0) -> Callable[[zipfile.ZipFile], None]:
    """Return what adds one file to a zip, its name as it is."""

    def add(z: zipfile.ZipFile) -> None:
        about = zipfile.ZipInfo("placeholder")
        about.filename = name
        about.create_system = 3
        about.external_attr = mode << 16
        about.compress_type = zipfile.ZIP_DEFLATED
        z.writestr(about, data)

    return add


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("more", "code"),
    [
        (named(f"{FOLDER}/../../../etc/passwd"), "xdm.path"),
        (named("/etc/passwd"), "xdm.path"),
        (named("C:/windows/x"), "xdm.path"),
        (named("IHE_XDM\\SUBSET01\\x"), "xdm.path"),
        (named("IHE_XDM//x"), "xdm.path"),
        (named("./x"), "xdm.path"),
        (named("a\x07"), "xdm.path"),
        (named("a "), "xdm.path"),
        (named(f"{FOLDER}/DOC1.XML", b"<other/>"), "xdm.twice"),
        (named(f"{FOLDER}/doc1.xml", b"<other/>"), "xdm.twice"),
        (named(f"{FOLDER}/link", b"/etc/passwd", stat.S_IFLNK | 0o777), "xdm.link"),
        (named(f"{FOLDER}/device", b"", stat.S_IFCHR | 0o666), "xdm.link"),
        (named(f"{FOLDER}/INNER.ZIP", xdm({"A.XML": b"<a/>"})), "xdm.nested"),
    ],
)
async def test_hostile_names(world: World, more: Callable[[zipfile.ZipFile], None], code: str) -> None:
    """A name that leads outside, a link, a double or a zip inside refuses the whole mail."""
    with pytest.raises(MalformedError) as caught:
        await read(world, xdm({"DOC1.XML": CDA}, more))
    assert caught.value.code == code
    assert caught.value.words.fr.startswith("IHE_XDM.ZIP est illisible")


@pytest.mark.parametrize(
    "limits",
    [
        XdmLimits(entries=3),
        XdmLimits(entry_bytes=1 << 20),
        XdmLimits(total_bytes=4 << 20, entry_bytes=64 << 20),
        XdmLimits(entry_bytes=1 << 30, total_bytes=1 << 30),
    ],
    ids=["entries", "entry", "total", "ratio"],
)
async def test_bomb(limits: XdmLimits) -> None:
    """Twenty megabytes of zeros in twenty kilobytes are refused by their sizes, before they are unpacked."""
    data = xdm({"ZEROS.BIN": bytes(20 << 20)})
    stage = MemoryStage()
    with pytest.raises(LimitError, match=r"xdm\.too_much"):
        await xdm_read.unpack(Held(data), limits, stage)
    assert not stage.contents


def lying(data: bytes, mark: bytes, at: int, value: bytes) -> bytes:
    """Return a zip in which something of the last header of a kind was overwritten."""
    start = data.rfind(mark) + at
    return data[:start] + value + data[start + len(value) :]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (lying(xdm({"D.XML": CDA}), b"PK\x01\x02", 24, struct.pack("<L", 10)), "xdm.data"),
        (lying(xdm({"D.XML": CDA}), b"PK\x01\x02", 16, b"\x00\x00\x00\x00"), "xdm.data"),
        (lying(xdm({"D.XML": CDA}), b"PK\x01\x02", 8, b"\x01\x00"), "xdm.encrypted"),
        (lying(xdm({"D.XML": CDA}), b"PK\x01\x02", 10, b"\x0c\x00"), "xdm.method"),
        (lying(xdm({"D.XML": CDA}), b"PK\x01\x02", 42, b"\x00\x00\x00\x00"), "xdm.header"),
        (lying(xdm({"D.XML": CDA}), b"PK\x01\x02", 20, struct.pack("<L", 1 << 20)), "xdm.header"),
        (lying(xdm({"D.XML": CDA}), b"PK\x03\x04", 30, b"Z"), "xdm.header"),
        (lying(xdm({"D.XML": CDA}), b"PK\x05\x06", 16, b"\x00\x00\x00\x00"), "xdm.directory"),
        (lying(xdm({"D.XML": CDA}), b"PK\x05\x06", 8, b"\x01\x00\x01\x00"), "xdm.directory"),
        (xdm({"D.XML": CDA})[:-4], "xdm.zip"),
        (b"MZ" + xdm({"D.XML": CDA}), "xdm.directory"),
        (b"", "xdm.zip"),
        (xdm({"D.XML": CDA}, described=b"<a><b></a>"), "xdm.metadata"),
        (xdm({"D.XML": CDA}, described=b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'), "xdm.metadata"),
        (xdm({"D.XML": CDA}, described=described({})), "xdm.metadata"),
        (xdm({"D.XML": CDA}, described=described({"OTHER.XML": CDA})), "xdm.missing"),
        (xdm({"D.XML": CDA}, described=described({"D.XML": CDA}, hash="0" * 40)), "xdm.hash"),
        (xdm({"D.XML": CDA}, described=described({"D.XML": CDA}, size="1")), "xdm.hash"),
        (xdm({"D.XML": CDA}, described=described({"D.XML": CDA}, URI="../../D.XML")), "xdm.missing"),
    ],
)
async def test_lying(world: World, data: bytes, code: str) -> None:
    """A zip or metadata that say two things are refused, whichever of them was meant."""
    with pytest.raises(MalformedError) as caught:
        await read(world, data)
    assert caught.value.code == code


def overlapping() -> bytes:
    """Return a zip in which two names share one file's bytes."""
    data = bytearray(xdm({"A.XML": CDA, "B.XML": CDA}))
    central = data.rfind(b"PK\x01\x02")
    before = data.rfind(b"PK\x01\x02", 0, central)
    first = data[before + 42 : before + 46]
    data[central + 42 : central + 46] = first
    return bytes(data)


async def test_overlap(world: World) -> None:
    """Entries that share bytes, as in the zips that quine or explode, are refused."""
    with pytest.raises(MalformedError, match=r"xdm\.(overlap|header)"):
        await read(world, overlapping())


@given(st.data())
async def test_mutated(data: st.DataObject) -> None:
    """However a zip is damaged, it is read or refused, and nothing else happens."""
    whole = bytearray(xdm({"D.XML": CDA}))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        await xdm_read.unpack(Held(bytes(whole)), XdmLimits(), MemoryStage())
    except HubError as error:
        assert isinstance(error, InputError)  # noqa: PT017 - to be read is right as well


async def test_doctype_in_a_cda(world: World) -> None:
    """A CDA document that declares entities is refused; readers have been attacked that way."""
    bomb = CDA.replace(b"<Clin", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Clin', 1)
    with pytest.raises(MalformedError, match=r"cda\.doctype"):
        await read(world, xdm({"D.XML": bomb}))


@pytest.mark.skipif(not SAMPLES, reason="the French CDA samples are not on this machine")
@pytest.mark.parametrize("name", SAMPLES)
async def test_real_documents(world: World, name: str) -> None:
    """Real CDA documents give their LOINC code, the patient's INS, and the kind of message they make."""
    data = (shared("cda-fr/ExemplesCDA") / name).read_bytes()
    root = etree.fromstring(data)
    code = root.find("{urn:hl7-org:v3}code")
    assert code is not None
    found = await read(world, xdm({"CDA.XML": data}))
    (document,) = [one for one in found.parts if one.role is DocumentRole.ATTACHMENT]
    loinc = code.get("code") if code.get("codeSystem") == "2.16.840.1.113883.6.1" else None
    assert document.code == loinc
    ours = {one.value for one in found.patient}
    role = root.find("{urn:hl7-org:v3}recordTarget/{urn:hl7-org:v3}patientRole")
    assert role is not None
    theirs = {
        one.get("extension")
        for one in role.iterfind("{urn:hl7-org:v3}id")
        if one.get("root", "").startswith("1.2.250.1.213.1.4.")
        and one.get("root", "").rpartition(".")[2] in {"8", "9", "10"}
    }
    assert ours == theirs
    assert found.kind is (Kind.PRESCRIPTION if loinc == "57833-6" else Kind.REPORT)
    again = await submission(world.reader(), await sent(world.composer(Format.XDM), parcel(found)))
    assert digests(found) == digests(again)
    assert found.patient == again.patient


async def test_written_zip(tmp_path: Path) -> None:
    """Our zip is sound for Python, the same every time, and its metadata tell the truth."""
    letter = parcel(
        said(
            body("Bonjour"),
            part(CDA, "cr été.xml", "text/xml", code="34112-3"),
            part(bytes(3 << 20), "z.bin"),
        )
    )
    documents = letter.sealed.envelope.message.documents
    zips = []
    for _ in range(2):
        files = [(one, await of(letter.contents[one.id])) for one in documents[1:]]
        segments = await write.pack(letter.sealed.envelope, files, "hub.example")
        zips.append(b"".join([piece async for piece in segments.pieces()]))
        assert len(zips[-1]) == segments.size
    assert zips[0] == zips[1]
    path = tmp_path / "IHE_XDM.ZIP"
    path.write_bytes(zips[0])
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        about = metadata.read(z.read(f"{FOLDER}/METADATA.XML"))
        assert [(one.uri, one.name, one.code) for one in about] == [
            ("DOC00001.XML", "cr été.xml", "34112-3"),
            ("DOC00002.PDF", "z.bin", None),
        ]
        for one in about:
            assert one.size == z.getinfo(f"{FOLDER}/{one.uri}").file_size
    assert len(await archive.entries(Held(zips[0]), XdmLimits())) == 5
