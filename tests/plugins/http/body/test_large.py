"""A document of 100 MB never stands whole in memory, whatever the body that carries it."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.ports.content import PIECE
from hub.testing.parcels import WHOLE_LIMIT, GeneratedContent
from tests.plugins.http.body.world import document, made

SIZE = 100_000_001
MOST = 8 << 20
"""Bytes that making and reading a body may hold at a time."""
_STRETCH = bytes(range(256)) * (PIECE // 256)


class Scan:
    """A hundred megabytes that are quickly made (`Content`), and never at once."""

    size = SIZE
    sha256 = "0" * 64

    async def pieces(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes."""
        last = SIZE if end is None else min(end, SIZE)
        while start < last:
            first = start % PIECE
            piece = _STRETCH[first : first + last - start]
            yield piece
            start += len(piece)

    async def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return a small stretch."""
        assert (SIZE if end is None else end) - start <= WHOLE_LIMIT
        return b"".join([piece async for piece in self.pieces(start, end)])


async def test_a_document_comes_through_as_it_is() -> None:
    """One that no process holds at once: byte for byte, to the last piece."""
    scan = GeneratedContent(3_000_001)
    body = await made({"method": "POST", "raw": "{{ it }}"}, {"it": document(scan)})
    digest = hashlib.sha256()
    async for piece in body.pieces():
        digest.update(piece)
    assert digest.hexdigest() == scan.sha256


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ({"raw": "{{ it }}"}, SIZE),
        ({"json": {"a": "{{ it | base64 }}"}}, 4 * -(-SIZE // 3) + len('{"a":""}')),
        ({"xml": "<a>{{ it | base64 }}</a>"}, 4 * -(-SIZE // 3) + len("<a></a>")),
        ({"multipart": [{"name": "f", "filename": "x", "raw": "{{ it }}"}]}, None),
        ({"form": {"f": "{{ it | hex }}"}}, None),
        ({"raw": "{{ it }}", "gzip": True}, None),
    ],
)
async def test_a_body_of_a_hundred_megabytes_streams(said: dict[str, Any], size: int | None) -> None:
    """Its size is known before a byte of it is read."""
    tracemalloc.start()
    try:
        body = await made({"method": "POST", **said}, {"it": document(Scan())})
        assert body.data is None
        assert body.size == size or size is None
        read = 0
        async for piece in body.pieces():
            read += len(piece)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert body.size in {None, read}
    assert most < MOST


async def test_its_last_chunk_is_found_at_once() -> None:
    """A chunk costs what it weighs, wherever it is."""
    said = {"method": "POST", "json": {"a": "{{ it | base64 }}"}, "chunks": {"size": "19MiB"}}
    body = await made(said, {"it": document(Scan())})
    assert body.length is not None
    tracemalloc.start()
    try:
        chunk = body.stretch(body.length - (1 << 20), body.length)
        read = [piece async for piece in chunk.pieces()]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(map(len, read)) == 1 << 20
    assert most < MOST
