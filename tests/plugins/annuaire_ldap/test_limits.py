"""What a client may do to the door: everything has a limit, and hostile bytes end one connection only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as some

from hub.testing.fakes import entry
from hub_annuaire.ldap.face.server import open_receiver
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.filters import All, Equal, Filter, Not, Some
from hub_annuaire.ldap.messages import (
    START_TLS,
    Abandon,
    Bind,
    Code,
    Extended,
    Page,
    Search,
    Unbind,
)
from tests.plugins.annuaire_ldap import door, people
from tests.plugins.annuaire_ldap.door import DUPONT_SEARCH, Client, Door
from tests.plugins.annuaire_ldap.slapd import Authority


@pytest.fixture
async def open_door(by: Authority, folder: Path) -> AsyncIterator[Door]:
    """Return a door through which clients on this machine need no account."""
    async with door.opened(by, folder, anonymous=True) as one:
        yield one


def _nested(levels: int) -> Filter:
    made: Filter = Equal("sn", b"dupont")
    for _ in range(levels - 1):
        made = Not(made)
    return made


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x30\x84\x7f\xff\xff\xff",
        b"\x30\x82\xff\xff",
        b"\x30\x80\x02\x01\x01\x00\x00",
        b"\x30\xff" + b"\xff" * 20,
        b"\x30\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x05\x02\x01\x01\x42\x7f",
        b"\x30\x02\x02\x00",
        b"\x30\x05\x02\x01\x00\x42\x00",
        b"\x30\x05\x02\x01\xff\x42\x00",
        b"\x30\x09\x02\x04\xff\xff\xff\xff\x42\x01\x00",
        b"\x30\x05\x02\x01\x01\x7e\x00",
        b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x02\xff\xfe",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x30" + b"\x1f" * 40,
        b"\x30\x84\x00\x00\x20\x00" + b"\x30\x82\x10\x00" * 2048,
    ],
)
async def test_hostile_bytes_end_their_connection_and_nothing_else(open_door: Door, hostile: bytes) -> None:
    """The client is told what is wrong; others go on."""
    other = await Client.open(open_door)
    client = await Client.open(open_door)
    client.send(hostile)
    assert (await client.farewell()).code == Code.PROTOCOL_ERROR
    assert (await other.ask(DUPONT_SEARCH)).code == Code.SUCCESS
    other.close()
    assert "ldap.session_failed" not in open_door.log.events()


@given(data=some.binary(min_size=1, max_size=200), body=some.booleans())
@how(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
async def test_any_bytes_are_answered_or_end_the_connection(open_door: Door, data: bytes, body: bool) -> None:  # noqa: FBT001 - made by hypothesis
    """Nothing that is sent makes the door fail."""
    client = await Client.open(open_door)
    client.send(b"\x30\x81" + bytes([len(data)]) + data if body else data)
    client._writer.write_eof()
    while True:
        try:
            await client.answer()
        except ConnectionError:
            break
    client.close()
    assert "ldap.session_failed" not in open_door.log.events()


async def test_half_a_message_is_waited_for_only_so_long(by: Authority, folder: Path) -> None:
    """Who sends byte by byte has no longer than who sends nothing."""
    async with door.opened(by, folder, login_timeout=timedelta(milliseconds=100)) as one:
        client = await Client.open(one)
        client.send(b"\x30\x20\x02")
        assert (await client.farewell()).code == Code.UNAVAILABLE


async def test_who_says_nothing_is_sent_away(by: Authority, folder: Path) -> None:
    """Before and after a login, and in a handshake that never begins."""
    quick = timedelta(milliseconds=100)
    async with door.opened(by, folder, login_timeout=quick, idle_timeout=quick) as one:
        client = await Client.open(one)
        assert (await client.farewell()).code == Code.UNAVAILABLE
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port(1))
        assert await reader.read() == b""
        writer.close()
    async with door.opened(by, folder, idle_timeout=quick) as one:
        client = await Client.open(one)
        assert (await client.ask(Bind(name=door.ACCOUNT, password=door.PASSWORD))).code == Code.SUCCESS
        assert (await client.farewell()).code == Code.UNAVAILABLE


async def test_a_message_has_a_largest_size(by: Authority, folder: Path) -> None:
    """A larger one is not even read."""
    async with door.opened(by, folder, anonymous=True, max_message=4096) as one:
        client = await Client.open(one)
        fits = replace(DUPONT_SEARCH, attributes=("x" * 3000,))
        assert (await client.ask(fits)).code == Code.SUCCESS
        client.begin(replace(DUPONT_SEARCH, attributes=("x" * 5000,)))
        assert (await client.farewell()).code == Code.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (_nested(16), Code.SIZE_LIMIT),
        (_nested(17), Code.ADMIN_LIMIT),
        (Some(tuple(Equal("sn", b"dup") for _ in range(64))), Code.SUCCESS),
        (Some(tuple(Equal("sn", b"dup") for _ in range(65))), Code.ADMIN_LIMIT),
        (Some(tuple(Equal("sn", b"dupont%d" % one) for one in range(17))), Code.ADMIN_LIMIT),
        (
            All((Equal("sn", b"dup"), Some(tuple(Equal("sn", b"d%d" % one) for one in range(17))))),
            Code.SUCCESS,
        ),
        (All(()), Code.SIZE_LIMIT),
        (Some(()), Code.SUCCESS),
    ],
)
async def test_a_filter_has_a_depth_and_a_width(open_door: Door, what: Filter, code: Code) -> None:
    """More is refused, and the connection goes on."""
    client = await Client.open(open_door)
    assert (await client.ask(replace(DUPONT_SEARCH, filter=what))).code == code
    assert (await client.ask(DUPONT_SEARCH)).code == Code.SUCCESS
    client.close()


async def test_a_filter_that_is_absurdly_deep_ends_the_connection(open_door: Door) -> None:
    """It is not followed to its end."""
    client = await Client.open(open_door)
    client.begin(replace(DUPONT_SEARCH, filter=_nested(200)))
    assert (await client.farewell()).code == Code.PROTOCOL_ERROR


async def test_only_so_many_searches_run_at_once(by: Authority, folder: Path) -> None:
    """One more is told 'busy'; one that is abandoned makes room and gets no answer."""
    async with door.opened(by, folder, anonymous=True, max_pending=2) as one:
        one.catalogue.wait = asyncio.Event()
        client = await Client.open(one)
        first, second, third = (client.begin(DUPONT_SEARCH) for _ in range(3))
        assert (await client.result(third)).code == Code.BUSY
        client.begin(Abandon(target=first))
        fourth = client.begin(DUPONT_SEARCH)
        await door.until(lambda: len(one.catalogue.asked) == 3)
        one.catalogue.wait.set()
        assert (await client.result(second)).code == Code.SUCCESS
        assert (await client.result(fourth)).code == Code.SUCCESS
        client.close()


async def test_a_search_has_its_time(by: Authority, folder: Path) -> None:
    """Ours, or the client's own when that is shorter."""
    async with door.opened(by, folder, anonymous=True, time_limit=timedelta(milliseconds=100)) as one:
        one.catalogue.wait = asyncio.Event()
        client = await Client.open(one)
        assert (await client.ask(DUPONT_SEARCH)).code == Code.TIME_LIMIT
        client.close()


async def test_only_so_many_connections_come_in(by: Authority, folder: Path) -> None:
    """From one host, and altogether; who leaves makes room."""
    for limit in ("max_connections_per_host", "max_connections"):
        async with door.opened(by, folder, anonymous=True, **{limit: 2}) as one:
            clients = [await Client.open(one) for _ in range(2)]
            for client in clients:
                assert (await client.ask(DUPONT_SEARCH)).code == Code.SUCCESS
            late = await Client.open(one)
            assert (await late.farewell()).code == Code.BUSY
            clients[0].begin(Unbind())
            assert await clients[0].ended()
            await door.until(lambda: len(one.receiver._sessions) == 1)
            again = await Client.open(one)
            assert (await again.ask(DUPONT_SEARCH)).code == Code.SUCCESS
            again.close()
            clients[1].close()
            assert "ldap.too_many_connections" in one.log.events()


async def test_who_does_not_read_does_not_hold_the_others_up(by: Authority, folder: Path) -> None:
    """Its answers wait for it; the door goes on."""
    async with door.opened(by, folder, anonymous=True, max_pending=1000, max_answers=1000) as one:
        one.catalogue.entries = [
            entry(f"dupont.{number}@medecin.mssante.example", name=f"Dr {'Très' * 50} DUPONT")
            for number in range(100)
        ]
        deaf = await Client.open(one)
        for _ in range(40):
            deaf.begin(replace(DUPONT_SEARCH, attributes=("*",)))
        other = await Client.open(one)
        for _ in range(3):
            assert (await other.ask(DUPONT_SEARCH)).code == Code.SUCCESS
        other.close()
        deaf.close()


async def test_who_does_not_read_is_ended(by: Authority, folder: Path) -> None:
    """After the time that a silent client has, whatever is still waiting for it."""
    quick = timedelta(milliseconds=200)
    async with door.opened(by, folder, anonymous=True, max_pending=1000, idle_timeout=quick) as one:
        one.catalogue.entries = [
            entry(f"dupont.{number}@medecin.mssante.example", name=f"Dr {'Très' * 500} DUPONT")
            for number in range(100)
        ]
        deaf = await Client.open(one)
        deaf._writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(40):
            deaf.begin(DUPONT_SEARCH)
        await door.until(lambda: len(one.receiver._sessions) == 1)
        await door.until(lambda: not one.receiver._sessions)
        deaf._writer.transport.abort()


async def test_nothing_in_clear_is_taken_for_protected(open_door: Door) -> None:
    """What a man in the middle puts behind StartTLS ends the connection."""
    client = await Client.open(open_door)
    client.begin(Extended(name=START_TLS))
    client.begin(DUPONT_SEARCH)
    assert (await client.answer()).id == 1
    assert (await client.farewell()).code == Code.PROTOCOL_ERROR
    assert open_door.catalogue.asked == []


async def test_tls_does_not_begin_twice_nor_amid_searches(by: Authority, folder: Path) -> None:
    """operationsError; without a certificate of ours protocolError."""
    async with door.opened(by, folder, anonymous=True) as one:
        one.catalogue.wait = asyncio.Event()
        client = await Client.open(one)
        client.begin(DUPONT_SEARCH)
        assert (await client.ask(Extended(name=START_TLS))).code == Code.OPERATIONS_ERROR
        client.close()
    async with door.opened(by, folder, tls=False, anonymous=True) as one:
        client = await Client.open(one)
        assert (await client.ask(Extended(name=START_TLS))).code == Code.PROTOCOL_ERROR
        assert (await client.ask(Extended(name="1.3.6.1.4.1.4203.1.11.3"))).code == Code.PROTOCOL_ERROR
        client.close()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ldapmodify", ("-f", "FILE")),
        ("ldapadd", ("-f", "FILE")),
        ("ldapdelete", (door.BASE,)),
        ("ldapmodrdn", (door.BASE, "ou=other")),
        ("ldapcompare", (door.BASE, "ou:annuaire")),
    ],
)
async def test_nothing_can_be_changed(
    open_door: Door, folder: Path, name: str, arguments: tuple[str, ...]
) -> None:
    """Modify, add, delete, rename and compare are refused, each by its own answer, with words."""
    change = "changetype: modify\nreplace: l\nl: x" if name == "ldapmodify" else "objectClass: top"
    (folder / "change.ldif").write_text(f"dn: {door.BASE}\n{change}\n")
    given = [str(folder / "change.ldif") if one == "FILE" else one for one in arguments]
    said = await open_door.run(name, "-x", "-H", f"ldap://127.0.0.1:{open_door.port()}", *given)
    assert said.code == 53
    assert "This directory is read-only." in said.err + said.out


async def test_pages_that_are_gone_are_said_so(open_door: Door) -> None:
    """A cookie is good once, for the same search, on the same connection."""
    open_door.catalogue.entries = [
        entry(f"dupont.{number}@medecin.mssante.example", name=f"Dr No{number} DUPONT") for number in range(5)
    ]
    client = await Client.open(open_door)

    def page(entries: int, cookie: bytes = b"", **more: object) -> Search:
        return replace(DUPONT_SEARCH, page=Page(size=entries, cookie=cookie), **more)  # type: ignore[arg-type]

    first = await client.ask(page(2))
    assert first.page is not None
    assert first.page.cookie
    assert (await client.ask(page(2, first.page.cookie, size=3))).code == Code.UNWILLING
    assert (await client.ask(page(2, first.page.cookie))).code == Code.UNWILLING
    again = await client.ask(page(2))
    assert again.page is not None
    ended = await client.ask(page(0, again.page.cookie))
    assert (ended.code, ended.page) == (Code.SUCCESS, Page(size=0))
    assert (await client.ask(page(2, again.page.cookie))).code == Code.UNWILLING
    client.close()


async def test_an_id_that_is_in_use_ends_the_connection(open_door: Door) -> None:
    """Two answers could not be told apart."""
    open_door.catalogue.wait = asyncio.Event()
    client = await Client.open(open_door)
    client.begin(DUPONT_SEARCH)
    client._number = 0
    client.begin(DUPONT_SEARCH)
    assert (await client.farewell()).code == Code.PROTOCOL_ERROR


async def test_a_critical_control_that_is_not_known_refuses_the_search(open_door: Door) -> None:
    """unavailableCriticalExtension; one that is not critical is left aside."""
    said = await open_door.search("(sn=dupont)", "mail", options=("-E", "!sss=cn"))
    assert said.code == 12
    said = await open_door.search("(sn=dupont)", "mail", options=("-E", "sss=cn"))
    assert (said.code, said.mails) == (0, [door.DUPONT])
    said = await open_door.search("(sn=dupont)", "mail", options=("-M",))
    assert said.mails == [door.DUPONT]


async def test_a_stop_is_said_to_every_client(by: Authority, folder: Path) -> None:
    """Idle or waiting for an answer: a notice of disconnection, and the end."""
    async with door.opened(by, folder, anonymous=True) as one:
        idle, waiting = await Client.open(one), await Client.open(one)
        assert (await idle.ask(DUPONT_SEARCH)).code == Code.SUCCESS
        one.catalogue.wait = asyncio.Event()
        waiting.begin(DUPONT_SEARCH)
        await door.until(lambda: len(one.catalogue.asked) == 2)
        one.serving.cancel()
        assert (await idle.farewell()).code == Code.UNAVAILABLE
        assert (await waiting.farewell()).code == Code.UNAVAILABLE


async def test_an_address_that_is_taken_stops_the_start(by: Authority, folder: Path) -> None:
    """The words name it."""
    async with door.opened(by, folder, anonymous=True) as one:
        settings = Settings(listen=(one.receiver.addresses[0],), anonymous=True)
        with pytest.raises(Exception, match=r"ldap\.listen: .*127\.0\.0\.1:\d+"):
            async with open_receiver(settings, people.host(folder)):
                pass
