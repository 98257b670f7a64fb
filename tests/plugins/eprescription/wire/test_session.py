"""One session: requests within limits, over TLS that is verified; what may have arrived is told apart."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from hub.errors import ConfigError
from hub_eprescription.wire.session import Session, WireError, open_session
from hub_eprescription.wire.settings import WireSettings
from tests.plugins.eprescription.gematik import practice
from tests.servers import Papers, Tls

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, context: ssl.SSLContext) -> AsyncIterator[str]:
    """Serve on loopback."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield f"https://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def talking(folder: Path, handler: Handler, **settings: object) -> AsyncIterator[tuple[Session, Tls]]:
    """Serve, and open a session with it."""
    papers = Papers(folder / "papers")
    tls = papers.issue()
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text("a.b-c\n", "utf-8")
    async with serving(handler, tls.server()) as url:
        made = WireSettings(
            **{"base_urls": (url,), "token": token, "anchors": (tls.authority,), **settings}  # type: ignore[arg-type]
        )
        async with open_session(made, practice.host(folder)) as session:
            yield session, tls


async def test_a_request_goes_out_as_it_is_meant(tmp_path: Path) -> None:
    """Method, path with its dollar sign, headers, token and body arrive; the answer comes back whole."""
    seen: list[object] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        seen.extend([request.method, request.raw_path, request.headers["X-AccessCode"], body])
        seen.extend([request.headers["Authorization"], request.headers["Accept"]])
        return web.Response(status=252, body=b"<Task/>", content_type="application/fhir+xml", charset="utf-8")

    async with talking(tmp_path, handle) as (session, _):
        answer = await session.ask(
            "POST", "Task/160.1/$activate", headers={"X-AccessCode": "77"}, body=b"x", media_type="text/plain"
        )
    assert seen == [
        *("POST", "/Task/160.1/$activate", "77", b"x", "Bearer a.b-c", "application/fhir+xml"),
    ]
    assert (answer.status, answer.body, answer.media_type) == (252, b"<Task/>", "application/fhir+xml")
    assert "Task" not in repr(answer)


async def test_no_redirect_is_followed(tmp_path: Path) -> None:
    """What points elsewhere is an answer like others: no token and no prescription go there."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.path == "/a"
        return web.Response(status=307, headers={"Location": "/b"})

    async with talking(tmp_path, handle) as (session, _):
        assert (await session.ask("GET", "a")).status == 307


@pytest.mark.parametrize("size", [0, 1000, 1001, 100_000])
async def test_an_answer_has_a_limit(size: int, tmp_path: Path) -> None:
    """Up to it the answer is whole; beyond it the request may have been acted upon."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"a" * size)

    async with talking(tmp_path, handle, max_answer=1000) as (session, _):
        if size <= 1000:
            assert len((await session.ask("GET", "a")).body) == size
        else:
            with pytest.raises(WireError) as caught:
                await session.ask("GET", "a")
            assert caught.value.code == "prescription.answer_unreadable"
            assert caught.value.sent


async def test_a_packed_answer_is_not_unpacked(tmp_path: Path) -> None:
    """Nobody asked for it, and a small one may be large inside."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    async with talking(tmp_path, handle) as (session, _):
        with pytest.raises(WireError) as caught:
            await session.ask("GET", "a")
        assert caught.value.code == "prescription.answer_unreadable"


async def test_nobody_listens_and_nothing_left(tmp_path: Path) -> None:
    """So it may be asked again without a thought."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    async with talking(tmp_path, handle, base_urls=("https://localhost:1",)) as (session, _):
        with pytest.raises(WireError) as caught:
            await session.ask("POST", "a")
    assert not caught.value.sent
    assert caught.value.code == "prescription.unreachable"
    assert "localhost" in caught.value.words.fr


async def test_a_server_of_no_known_authority_gets_nothing(tmp_path: Path) -> None:
    """Neither token nor prescription leave before the server has proved who it is."""
    asked = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response()

    other = Papers(tmp_path / "other")
    async with talking(tmp_path, handle, anchors=(other.authority,)) as (session, _):
        with pytest.raises(WireError) as caught:
            await session.ask("POST", "a", body=b"prescription")
    assert asked == []
    assert not caught.value.sent
    assert "certificate" in caught.value.words.en


async def test_a_name_that_is_not_the_certificates_gets_nothing(tmp_path: Path) -> None:
    """The certificate must be for the host that is asked."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    papers = Papers(tmp_path / "papers")
    tls = papers.issue("elsewhere.example")
    async with serving(handle, tls.server()) as url:
        made = WireSettings(base_urls=(url,), anchors=(tls.authority,))
        async with open_session(made, practice.host(tmp_path)) as session:
            with pytest.raises(WireError) as caught:
                await session.ask("GET", "a")
    assert not caught.value.sent


async def test_the_hub_shows_its_own_certificate(tmp_path: Path) -> None:
    """A service that wants one gets it; without it, nothing is answered."""

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    papers = Papers(tmp_path / "papers")
    tls, own = papers.issue(), papers.issue("hub.example")
    async with serving(handle, tls.server(client=True)) as url:
        bare = WireSettings(base_urls=(url,), anchors=(tls.authority,))
        async with open_session(bare, practice.host(tmp_path)) as session:
            with pytest.raises(WireError):
                await session.ask("GET", "a")
        shown = WireSettings(
            base_urls=(url,), anchors=(tls.authority,), certificate=own.certificate, key=own.key
        )
        async with open_session(shown, practice.host(tmp_path)) as session:
            assert (await session.ask("GET", "a")).status == 200


async def test_a_slow_answer_ends_the_wait(tmp_path: Path) -> None:
    """Whether it was acted upon is not known."""
    waiting = asyncio.Event()

    async def handle(_: web.BaseRequest) -> web.StreamResponse:
        await waiting.wait()
        return web.Response()

    async with talking(tmp_path, handle, answer_timeout=timedelta(seconds=0.5)) as (session, _):
        with pytest.raises(WireError) as caught:
            await session.ask("POST", "a")
        waiting.set()
    assert caught.value.sent
    assert caught.value.code == "prescription.answer_late"


async def test_a_second_answer_is_nobodys(tmp_path: Path) -> None:
    """A server that answers twice does not answer the next request with it."""
    told = 0

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal told
        while await reader.readuntil(b"\r\n\r\n"):
            told += 1
            answer = f"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{told}".encode()
            writer.write(answer + answer)
            await writer.drain()

    async def ignoring(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await twice(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    papers = Papers(tmp_path / "papers")
    tls = papers.issue()
    server = await asyncio.start_server(ignoring, "127.0.0.1", 0, ssl=tls.server())
    port = server.sockets[0].getsockname()[1]
    made = WireSettings(base_urls=(f"https://localhost:{port}",), anchors=(tls.authority,))
    async with open_session(made, practice.host(tmp_path)) as session:
        bodies = [(await session.ask("GET", "a")).body for _ in range(5)]
    server.close()
    assert bodies == [b"1", b"2", b"3", b"4", b"5"]


async def test_requests_share_a_connection(tmp_path: Path) -> None:
    """The next request needs no handshake."""
    peers = set()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response()

    async with talking(tmp_path, handle) as (session, _):
        for _ in range(5):
            await session.ask("GET", "a")
    assert len(peers) == 1


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        (b"", 0o600),
        (b"two words", 0o600),
        (b"a\nb", 0o600),
        (b"\xff", 0o600),
        (b"a" * 20_000, 0o600),
        (b"ab", 0o640),
    ],
)
async def test_a_bad_token_file_is_told_at_start(content: bytes, mode: int, tmp_path: Path) -> None:
    """With its path, and never with what is in it."""
    path = tmp_path / "bad-token"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        async with open_session(
            WireSettings(base_urls=("https://localhost:1",), token=path), practice.host(tmp_path)
        ):
            raise AssertionError
    assert caught.value.code == "prescription.token_file"
    assert "bad-token" in caught.value.words.en
    assert "two words" not in caught.value.words.en


async def test_a_new_token_counts_at_once(tmp_path: Path) -> None:
    """Tokens live for minutes: no restart is needed."""
    shown = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        shown.append(request.headers["Authorization"])
        return web.Response()

    async with talking(tmp_path, handle) as (session, _):
        await session.ask("GET", "a")
        before = session.token_digest()
        new = tmp_path / "new"
        new.touch(mode=0o600)
        new.write_text("second", "utf-8")
        new.replace(tmp_path / "token")
        await session.ask("GET", "a")
        assert session.token_digest() != before
    assert shown == ["Bearer a.b-c", "Bearer second"]


async def test_a_second_answer_that_comes_late_is_nobodys(tmp_path: Path) -> None:
    """It came while the connection was idle: the next request goes over another one."""
    again, said = asyncio.Event(), asyncio.Event()
    connections = 0

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{connections}".encode()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if connections == 1:
            await again.wait()
            writer.write(answer)
            await writer.drain()
            said.set()
        await reader.read()
        writer.close()

    tls = Papers(tmp_path / "papers").issue()
    server = await asyncio.start_server(late, "127.0.0.1", 0, ssl=tls.server())
    port = server.sockets[0].getsockname()[1]
    made = WireSettings(base_urls=(f"https://localhost:{port}",), anchors=(tls.authority,))
    async with open_session(made, practice.host(tmp_path)) as session:
        first = (await session.ask("POST", "a")).body
        again.set()
        await said.wait()
        second = (await session.ask("POST", "b")).body
    server.close()
    assert (first, second) == (b"1", b"2")
