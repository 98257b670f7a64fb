"""What a server may answer, and what becomes of it: an answer, or one clear fault, within its limits."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_http.wire.faults import WireFault
from hub_http.wire.unpacking import BombError, Gunzip, PackedError
from tests.plugins.http.wire.world import Papers, Scene, Wire, exchange, get, post, serving

KIB = 1 << 10


def saying(*parts: bytes, end: bool = False) -> Scene:
    """Answer every request with these bytes, one after the other; then wait, or end the connection."""

    async def scene(wire: Wire) -> None:
        while True:
            await wire.request()
            for part in parts:
                await wire.say(part)
                await asyncio.sleep(0)
            if end:
                return

    return scene


def answer(body: bytes, *more: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """Spell an answer."""
    length = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {length}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def fault(papers: Papers, scene: Scene, **changed: object) -> WireFault:
    """Ask and return what goes wrong; the way must be good for another request afterwards."""
    async with serving(papers, scene) as server, exchange(papers, server.url(), **changed) as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url()))
        assert caught.value.stage == "sent"
        for words in (caught.value.words.en, caught.value.words.fr):
            assert f"api.valbrume.example:{server.port}" in words
            assert "messages" not in words
        return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 302, 307, 400, 401, 404, 409, 422, 429, 500, 503])
async def test_every_status_is_an_answer(papers: Papers, status: int) -> None:
    """What it means is said by the description; a redirect is not followed, wherever it leads."""
    said = answer(b'{"x":1}', "Location: https://elsewhere.example/", "X-Id: 7", status=f"{status} So")
    async with serving(papers, saying(said)) as server, exchange(papers, server.url()) as way:
        for _ in range(2):
            got = await way.ask(post(server.url()))
            assert (status, b'{"x":1}', "application/json") == (got.status, got.body, got.media_type)
            assert got.headers["x-id"] == "7"
        assert len(server.wires) == 1
        assert len(server.requests) == 2


OK, CHUNKED, GZIP = b"HTTP/1.1 200 OK\r\n", b"Transfer-Encoding: chunked\r\n\r\n", "Content-Encoding: gzip"
STAYS = {
    "another-protocol-s-turn": (
        b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "answer_malformed",
    ),
    "another-protocol": (b"SMTP ready\r\n", "answer_malformed"),
    "no-status": (b"HTTP/1.1 abc OK\r\n\r\n", "answer_malformed"),
    "no-header": (OK + b"Bad Header\r\n\r\n", "answer_malformed"),
    "negative-length": (OK + b"Content-Length: -5\r\n\r\n", "answer_malformed"),
    "two-lengths": (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "answer_malformed"),
    "large-header": (OK + b"X: " + b"a" * 100 * KIB + b"\r\n\r\n", "answer_malformed"),
    "many-headers": (OK + b"X: a\r\n" * 5000 + b"\r\n", "answer_malformed"),
    "no-chunk": (OK + CHUNKED + b"zz\r\n", "answer_malformed"),
    "no-gzip": (answer(b"{}", GZIP), "answer_malformed"),
    "half-a-gzip": (answer(gzip.compress(b"{}" * 99)[:-9], GZIP), "answer_malformed"),
    "an-encoding-not-asked-for": (answer(b"{}", "Content-Encoding: br"), "answer_malformed"),
    "large": (answer(b"x" * 5 * KIB), "answer_too_large"),
    "announced-large": (answer(b"", length=1 << 60), "answer_too_large"),
    "packed-large": (answer(gzip.compress(b"\0" * 999 * KIB), GZIP), "answer_too_large"),
}
ENDS = {
    "nothing": (b"", "lost_answer"),
    "half-a-head": (b"HTTP/1.1 20", "lost_answer"),
    "half-a-body": (answer(b"{}", length=5), "lost_answer"),
    "half-a-chunk": (OK + CHUNKED + b"5\r\nab", "lost_answer"),
}


@pytest.mark.parametrize("which", [*STAYS, *ENDS])
async def test_what_is_no_answer_is_a_fault(papers: Papers, which: str) -> None:
    """Each with its name; something was sent, so what it did is not known."""
    said, code = (STAYS | ENDS)[which]
    assert f"http.{code}" == (await fault(papers, saying(said, end=which in ENDS), max_answer="4KiB")).code


async def test_an_endless_answer_ends_at_its_limit(papers: Papers) -> None:
    """The connection is left, not read on."""

    async def endless(wire: Wire) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await wire.say(b"400\r\n" + b"x" * KIB + b"\r\n")

    assert (await fault(papers, endless, max_answer="64KiB")).code == "http.answer_too_large"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Len"], ids=["nothing", "half-a-head"])
async def test_silence_is_not_waited_for(papers: Papers, head: bytes) -> None:
    """The answer has its time, counted from the last byte of the request."""

    async def silent(wire: Wire) -> None:
        await wire.request()
        await wire.say(head)
        await wire.gone()

    failed = await fault(papers, silent, answer_timeout="60ms")
    assert failed.code == "http.too_slow"
    assert "answer" in failed.words.en


async def test_a_head_that_drips_has_no_more_time(papers: Papers) -> None:
    """A byte now and then does not keep a request alive."""

    async def dripping(wire: Wire) -> None:
        await wire.request()
        with suppress(ConnectionError):
            while True:
                await wire.say(b"HTTP/1.1 200 OK\r\n" if not wire.writer.is_closing() else b"")
                await asyncio.sleep(0.01)

    assert (await fault(papers, dripping, answer_timeout="80ms")).code in {
        "http.too_slow",
        "http.answer_malformed",
    }


async def test_a_body_that_stops_is_not_waited_for(papers: Papers) -> None:
    """Between two stretches there is a limit."""

    async def stopping(wire: Wire) -> None:
        await wire.request()
        await wire.say(answer(b"{}", length=100))
        await wire.gone()

    assert (await fault(papers, stopping, idle_timeout="60ms")).code == "http.too_slow"


async def test_a_body_that_drips_ends_with_the_whole(papers: Papers) -> None:
    """However often a byte comes: one request has one end."""

    async def dripping(wire: Wire) -> None:
        await wire.request()
        await wire.say(answer(b"", length=100_000))
        with suppress(ConnectionError):
            while True:
                await wire.say(b"x")
                await asyncio.sleep(0.01)

    assert (await fault(papers, dripping, total_timeout="900ms")).code == "http.too_slow"


async def test_endless_informational_answers_end(papers: Papers) -> None:
    """`100 Continue` for ever is no answer."""

    async def continuing(wire: Wire) -> None:
        await wire.request()
        with suppress(ConnectionError):
            while True:
                await wire.say(b"HTTP/1.1 100 Continue\r\n\r\n")
                await asyncio.sleep(0.005)

    assert (await fault(papers, continuing, answer_timeout="80ms")).code == "http.too_slow"


async def test_another_kind_of_answer_is_a_fault(papers: Papers) -> None:
    """A login page in the place of JSON; a failure may come as it likes."""
    page = answer(b"<html>").replace(b"application/json", b"Text/HTML; charset=utf-8")
    async with serving(papers, saying(page)) as server, exchange(papers, server.url()) as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(get(server.url(), media_types=("application/json", "application/*+json")))
        assert caught.value.code == "http.answer_media_type"
        assert "text/html" in caught.value.words.en
        assert (await way.ask(get(server.url(), media_types=("text/*",)))).body == b"<html>"
        assert (await way.ask(get(server.url()))).media_type == "text/html"
    refused = page.replace(b"200 OK", b"503 No")
    async with serving(papers, saying(refused)) as server, exchange(papers, server.url()) as way:
        assert (await way.ask(get(server.url(), media_types=("application/json",)))).status == 503


async def test_gzip_is_taken_off(papers: Papers) -> None:
    """Also in several members and in small chunks."""
    body = json.dumps(["é" * 50] * 500).encode()
    packed = gzip.compress(body[:700]) + gzip.compress(body[700:])
    chunks = [packed[at : at + 7] for at in range(0, len(packed), 7)]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nTransfer-Encoding: chunked\r\n\r\n"
    spelt = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks) + b"0\r\n\r\n"
    async with serving(papers, saying(head + spelt)) as server, exchange(papers, server.url()) as way:
        for _ in range(2):
            assert (await way.ask(get(server.url()))).body == body
        assert len(server.wires) == 1
        assert server.requests[0][1]["accept-encoding"] == "gzip"


async def test_more_than_the_length_is_never_taken_for_the_next_answer(papers: Papers) -> None:
    """A server that appends an answer of its own can't answer a question that was not asked yet."""
    forged = answer(b'{"forged":1}')

    async def splitting(wire: Wire) -> None:
        await wire.request()
        await wire.say(answer(b"{}") + forged)
        while True:
            await wire.request()
            await wire.say(answer(b'{"mine":1}'))

    async with serving(papers, splitting) as server, exchange(papers, server.url()) as way:
        assert (await way.ask(get(server.url()))).body == b"{}"
        for _ in range(3):
            assert b"forged" not in (await way.ask(get(server.url()))).body


async def test_what_comes_while_nobody_asks_ends_the_connection(papers: Papers) -> None:
    """An answer that lies there before the request is not its answer."""
    early = asyncio.Event()

    async def unasked(wire: Wire) -> None:
        await wire.request()
        await wire.say(answer(b"{}"))
        await asyncio.sleep(0.02)
        await wire.say(answer(b'{"forged":1}'))
        early.set()
        while True:
            await wire.request()
            await wire.say(answer(b'{"mine":1}'))

    async with serving(papers, unasked) as server, exchange(papers, server.url()) as way:
        assert (await way.ask(post(server.url()))).body == b"{}"
        await early.wait()
        assert (await way.ask(post(server.url()))).body == b"{}"
        assert len(server.wires) == 2
        assert len(server.requests) == 2


@settings(deadline=None)
@given(st.binary(max_size=5000), st.integers(1, 900), st.integers(0, 3))
def test_gunzip_gives_back_what_was_packed(data: bytes, step: int, members: int) -> None:
    """Cut anywhere, in any number of members."""
    packed = b"".join(gzip.compress(data) for _ in range(members))
    unpacking, out = Gunzip(), b""
    for at in range(0, len(packed), step):
        out += b"".join(unpacking.take(packed[at : at + step]))
    unpacking.finish()
    assert out == data * members


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300), st.integers(1, 300))
def test_gunzip_notices_every_cut(data: bytes, cut: int) -> None:
    """Half of a document is none."""
    packed = gzip.compress(data)
    cut = min(cut, len(packed) - 1)
    unpacking = Gunzip()
    with pytest.raises(PackedError):  # noqa: PT012 - either may notice
        list(unpacking.take(packed[:-cut]))
        unpacking.finish()


def test_a_bomb_is_left_before_it_bursts() -> None:
    """What becomes a thousand times larger is no document."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = bomb.compress(bytes(64 << 20)) + bomb.flush()
    out = 0
    with pytest.raises(BombError):  # noqa: PT012 - counted until then
        for piece in Gunzip().take(packed):
            out += len(piece)
            assert len(piece) <= 64 * KIB
    assert out <= max(1 << 20, 200 * len(packed))


PIECES = [
    *(b"HTTP/1.1 ", b"HTTP/1.0 ", b"200 OK", b"204 No", b"304", b"100 Continue", b"101 Switch", b"999 X"),
    *(b"\r\n", b"\n", b"\r\n\r\n", b"Content-Length: ", b"5", b"0", b"+1", b"Upgrade: h2c", b"Trailer: X"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Content-Encoding: gzip", b"Set-Cookie: a"),
    *(
        b"Connection: close",
        b"5\r\nabcde\r\n",
        b"0\r\n\r\n",
        b"{}",
        b":",
        b"\0",
        b"\xff",
        b" ",
        b"\x1f\x8b\x08",
    ),
]


async def test_noise_is_an_answer_or_a_fault(papers: Papers) -> None:
    """Whatever a server says: never another error, never a hang, and the next request is served."""
    chance = random.Random(7)
    said = b""

    async def noise(wire: Wire) -> None:
        await wire.request()
        await wire.say(said)

    async with (
        serving(papers, noise) as server,
        exchange(papers, server.url(), answer_timeout="2s", idle_timeout="2s", max_answer="1KiB") as way,
    ):
        for _ in range(300):
            said = b"".join(chance.choices(PIECES, k=chance.randrange(14)))
            if chance.random() < 0.6:
                said = b"HTTP/1.1 200 OK\r\n" + said
            with suppress(WireFault):
                assert (await way.ask(post(server.url()))).status >= 200, said
