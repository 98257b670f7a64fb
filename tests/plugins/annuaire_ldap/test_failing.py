"""When servers are wrong, slow, gone or strange: unavailable, with words, and the other server is asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.ports.directory import DirectoryUnavailableError
from hub.testing.fakes import FixedClock, RecordingLog
from hub_annuaire.ldap.directory import open_directory
from hub_annuaire.ldap.secure import Identity
from hub_annuaire.ldap.settings import Settings
from tests.plugins.annuaire_ldap import people, slapd
from tests.plugins.annuaire_ldap.slapd import Authority, Server

ADDRESS = Address.parse(people.DUPONT)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _listening(serve: Serve) -> AsyncIterator[int]:
    ended = asyncio.Event()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
            await ended.wait()
        finally:
            writer.close()

    server = await asyncio.start_server(held, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


async def _refused(settings: Settings, folder: Path) -> DirectoryUnavailableError:
    async with open_directory(settings, people.host(folder)) as directory:
        with pytest.raises(DirectoryUnavailableError) as caught:
            await directory.by_address(ADDRESS)
    assert caught.value.words.fr
    assert str(ADDRESS) not in str(caught.value)
    return caught.value


async def test_a_server_that_is_killed_is_unavailable_and_found_again(by: Authority, folder: Path) -> None:
    """Until it is back nobody is 'not listed'; look-ups under way end too."""
    log = RecordingLog()
    with slapd.running(folder / "slapd", by, people.records(by)) as server:
        settings = people.settings(by, folder, server.ldaps, cache=timedelta(0))
        async with open_directory(settings, people.host(folder, log=log)) as directory:
            assert await directory.by_address(ADDRESS) is not None
            server.kill()
            for _ in range(2):
                with pytest.raises(DirectoryUnavailableError) as caught:
                    await directory.by_address(ADDRESS)
                assert caught.value.code == "ldap.unreachable"
    assert log.events() == ["ldap.server_failed"]


async def test_the_second_server_answers_for_the_first(by: Authority, server: Server, folder: Path) -> None:
    """A look-up that the first server breaks off goes on at the second; later the first is asked again."""
    clock, log = FixedClock(people.NOON), RecordingLog()
    with slapd.running(folder / "slapd", by, people.records(by)) as first:
        settings = people.settings(by, folder, first.ldaps, server.ldap, cache=timedelta(0))
        async with open_directory(settings, people.host(folder, clock=clock, log=log)) as directory:
            assert await directory.by_address(ADDRESS) is not None
            first.kill()
            found = await asyncio.gather(*(directory.by_address(ADDRESS) for _ in range(20)))
            assert all(found)
            clock.advance(timedelta(minutes=1))
            assert await directory.by_identifier(Identifier(RPPS, people.RPPS_DUPONT))
    assert log.events().count("ldap.server_failed") == 2


async def test_a_server_by_a_strange_authority_is_not_asked(
    by: Authority, server: Server, folder: Path
) -> None:
    """The words say that its certificate is not believed."""
    other = slapd.authority(folder / "other")
    error = await _refused(people.settings(by, folder, server.ldaps, anchors=(other.pem,)), folder)
    assert error.code == "ldap.unreachable"
    assert "its certificate is not believed" in error.words.en


async def test_a_server_of_another_name_is_not_asked(by: Authority, folder: Path) -> None:
    """Its certificate must carry the name in the URL."""
    certificate, key = slapd.issue(by, folder, "other", "other.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await _refused(people.settings(by, folder, f"ldaps://localhost:{port}"), folder)
    assert "its certificate is not believed" in error.words.en


async def test_a_wrong_password_says_so(by: Authority, server: Server, folder: Path) -> None:
    """The words say what is wrong, and not with which password."""
    settings = people.settings(by, folder, server.ldaps)
    assert settings.password_file is not None
    settings.password_file.write_text("another one\n")
    error = await _refused(settings, folder)
    assert error.code == "ldap.bind_refused"
    assert "the name or the password is wrong" in error.words.en
    assert "another one" not in str(error)


@pytest.mark.parametrize("content", ["", "\n", None])
async def test_an_empty_password_never_becomes_an_anonymous_bind(
    by: Authority, server: Server, folder: Path, content: str | None
) -> None:
    """A server would take it for success and show less."""
    settings = people.settings(by, folder, server.ldaps)
    assert settings.password_file is not None
    settings.password_file.unlink()
    if content is not None:
        settings.password_file.write_text(content)
    assert (await _refused(settings, folder)).code == "ldap.password"


async def test_an_account_that_may_not_search_is_not_told_that_nobody_is_there(
    by: Authority, server: Server, folder: Path
) -> None:
    """Without the right to read, the base is not there: unavailable, not 'not listed'."""
    settings = people.settings(by, folder, server.ldaps, bind="anonymous")
    assert (await _refused(settings, folder)).code == "ldap.refused"


async def test_our_certificate_lets_us_in(by: Authority, folder: Path) -> None:
    """A server that demands one gets it, and `external` makes it our name."""
    certificate, key = slapd.issue(by, folder, "hub", "hub.example")
    with slapd.running(folder / "slapd", by, people.records(by), verify="demand") as server:
        ours = Identity(certificate=certificate, key=key)
        settings = people.settings(by, folder, server.ldap, bind="external", identity=ours)
        async with open_directory(settings, people.host(folder)) as directory:
            assert await directory.by_address(ADDRESS) is not None
        assert (await _refused(people.settings(by, folder, server.ldaps), folder)).code == "ldap.unreachable"


async def test_more_answers_than_a_server_gives_are_not_all(by: Authority, folder: Path) -> None:
    """What was cut is never taken for everything; a search shows what there is."""
    with slapd.running(
        folder / "slapd", by, people.records(by), limits="sizelimit size.soft=1 size.hard=1 size.prtotal=1"
    ) as server:
        settings = people.settings(by, folder, server.ldaps)
        async with open_directory(settings, people.host(folder)) as directory:
            with pytest.raises(DirectoryUnavailableError) as caught:
                await directory.by_identifier(Identifier(RPPS, people.RPPS_DUPONT))
            assert "more answers than it may give" in caught.value.words.en
            assert len(await directory.search("dupont", 10)) <= 1


async def test_a_server_that_says_nothing_is_given_up(by: Authority, server: Server, folder: Path) -> None:
    """After the time for connecting, the next server is asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with _listening(serve) as port:
        silent = f"ldap://localhost:{port}"
        quick = timedelta(milliseconds=200)
        settings = people.settings(by, folder, silent, connect_timeout=quick)
        error = await _refused(settings, folder)
        assert error.code == "ldap.unreachable"
        assert "no answer in time" in error.words.en
        settings = people.settings(by, folder, silent, server.ldaps, connect_timeout=timedelta(seconds=2))
        async with open_directory(settings, people.host(folder)) as directory:
            assert all(await asyncio.gather(*(directory.by_address(ADDRESS) for _ in range(10))))


async def test_a_search_without_an_answer_is_given_up(by: Authority, folder: Path) -> None:
    """The connection is not trusted with another question."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with _listening(serve) as port:
        settings = people.settings(
            by, folder, f"ldap://127.0.0.1:{port}", start_tls=False, bind="anonymous",
            timeout=timedelta(milliseconds=200),
        )  # fmt: skip
        assert (await _refused(settings, folder)).code == "ldap.silent"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x84\x7f\xff\xff\xff",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x80\x00\x00",
    ],
)
async def test_a_server_that_speaks_no_ldap_is_unreachable(by: Authority, folder: Path, data: bytes) -> None:
    """Whatever it says ends the connection, and nothing else."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(data)

    async with _listening(serve) as port:
        settings = people.settings(by, folder, f"ldap://127.0.0.1:{port}", start_tls=False, bind="anonymous")
        assert (await _refused(settings, folder)).code == "ldap.unreachable"


async def test_a_server_without_start_tls_is_told_nothing(by: Authority, folder: Path) -> None:
    """Neither our name nor a question leaves in clear."""
    said = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.extend(await reader.read(1000))
        # protocolError to an extended request (RFC 4511, 4.12)
        writer.write(bytes.fromhex("300c02010178070a010204000400"))
        said.extend(await reader.read(1000))

    async with _listening(serve) as port:
        error = await _refused(people.settings(by, folder, f"ldap://localhost:{port}"), folder)
    assert error.code == "ldap.no_tls"
    assert slapd.PASSWORD.encode() not in said
    assert slapd.READER.encode() not in said
