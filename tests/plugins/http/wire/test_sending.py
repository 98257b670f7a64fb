"""How a request leaves: once, whole or not, and it is known which. All against servers of flesh and blood."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from hub.errors import StoreError, Words
from hub_http.wire.faults import WireFault
from tests.plugins.http.wire.world import (
    HOST,
    OK,
    Papers,
    Streamed,
    Wire,
    exchange,
    get,
    headers,
    polite,
    post,
    serving,
    short,
)
from tests.servers import free_port

LARGE = 4 << 20


def upload(*given: bytes | BaseException, **more: Any) -> Streamed:
    """Return a body in pieces."""
    return Streamed(*given, **more)


async def test_a_large_body_leaves_in_pieces(papers: Papers) -> None:
    """With its length when that is known, in chunks when not; byte for byte."""
    pieces = [bytes([number]) * 100_000 for number in range(50)]
    async with serving(papers, polite) as server, exchange(papers, server.url()) as way:
        sized = upload(*pieces, size=5_000_000)
        assert (await way.ask(post(server.url(), body=sized))).status == 200
        assert (await way.ask(post(server.url(), body=upload(*pieces)))).status == 200
        (_, first, one), (_, second, other) = server.requests
        assert first["content-length"] == "5000000"
        assert second["transfer-encoding"] == "chunked"
        assert one == other == b"".join(pieces)
        assert len(server.wires) == 1


async def test_what_is_not_read_is_not_held(papers: Papers) -> None:
    """A server that takes its time slows the reading of the document down."""
    taken = 0
    begin = asyncio.Event()

    async def counted() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(640):
            taken += 1
            yield bytes(65536)

    async def slow(wire: Wire) -> None:
        await wire.head()
        await begin.wait()
        await wire.reader.readexactly(640 * 65536)
        await wire.say(OK)

    body = Streamed(size=640 * 65536)
    body.pieces = counted  # type: ignore[method-assign]
    async with serving(papers, slow) as server, exchange(papers, server.url()) as way:
        asking = asyncio.create_task(way.ask(post(server.url(), body=body)))
        seen = -1
        while seen != taken or not taken:
            seen = taken
            await asyncio.sleep(0.05)
        assert taken < 320
        begin.set()
        assert (await asking).status == 200
        assert taken == 640


BAD_VALUES = {
    "line": "a\r\nX-B: c",
    "newline": "a\nb",
    "nul": "a\0b",
    "delete": "a\x7f",
    "long": "a" * 20_000,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(pytest.param("X-A", value, id=which) for which, value in BAD_VALUES.items()),
        *((name, "a") for name in ("x-é", "X Y", "X:Y", "Host", "Content-Length", "Transfer-Encoding")),
        pytest.param("", "a", id="no-name"),
        pytest.param("X-A\r\nX-B: c\r\nX-C", "a", id="name-with-line"),
    ],
)
async def test_no_header_becomes_two(papers: Papers, name: str, value: str) -> None:
    """What a message says can't add a header, or a request; nothing leaves."""
    async with serving(papers, polite) as server, exchange(papers, server.url()) as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url(), headers=headers(**{name: value})))
        assert ("http.header", "unsent") == (caught.value.code, caught.value.stage)
        assert server.wires == []


async def test_a_header_may_speak_french(papers: Papers) -> None:
    """Letters are letters; blanks around are not part of a value."""
    async with serving(papers, polite) as server, exchange(papers, server.url()) as way:
        await way.ask(post(server.url(), headers=headers(X_Objet=" Compte rendu d’été\t")))
        sent = server.requests[0][1]["x-objet"]
        assert sent.encode("latin-1").decode() == "Compte rendu d’été"


async def test_nothing_listens(papers: Papers) -> None:
    """A refused connection: nothing left."""
    url = URL(f"https://{HOST}:{free_port()}/")
    async with exchange(papers, url) as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(post(url))
    assert ("http.unreachable", "unsent") == (caught.value.code, caught.value.stage)


async def test_a_name_that_is_not_known(papers: Papers) -> None:
    """Nothing left."""
    async with serving(papers, polite) as server:
        url = server.url(host="gone.valbrume.example")
        async with exchange(papers, url) as way:
            with pytest.raises(WireFault) as caught:
                await way.ask(post(url))
    assert ("http.unreachable", "unsent") == (caught.value.code, caught.value.stage)
    assert "gone.valbrume.example" in caught.value.words.fr


async def test_nobody_shakes_hands(papers: Papers) -> None:
    """A server that accepts and says nothing has the time of a connection."""
    async with (
        serving(papers, Wire.gone, plain=True) as server,
        exchange(papers, server.url(), connect_timeout="60ms") as way,
    ):
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url()))
    assert ("http.unreachable", "unsent") == (caught.value.code, caught.value.stage)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_lost_answer_is_never_asked_for_twice(papers: Papers, method: str) -> None:
    """The server took it and fell silent: what it did is not known, and it is not done again."""

    async def losing(wire: Wire) -> None:
        await wire.request()

    async with serving(papers, losing) as server, exchange(papers, server.url()) as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url(), method=method))
        assert ("http.lost_answer", "sent") == (caught.value.code, caught.value.stage)
        assert len(server.requests) == len(server.wires) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("body", ["body", ""], ids=["body", "no-body"])
async def test_nor_on_a_kept_connection(papers: Papers, method: str, body: str) -> None:
    """The trap: a connection that ends under a request looks stale, and libraries send once more."""

    async def once(wire: Wire) -> None:
        await wire.request()
        await wire.say(OK)
        await wire.request()

    sent = {"method": method} if body else {"method": method, "body": None}
    async with serving(papers, once) as server, exchange(papers, server.url()) as way:
        await way.ask(get(server.url()))
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url(), **sent))
        assert ("http.lost_answer", "sent") == (caught.value.code, caught.value.stage)
        assert ["GET", method] == [line.split()[0] for line, _, _ in server.requests]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_does_no_harm_goes_once_more(papers: Papers, method: str) -> None:
    """GET, and what the description calls harmless: over a new connection, once."""

    async def once(wire: Wire) -> None:
        await wire.request()
        await wire.say(OK)
        await wire.request()

    async with serving(papers, once) as server, exchange(papers, server.url()) as way:
        await way.ask(get(server.url()))
        again = get(server.url()) if method == "GET" else post(server.url(), repeatable=True)
        assert (await way.ask(again)).status == 200
        assert len(server.requests) == 3
        assert len(server.wires) == 2


async def test_a_new_connection_that_ends_is_not_tried_again(papers: Papers) -> None:
    """A server that always hangs up is asked once, a harmless request too."""

    async def losing(wire: Wire) -> None:
        await wire.request()

    async with serving(papers, losing) as server, exchange(papers, server.url()) as way:
        with pytest.raises(WireFault):
            await way.ask(get(server.url()))
        assert len(server.requests) == 1


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_connection_that_ended_is_not_used(papers: Papers, how: str) -> None:
    """The server ended it while nobody asked: the next request goes over another one, and is answered."""

    async def ending(wire: Wire) -> None:
        await wire.request()
        await wire.say(OK)
        if how == "abort":
            wire.writer.transport.abort()

    async with serving(papers, ending) as server, exchange(papers, server.url()) as way:
        for _ in range(5):
            assert (await way.ask(post(server.url()))).status == 200
            await asyncio.gather(*server.tasks)
        assert len(server.requests) == 5


async def test_an_end_that_lies_unread_is_found(papers: Papers) -> None:
    """The loop has not been told yet: the socket itself is asked before a request goes over it."""
    ended = asyncio.Event()

    async def ending(wire: Wire) -> None:
        await wire.request()
        await wire.say(OK)
        if len(server.wires) == 1:
            await ended.wait()
            with socket.socket(fileno=socket.dup(wire.writer.get_extra_info("socket").fileno())) as raw:
                raw.shutdown(socket.SHUT_RDWR)
        await wire.gone()

    async with serving(papers, ending) as server, exchange(papers, server.url()) as way:
        await way.ask(post(server.url()))
        (protocol,) = list(way._opened[1]._kept)  # type: ignore[index]
        protocol.transport.pause_reading()  # the loop looks away from here on
        ended.set()
        await asyncio.sleep(0.02)
        assert not protocol.transport.is_closing()
        assert (await way.ask(post(server.url()))).status == 200
        assert len(server.requests) == 2
        assert len(server.wires) == 2


async def test_a_server_s_own_limit_is_heeded(papers: Papers) -> None:
    """`Keep-Alive: timeout=1`: a second is the margin, so it is not used again at all."""

    async def limited(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.say(OK.replace(b"\r\n\r\n", b"\r\nKeep-Alive: timeout=1, max=5\r\n\r\n"))

    async with serving(papers, limited) as server, exchange(papers, server.url()) as way:
        for _ in range(3):
            await way.ask(post(server.url()))
        assert len(server.wires) == 3


async def test_a_document_that_can_t_be_read_is_no_fault_of_the_wire(papers: Papers) -> None:
    """What the store says comes through; the server never gets the whole, and takes none of it for whole."""
    broken = StoreError("store.unreadable", Words(en="no", fr="non"))
    async with serving(papers, polite) as server, exchange(papers, server.url()) as way:
        for given in ((broken,), (b"x" * 100_000, broken)):
            for size in (200_000, None):
                with pytest.raises(StoreError) as caught:
                    await way.ask(post(server.url(), body=upload(*given, size=size)))
                assert caught.value is broken
        assert (await way.ask(post(server.url()))).status == 200
        assert [body for _, _, body in server.requests if body] == [b'{"a": 1}']


@pytest.mark.parametrize("pieces", [[b"abc"], [b"abcde", b"fgh"], []], ids=["short", "long", "nothing"])
async def test_a_body_of_another_length_than_announced_is_not_sent(
    papers: Papers, pieces: list[bytes]
) -> None:
    """A request is whole or it is none."""
    async with serving(papers, polite) as server, exchange(papers, server.url()) as way:
        with pytest.raises(StoreError) as caught:
            await way.ask(post(server.url(), body=upload(*pieces, size=6)))
        assert caught.value.code == "http.body_length"
        assert not any(body for _, _, body in server.requests)


async def test_a_server_that_does_not_read_is_left(papers: Papers) -> None:
    """Some of it left, so what became of it is not known."""

    async def deaf(wire: Wire) -> None:
        await wire.head()
        await asyncio.get_running_loop().create_future()

    async with serving(papers, deaf) as server, exchange(papers, server.url(), idle_timeout="80ms") as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url(), body=upload(*[bytes(1 << 20)] * 64, size=64 << 20)))
        assert ("http.too_slow", "sent") == (caught.value.code, caught.value.stage)
        assert "take the request" in caught.value.words.en


async def test_a_document_that_is_slow_to_read_is_not_the_server_s_fault(papers: Papers) -> None:
    """The pause between two stretches is the server's alone."""

    async def pausing(number: int) -> None:
        if number:
            await asyncio.sleep(0.3)

    body = upload(b"a", b"b", b"c", size=3, before=pausing)
    async with serving(papers, polite) as server, exchange(papers, server.url(), idle_timeout="200ms") as way:
        assert (await way.ask(post(server.url(), body=body))).status == 200


async def test_an_answer_before_the_end_of_the_request_is_an_answer(papers: Papers) -> None:
    """413 in the middle of a large upload: the rest is not sent, and the words of the server come through."""

    async def full(wire: Wire) -> None:
        await wire.head()
        await wire.reader.readexactly(1000)
        await wire.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        await wire.gone()

    async with serving(papers, full) as server, exchange(papers, server.url()) as way:
        answer = await way.ask(post(server.url(), body=upload(*[bytes(1 << 20)] * 64, size=64 << 20)))
        assert (413, b"big") == (answer.status, answer.body)


async def test_a_reset_in_the_middle_of_a_request(papers: Papers) -> None:
    """Some of it left."""

    async def resetting(wire: Wire) -> None:
        await wire.head()
        await wire.reader.readexactly(1000)
        raw = wire.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.writer.transport.abort()

    async with serving(papers, resetting) as server, exchange(papers, server.url()) as way:
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url(), body=upload(*[bytes(1 << 20)] * 64, size=64 << 20)))
        assert ("http.lost_answer", "sent") == (caught.value.code, caught.value.stage)
        assert len(server.wires) == 1


async def test_cancelling_a_request_ends_its_connection(papers: Papers) -> None:
    """A half-read answer is never the beginning of the next one."""
    asked = asyncio.Event()

    async def late(wire: Wire) -> None:
        await wire.request()
        asked.set()
        await wire.gone()

    async with serving(papers, late) as server, exchange(papers, server.url()) as way:
        asking = asyncio.create_task(way.ask(post(server.url())))
        await asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        server.scene = polite
        assert (await way.ask(post(server.url()))).status == 200
        assert len(server.wires) == 2


async def test_nothing_of_the_environment_counts(
    papers: Papers, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """No proxy, no netrc, no cookie that a server set."""
    (tmp_path / ".netrc").write_text("machine api.valbrume.example login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    async def cookie(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.say(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n"))

    async with serving(papers, cookie) as server, exchange(papers, server.url()) as way:
        for _ in range(2):
            await way.ask(get(server.url()))
        for _, sent, _ in server.requests:
            assert {"cookie", "authorization", "proxy-authorization"}.isdisjoint(sent)


async def test_no_more_at_a_time_than_the_operator_wants(papers: Papers) -> None:
    """The others wait, and go in their turn."""
    now = most = 0
    free, full = asyncio.Event(), asyncio.Event()

    async def counting(wire: Wire) -> None:
        nonlocal now, most
        while True:
            await wire.request()
            now += 1
            if now == 6:
                full.set()
            most = max(most, now)
            await free.wait()
            now -= 1
            await wire.say(OK)

    async with serving(papers, counting) as server, exchange(papers, server.url(), concurrency=2) as way:
        asking = [asyncio.create_task(way.ask(post(server.url()))) for _ in range(20)]
        await full.wait()
        free.set()
        assert {200} == {one.status for one in await asyncio.gather(*asking)}
        assert most == 6


async def test_a_turn_that_would_come_too_late_is_refused_at_once(papers: Papers) -> None:
    """Nothing left; whoever sends tries again later."""
    async with (
        serving(papers, polite) as server,
        exchange(papers, server.url(), requests_per_second=0.01, total_timeout="5s") as way,
    ):
        await way.ask(post(server.url()))
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url()))
        assert ("http.no_turn", "unsent") == (caught.value.code, caught.value.stage)


async def test_a_pause_that_the_operator_wants_is_kept(papers: Papers) -> None:
    """A short one is waited for."""
    async with serving(papers, polite) as server, exchange(papers, server.url()) as way:
        loop = asyncio.get_running_loop()
        before = loop.time()
        way.pause(short(120))
        await way.ask(post(server.url()))
        assert loop.time() - before >= 0.11


async def test_whoever_waits_too_long_for_a_slot_is_refused(papers: Papers) -> None:
    """Requests that hang do not hold the others for ever; nothing of those left."""
    async with (
        serving(papers, Wire.gone) as server,
        exchange(papers, server.url(), concurrency=1, total_timeout="80ms") as way,
    ):
        asking = [asyncio.create_task(way.ask(post(server.url()))) for _ in range(9)]
        failed = await asyncio.gather(*asking, return_exceptions=True)
        stages = [(one.code, one.stage) for one in failed if isinstance(one, WireFault)]
        assert len(stages) == 9
        unsent = {("http.no_turn", "unsent"), ("http.unreachable", "unsent")}
        assert set(stages) <= {("http.too_slow", "sent"), *unsent}
