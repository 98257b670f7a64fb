"""Pictures of 2D codes: one code is read, anything else is refused."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hub.errors import HubError, InputError, LimitError, MalformedError
from hub_eprescription.codes import draw, reading
from hub_eprescription.codes.draw import Symbology


def saved(image: Image.Image, kind: str = "PNG") -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it is large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", reading.FORMATS)
def test_formats(kind: str) -> None:
    """A code is read from each format that is taken."""
    with Image.open(io.BytesIO(draw.png("one", module=10))) as image:
        data = saved(image.convert("L"), kind)
    scanned = reading.read(data)
    assert (Symbology.DATA_MATRIX, b"one") == (scanned.symbology, scanned.content)


def test_transparent() -> None:
    """A code on a transparent ground is read as it looks on paper."""
    with Image.open(io.BytesIO(draw.png("one", "qr"))) as image:
        grey = image.convert("L")
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    clear.putalpha(grey.point(lambda shade: 255 - shade))
    assert b"one" == reading.read(saved(clear)).content


@pytest.mark.parametrize("how_many", [0, 2])
def test_not_one(how_many: int) -> None:
    """A picture of none or of several codes is refused: nobody guesses which is meant."""
    paper = Image.new("L", (1200, 600), 255)
    for place in range(how_many):
        with Image.open(io.BytesIO(draw.png(f"code {place}", "qr"))) as image:
            paper.paste(image.convert("L"), (100 + 600 * place, 100))
    with pytest.raises(InputError) as caught:
        reading.read(saved(paper))
    assert "prescription.picture_code" == caught.value.code


@pytest.mark.parametrize(("width", "height"), [(4001, 4000), (10_000, 10_000), (60_000, 60_000)])
def test_too_many_pixels(width: int, height: int) -> None:
    """A small file that unpacks to a huge picture is refused before it does."""
    with pytest.raises(LimitError) as caught:
        reading.read(bomb(width, height))
    assert "prescription.picture_too_large" == caught.value.code


def test_too_many_bytes() -> None:
    """A file over the limit is not opened."""
    with pytest.raises(LimitError):
        reading.read(b"\x89PNG" + bytes(reading.MAX_BYTES))


@pytest.mark.parametrize("kind", ["TIFF", "PPM", "ICO"])
def test_other_formats(kind: str) -> None:
    """Formats that nobody needs are not opened."""
    with pytest.raises(MalformedError) as caught:
        reading.read(saved(Image.new("RGB", (32, 32)), kind))
    assert "prescription.picture_malformed" == caught.value.code


@settings(deadline=None)
@given(st.data())
def test_damaged(data: st.DataObject) -> None:
    """A damaged file is read or refused with one of our errors, never another."""
    whole = draw.png("one", module=2)
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    try:
        said = reading.read(damaged).content.decode()
    except HubError as error:
        said = error.code.removesuffix("_code").removesuffix("_malformed").removesuffix("_too_large")
    assert said in {"one", "prescription.picture"}
