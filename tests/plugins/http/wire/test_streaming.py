"""Downloads: as they come, into a sink, within their limit; parts one after the other."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc

import pytest

from hub.errors import LimitError, StoreError, Words
from hub.ports.content import Content
from hub_http.wire.faults import WireFault
from tests.plugins.http.wire.world import Papers, Wire, exchange, get, post, serving

MIB = 1 << 20


class Kept:
    """A sink that remembers (`Sink`)."""

    def __init__(self, limit: int | None = None, error: Exception | None = None) -> None:
        self.data = bytearray()
        self.limit = limit
        self.error = error

    async def write(self, data: bytes) -> None:
        """Take bytes."""
        if self.error is not None:
            raise self.error
        self.data += data

    async def finish(self) -> Content:
        """Never called by the wire."""
        raise AssertionError


def giving(*bodies: bytes, status: str = "200 OK", more: str = "X-A: b") -> object:
    """Answer with one body after the other."""
    left = list(bodies)

    async def scene(wire: Wire) -> None:
        while True:
            await wire.request()
            body = left.pop(0) if len(left) > 1 else left[0]
            lines = [f"HTTP/1.1 {status}", "Content-Type: application/pdf", more]
            head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
            await wire.say(head.encode() + body)

    return scene


async def test_parts_follow_one_another_into_one_sink(papers: Papers) -> None:
    """As a download of several parts (206) goes on; each is asked for by the caller."""
    parts = [b"a" * 70_000, b"b" * 70_000, b""]
    sink = Kept()
    async with (
        serving(papers, giving(*parts, status="206 Part", more="Mex-Chunk-Range: 1:3")) as server,  # type: ignore[arg-type]
        exchange(papers, server.url()) as way,
    ):
        for part in parts:
            async with way.stream(get(server.url())) as download:
                assert (206, "application/pdf") == (download.status, download.media_type)
                assert download.headers["mex-chunk-range"] == "1:3"
                assert await download.into(sink) == len(part)
        assert bytes(sink.data) == b"".join(parts)
        assert len(server.wires) == 1


async def test_a_large_download_is_never_held(papers: Papers) -> None:
    """64 MiB go by; a few are in memory."""

    async def large(wire: Wire) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(64):
            await wire.say(bytes(MIB))

    async with serving(papers, large) as server, exchange(papers, server.url()) as way:
        tracemalloc.start()
        size = 0
        async with way.stream(get(server.url())) as download:
            async for piece in download.pieces():
                size += len(piece)
                if size > MIB and not size % (8 * MIB):
                    await asyncio.sleep(0.01)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size == 64 * MIB
        assert peak < 16 * MIB


async def test_a_download_has_a_limit_of_its_own(papers: Papers) -> None:
    """Larger than an answer, and kept, also when it is packed."""
    body = bytes(300_000)
    async with (
        serving(papers, giving(body)) as server,  # type: ignore[arg-type]
        exchange(papers, server.url(), max_answer="1KiB", max_download="300KiB") as way,
    ):
        async with way.stream(get(server.url())) as download:
            assert await download.into(Kept()) == len(body)
        with pytest.raises(WireFault) as caught:
            async with way.stream(get(server.url())) as download:
                await download.whole()
        assert caught.value.code == "http.answer_too_large"
    packed = gzip.compress(bytes(400_000))
    async with (
        serving(papers, giving(packed, more="Content-Encoding: gzip")) as server,  # type: ignore[arg-type]
        exchange(papers, server.url(), max_download="300KiB") as way,
    ):
        sink = Kept()
        with pytest.raises(WireFault):
            async with way.stream(get(server.url())) as download:
                await download.into(sink)
        assert len(sink.data) <= 300 << 10


@pytest.mark.parametrize("kind", [StoreError, LimitError])
async def test_what_the_sink_says_comes_through(papers: Papers, kind: type[StoreError]) -> None:
    """It is no fault of the wire; the connection is not used again."""
    error = kind("store.full", Words(en="full", fr="plein"))
    async with (
        serving(papers, giving(bytes(MIB))) as server,  # type: ignore[arg-type]
        exchange(papers, server.url()) as way,
    ):
        with pytest.raises(kind) as caught:
            async with way.stream(get(server.url())) as download:
                await download.into(Kept(error=error))
        assert caught.value is error
        async with way.stream(get(server.url())) as download:
            assert await download.into(Kept()) == MIB
        assert len(server.wires) == 2


async def test_a_failure_is_read_as_an_answer(papers: Papers) -> None:
    """Its words are wanted, not written to the sink."""
    async with (
        serving(papers, giving(b"gone", status="410 Gone")) as server,  # type: ignore[arg-type]
        exchange(papers, server.url()) as way,
        way.stream(get(server.url())) as download,
    ):
        answer = await download.whole()
        assert (410, b"gone") == (answer.status, answer.body)


async def test_half_a_download_is_none(papers: Papers) -> None:
    """A connection that ends before its length is a fault, whatever was written."""

    async def half(wire: Wire) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async with serving(papers, half) as server, exchange(papers, server.url()) as way:
        with pytest.raises(WireFault) as caught:
            async with way.stream(get(server.url())) as download:
                await download.into(Kept())
        assert ("http.lost_answer", "sent") == (caught.value.code, caught.value.stage)


async def test_a_sink_that_takes_its_time_is_not_the_server_s_fault(papers: Papers) -> None:
    """Only the server's pauses count."""

    class Slow(Kept):
        async def write(self, data: bytes) -> None:
            await asyncio.sleep(0.3)
            await super().write(data)

    sink = Slow()
    async with (
        serving(papers, giving(bytes(200_000))) as server,  # type: ignore[arg-type]
        exchange(papers, server.url(), idle_timeout="200ms") as way,
        way.stream(get(server.url())) as download,
    ):
        assert await download.into(sink) == 200_000


async def test_a_download_may_be_read_by_another_task(papers: Papers) -> None:
    """Its limits hold there too."""

    async def stopping(wire: Wire) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await wire.gone()

    async with (
        serving(papers, stopping) as server,
        exchange(papers, server.url(), idle_timeout="60ms") as way,
    ):
        with pytest.raises(WireFault) as caught:
            async with way.stream(get(server.url())) as download:
                await asyncio.create_task(download.into(Kept()))
        assert caught.value.code == "http.too_slow"


async def test_another_request_may_go_while_a_download_is_open(papers: Papers) -> None:
    """Even to an operator that wants one at a time: the wire has a few more for such."""
    async with (
        serving(papers, giving(bytes(MIB), b"{}")) as server,  # type: ignore[arg-type]
        exchange(papers, server.url(), concurrency=1) as way,
        way.stream(get(server.url())) as download,
    ):
        assert (await way.ask(post(server.url()))).body == b"{}"
        assert await download.into(Kept()) == MIB
