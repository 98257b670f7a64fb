"""Documents are encoded piece by piece as they would be as a whole, and cut anywhere."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_http.body.json import escaped
from hub_http.body.segments import Converted, Raw, base64_of, base64url_of, hex_of
from hub_http.body.whole import Body, Cut
from hub_http.mapping.templates import TemplateError
from tests.plugins.http.body.world import Pieces, document, made, run, whole

SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=5)
TEXT: Final = 'é"\\\n\x01日😀a' * 50_000
ENCODINGS: Final = {
    "base64": (base64_of, base64.b64encode),
    "base64url": (lambda content: base64url_of(content, bare=False), base64.urlsafe_b64encode),
    "bare": (
        lambda content: base64url_of(content, bare=True),
        lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    ),
    "hex": (hex_of, lambda data: data.hex().encode()),
    "raw": (Raw, bytes),
}


@pytest.mark.parametrize("name", ENCODINGS)
@given(data=st.binary(max_size=300), sizes=SIZES, cuts=st.tuples(st.integers(0, 700), st.integers(0, 700)))
def test_pieces_joined_are_the_whole_encoded(
    name: str, data: bytes, sizes: list[int], cuts: tuple[int, int]
) -> None:
    """For every size of document and piece; and any stretch of it is that stretch."""
    make, encode = ENCODINGS[name]
    segment = make(Pieces(data, sizes))
    expected = encode(data)
    start, end = min(cuts), max(cuts)

    async def check() -> None:
        assert segment.size == len(expected)
        assert await segment.whole() == expected
        assert b"".join([one async for one in segment.pieces()]) == expected
        assert b"".join([one async for one in segment.pieces(start, end)]) == expected[start:end]
        assert b"".join([one async for one in segment.pieces(start)]) == expected[start:]
        if start < end <= len(expected):
            inner = Cut(segment, start, end)
            assert inner.size == end - start
            assert b"".join([one async for one in inner.pieces(1, 5)]) == expected[start:end][1:5]

    run(check())


@given(st.integers(0, 3000))
def test_a_stretch_of_base64_reads_only_what_it_needs(start: int) -> None:
    """A chunk at the end does not read the document from its beginning."""
    content = Pieces(bytes(range(256)) * 9, [100])
    segment = base64_of(content)

    async def read() -> bytes:
        return b"".join([one async for one in segment.pieces(start, start + 40)])

    assert run(read()) == base64.b64encode(bytes(range(256)) * 9)[start : start + 40]
    assert content.read_bytes <= 40


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), SIZES)
def test_a_text_is_escaped_whatever_its_pieces(text: str, sizes: list[int]) -> None:
    """A character that is cut in two is put together first."""
    segment = Converted(Raw(Pieces(text.encode(), sizes)), escaped)

    async def check() -> None:
        measured = await segment.measure()
        joined = b"".join([one async for one in segment.pieces()])
        assert json.loads(b'"' + joined + b'"') == text
        assert await segment.whole() == joined
        assert (segment.size, measured.size) == (None, len(joined))
        for start in range(0, len(joined), 7):
            assert (
                b"".join([one async for one in segment.pieces(start, start + 7)]) == joined[start : start + 7]
            )

    run(check())


@pytest.mark.parametrize("data", [b"\xff", b"abc\xc3", b"\xed\xa0\x80"])
async def test_a_document_that_is_no_text_is_not_sent_as_one(data: bytes) -> None:
    """UTF-8, whole characters."""
    with pytest.raises(TemplateError):
        _ = [one async for one in Converted(Raw(Pieces(data)), escaped).pieces()]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("size", [1, 1000, 70_000, 333_333, 5_000_000])
async def test_chunks_joined_are_the_body(size: int, packed: bool) -> None:  # noqa: FBT001 - a column
    """Each chunk is a body of its own; compressed ones are compressed each by itself."""
    data = bytes(range(256)) * 4000
    tree = {"a": "{{ it | base64 }}", "b": "é", "c": "{{ it | hex }}"}
    said = {"method": "POST", "json": tree, "gzip": packed, "chunks": {"size": "1KiB"}}
    body = await made(said, {"it": document(Pieces(data, [65_536]))})
    expected = json.dumps(
        {"a": base64.b64encode(data).decode(), "b": "é", "c": data.hex()},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    assert body.length == len(expected)
    starts = range(0, len(expected), size) if size > 1 else [0, 5, len(expected) - 1]
    for start in list(starts)[:40]:
        chunk = body.stretch(start, start + size)
        read = await whole(chunk)
        plain = gzip.decompress(read) if packed else read
        assert plain == expected[start : start + size]
        assert chunk.length == len(plain)
        assert chunk.media_type == body.media_type
    assert (gzip.decompress(await whole(body)) if packed else await whole(body)) == expected


async def test_a_large_text_can_be_cut_once_it_is_measured() -> None:
    """A body that may go in chunks is measured when it is made, whatever that takes."""
    said = {"method": "POST", "json": {"t": "{{ it | text }}"}}
    scope = {"it": document(Pieces(TEXT.encode(), [100_001]))}
    unmeasured = await made(said, scope)
    assert (unmeasured.size, unmeasured.length) == (None, None)
    with pytest.raises(ValueError, match="unknown length"):
        unmeasured.stretch(0, 1)
    body = await made({**said, "chunks": {"size": "1MiB"}}, scope)
    data = await whole(body)
    assert data == await whole(unmeasured)
    assert json.loads(data) == {"t": TEXT}
    assert body.length is not None
    parts = [await whole(body.stretch(at, at + 300_000)) for at in range(0, body.length, 300_000)]
    assert b"".join(parts) == data


async def test_a_compressed_body_is_the_same_each_time() -> None:
    """No time of day gets into it: an attempt that is repeated sends the same bytes."""
    data = b"letter " * 100_000
    for body in (
        Body((), media_type=None, compressed=True, plain=data[:1000]),
        Body([Raw(Pieces(data, [999]))], media_type=None, compressed=True),
    ):
        read = await whole(body)
        assert gzip.decompress(read) in {data, data[:1000]}
        assert read[4:8] == bytes(4)
