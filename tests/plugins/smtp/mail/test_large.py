"""Fifty megabytes pass without being whole in memory, in any shape that a mail can take."""

from __future__ import annotations

import base64
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hub.domain.message import DocumentRole, SignatureResult
from hub.ports.content import PIECE
from hub.ports.intake import Submission
from hub_smtp.mail_settings import Encrypt, Format, OnInvalid
from tests.plugins.smtp.mail.test_xdm import CDA
from tests.plugins.smtp.mail.world import (
    DOCTOR,
    World,
    arrived,
    body,
    digests,
    mail,
    parcel,
    part,
    said,
    sha256,
    submission,
)

SIZE = 50 << 20
ROOM = 16 << 20
"""Bytes of memory that any step may use: some pieces at a time, never the whole."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """A content in a file (`Content`)."""

    path: Path
    size: int
    sha256: str

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces."""
        left = (self.size if end is None else min(end, self.size)) - start
        with self.path.open("rb") as file:
            file.seek(start)
            while left > 0 and (data := file.read(min(PIECE, left))):
                left -= len(data)
                yield data

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes at once."""
        return b"".join([piece async for piece in self.pieces(start, end)])


@dataclass(slots=True)
class FileSink:
    """A content being written to a file (`Sink`)."""

    path: Path
    size: int = 0

    async def write(self, data: bytes) -> None:
        """Take more bytes."""
        with self.path.open("ab") as file:
            self.size += file.write(data)

    async def finish(self) -> FileContent:
        """Say that this was all."""
        with self.path.open("rb") as file:
            return FileContent(self.path, self.size, hashlib.file_digest(file, "sha256").hexdigest())


@dataclass(slots=True)
class FileStage:
    """The contents of a submission, in a folder (`Stage`)."""

    folder: Path
    sinks: list[FileSink] = field(default_factory=list)

    def sink(self, limit: int | None = None) -> FileSink:
        """Begin a content."""
        del limit
        path = self.folder / f"content-{len(self.sinks)}"
        path.touch()
        self.sinks.append(FileSink(path))
        return self.sinks[-1]

    async def keep(self, data: bytes) -> FileContent:
        """Store bytes at once."""
        sink = self.sink()
        await sink.write(data)
        return await sink.finish()

    async def discard(self) -> None:
        """Forget everything."""


@pytest.mark.parametrize(
    ("form", "encrypt"),
    [(Format.PLAIN, Encrypt.NEVER), (Format.XDM, Encrypt.NEVER), (Format.XDM, Encrypt.ALWAYS)],
)
async def test_flat(world: World, tmp_path: Path, form: Format, encrypt: Encrypt) -> None:
    """A 50 MB document is composed, signed, encrypted, and read back, in a few megabytes of memory."""
    stage = FileStage(tmp_path)
    sink = stage.sink()
    for number in range(SIZE // PIECE):
        await sink.write(number.to_bytes(4) * (PIECE // 4))
    large = await sink.finish()
    key = world.authority.issue("p256", addresses=[str(DOCTOR)])
    letter = said(
        body("Bonjour"), part(CDA, "cr.xml", "text/xml", code="34112-3"),
        replace(part(b"", "scan.tif", "image/tiff"), content=large),
    )  # fmt: skip
    what = parcel(letter, certificates=[key])
    tracemalloc.start()
    try:
        ((one,), outcomes) = await world.composer(form, encrypt).mails(what)
        assert not outcomes
        out = stage.sink()
        async for piece in one.pieces():
            assert len(piece) <= 4 * PIECE
            await out.write(piece)
        written = await out.finish()
        assert written.size == one.size
        reader = world.reader(OnInvalid.REFUSE, key)
        found = await reader.read(replace(arrived(b""), content=written), stage)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found, Submission)
    assert digests(letter) == digests(found)
    assert peak < ROOM
    # The hub on the way signs with Sender: what it passed on had no signature of its author.
    assert found.signature.result is SignatureResult.NONE
    if encrypt is Encrypt.ALWAYS:
        original = [one for one in found.parts if one.role is DocumentRole.ORIGINAL]
        assert [one.name for one in original] == ["original.eml", "decrypted.eml"]


async def test_passed_on(world: World, tmp_path: Path) -> None:
    """A large signed mail is read, and goes out inside the hub's signature, byte for byte."""
    attachment = base64.encodebytes(b"\x00\xff" * (2 << 20)).replace(b"\n", b"\r\n")
    entity = (
        b"Content-Type: application/dicom; name=scan.dcm\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + attachment
    )
    data = mail(world.signed(entity))
    first = await world.reader().read(arrived(data), FileStage(tmp_path))
    assert isinstance(first, Submission)
    assert first.signature.result is SignatureResult.VALID
    ((one,), _) = await world.composer().mails(parcel(first))
    out = b"".join([piece async for piece in one.pieces()])
    assert len(out) == one.size
    assert entity in out
    again = await submission(world.reader(), out)
    assert again.signature == first.signature
    assert sha256(b"\x00\xff" * (2 << 20)) in [one.content.sha256 for one in again.parts]
